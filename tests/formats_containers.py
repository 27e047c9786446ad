"""Packed files and archives of every kind around a content, made by other programs than those that read them.

Where a program is missing, the test is skipped, or fails if TRAPSTREET_REQUIRE_SERVERS=1.
"""

import binascii
import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import rar_archives
from rar_archives import Held
from readers import needs

Make = Callable[[bytes], bytes]
NAME = "a/bücher.csv"


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT, mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def in_blocks_of_1_kb(data: bytes) -> bytes:
    """xz with many blocks, and padding behind it."""
    out = b""
    for at in range(0, len(data), 1000):
        out += lzma.compress(data[at : at + 1000], check=lzma.CHECK_CRC32, preset=0)
    return out + bytes(12)


def zstandard(data: bytes, **how: object) -> bytes:
    import zstandard as library

    parameters = library.ZstdCompressionParameters.from_level(3, **how)
    return library.ZstdCompressor(compression_params=parameters).compress(data)


def with_skippable_frames(data: bytes) -> bytes:
    """As pzstd writes: what only itself reads, between the frames."""
    note = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"note"
    half = len(data) // 2
    return note + zstandard(data[:half]) + note + zstandard(data[half:]) + note


STREAMS: list[tuple[str, Make, str]] = [
    ("bzip2", bz2.compress, "!/dump.bin"),
    ("bzip2 of streams", lambda data: bz2.compress(data[:50]) + bz2.compress(data[50:]), "!/dump.bin"),
    ("xz", lzma.compress, "!/dump.bin"),
    ("xz of streams and padding", in_blocks_of_1_kb, "!/dump.bin"),
    ("lzma", lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE), "!/dump.bin"),
    ("zstd", zstandard, "!/dump.bin"),
    ("zstd with a checksum", lambda data: zstandard(data, write_checksum=1), "!/dump.bin"),
    ("zstd of unknown size", lambda data: zstandard(data, write_content_size=0), "!/dump.bin"),
    ("zstd of frames", with_skippable_frames, "!/dump.bin"),
    ("zstd in xz", lambda data: lzma.compress(zstandard(data)), "!/dump.bin!/dump.bin"),
    ("tar.bz2", lambda data: bz2.compress(tarred({NAME: data})), "!/dump.bin!/" + NAME),
]
"""Written by the libraries of this language: the name, how it is made, the way in."""


def rar4(data: bytes) -> bytes:
    return rar_archives.rar4([Held(NAME.replace("ü", "u"), data)])


def rar5(data: bytes) -> bytes:
    return rar_archives.rar5([Held(NAME, data)])


def lha(data: bytes) -> bytes:
    """An LHA archive of one stored file, header level 0."""
    checksum = binascii.crc_hqx(b"", 0)
    for byte in data:  # CRC-16/ARC, which no library of this language has
        checksum ^= byte
        for _ in range(8):
            checksum = checksum >> 1 ^ (0xA001 if checksum & 1 else 0)
    name = b"bucher.csv"
    body = b"-lh0-" + struct.pack("<IIIBBB", len(data), len(data), 0, 0x20, 0, len(name)) + name
    body += struct.pack("<H", checksum)
    return bytes([len(body), sum(body) & 0xFF]) + body + data + b"\0"


def xar(data: bytes) -> bytes:
    """An archive of one stored file in a folder, as macOS packs installers (github.com/mackyle/xar, wiki)."""
    folder, name = NAME.split("/")
    content = (
        f"<data><length>{len(data)}</length><offset>0</offset><size>{len(data)}</size>"
        '<encoding style="application/octet-stream"/></data>'
    )
    file = f'<file id="2">{content}<type>file</type><name>{name}</name></file>'
    listed = (
        f'<?xml version="1.0" encoding="UTF-8"?><xar><toc><file id="1"><type>directory</type>'
        f"<name>{folder}</name>{file}</file></toc></xar>"
    ).encode()
    toc = zlib.compress(listed)
    return struct.pack(">4s2H2QI", b"xar!", 28, 1, len(toc), len(listed), 0) + toc + data


def rpm(data: bytes) -> bytes:
    """An RPM package: a lead, two empty headers, and a cpio archive packed by gzip."""
    header = b"\x8e\xad\xe8\x01" + bytes(12)
    lead = b"\xed\xab\xee\xdb\x03\0" + bytes(90)
    return lead + header + header + gzip.compress(cpio(data, "newc"))


def cpio(data: bytes, form: str) -> bytes:
    return _made("cpio", "-o", "-H", form, "--quiet", data=data, listed=True)


def packed_by(*command: str) -> Make:
    """What the program makes of the content on its standard input."""

    def make(data: bytes) -> bytes:
        needs(command[0])
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    return make


def archived_by(*command: str) -> Make:
    """What the program makes of a folder with the file; the command says OUT where the archive goes."""
    return lambda data: _made(*command, data=data)


def _made(*command: str, data: bytes, listed: bool = False) -> bytes:
    import tempfile

    needs(command[0])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "in", NAME)
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
        (file.parent / "link").symlink_to("/etc/passwd")
        out = str(Path(folder, "out"))
        done = subprocess.run(
            [each.replace("OUT", out) for each in command],
            cwd=Path(folder, "in"),
            input=f"a/link\n{NAME}\n".encode() if listed else b"",
            capture_output=True,
            check=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        return done.stdout if listed else next(Path(folder).glob("out*")).read_bytes()


def seven_zip(*how: str) -> Make:
    return archived_by("7z", "a", "-bd", "-snl", *how, "OUT.7z", ".")


ARCHIVES: list[tuple[str, Make, str]] = [
    ("7z", seven_zip(), "!/" + NAME),
    ("zip deflate64", archived_by("7z", "a", "-tzip", "-mm=Deflate64", "OUT.zip", NAME), "!/" + NAME),
    ("7z ppmd", seven_zip("-m0=PPMd"), "!/" + NAME),
    ("7z bzip2", seven_zip("-m0=BZip2"), "!/" + NAME),
    ("7z stored", seven_zip("-mx0"), "!/" + NAME),
    ("7z of blocks", seven_zip("-ms=off"), "!/" + NAME),
    ("rar 4", rar4, "!/a/bucher.csv"),
    ("rar 5", rar5, "!/" + NAME),
    ("cab", archived_by("gcab", "-c", "-z", "OUT.cab", NAME), "!/" + NAME),
    ("cpio newc", lambda data: cpio(data, "newc"), "!/" + NAME),
    ("cpio odc", lambda data: cpio(data, "odc"), "!/" + NAME),
    ("cpio crc", lambda data: cpio(data, "crc"), "!/" + NAME),
    ("ar", archived_by("ar", "rc", "OUT.a", NAME), "!/bücher.csv"),
    ("rpm", rpm, "!/" + NAME),
    ("xar", xar, "!/" + NAME),
    ("lha", lha, "!/bucher.csv"),
    ("iso", archived_by("genisoimage", "-quiet", "-J", "-R", "-o", "OUT.iso", "."), "!/" + NAME),
    ("lz4", packed_by("lz4", "-q", "-c"), "!/dump.bin"),
    ("lzip", packed_by("lzip", "-c"), "!/dump.bin"),
    ("compress", packed_by("compress", "-f", "-c"), "!/dump.bin"),
    ("gzip in 7z", lambda data: seven_zip()(gzip.compress(data)), "!/" + NAME + "!/bücher.csv"),
]
"""Made by other programs: the name, how it is made, the way in."""


def encrypted_zip(password: str, method: str) -> Make:
    """By 7-Zip; `method` is ZipCrypto or AES256."""
    return archived_by("7z", "a", "-bd", "-tzip", f"-p{password}", f"-mem={method}", "OUT.zip", NAME)
