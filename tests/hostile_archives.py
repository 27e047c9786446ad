"""Archives that are made to hurt who reads them; some of them hold a content beside the harm."""

import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Callable

from formats_containers import tarred, zipped
from quines import gzip_quine, zip_quine

ZEROS = 1 << 30


def deflated_zeros(size: int) -> bytes:
    """The same blocks over and over, as deflate allows: made in a moment."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size >> 24) + b"\x03\x00"


def zip_of(parts: list[tuple[bytes, int, int, int]], body: bytes) -> bytes:
    """A ZIP archive whose directory says: name, where its header lies in the body, packed size, checksum."""
    entries = b"".join(
        struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\1\2", 20, 20, 0, 8, 0, 33, checksum, size, ZEROS, len(name), 0, 0, 0, 0, 0, at),
        )
        + name
        for name, at, size, checksum in parts
    )
    count = len(parts)
    return body + entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), len(body), 0)


def local_header(name: bytes, packed: int) -> bytes:
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, 0, packed, ZEROS, len(name), 0) + name


def overlapping(content: bytes, count: int = 2000) -> bytes:
    """A flat bomb: each member quotes the header of the next as stored bytes, and all end in the same zeros.

    Source: D. Fifield, "A better zip bomb", 2019, "full overlap" and "quoted overlap". The content is the
    last member of the directory.
    """
    deflated = deflated_zeros(64 << 20)
    names = [b"%06d" % number for number in range(count)]
    pieces, packed = [deflated], len(deflated)
    for name in reversed(names):
        header = local_header(name, packed)
        pieces.append(header)
        quote = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF)
        if name != names[0]:
            pieces.append(quote)
            packed += len(header) + len(quote)
    body, parts, at = b"".join(reversed(pieces)), [], 0
    for name in names:
        parts.append((name, at, packed, 0))
        at += 41
        packed -= 41
    return with_good(parts, body, content)


def with_good(parts: list[tuple[bytes, int, int, int]], body: bytes, content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = packer.compress(content) + packer.flush()
    parts.append((b"good", len(body), len(stream), zlib.crc32(content)))
    return zip_of(parts, body + local_header(b"good", len(stream)) + stream)


def same_bytes(content: bytes, count: int = 5000) -> bytes:
    """One member under thousands of names, and the content behind them."""
    deflated = deflated_zeros(64 << 20)
    return with_good(
        [(b"a", 0, len(deflated), 0)] * count, local_header(b"a", len(deflated)) + deflated, content
    )


def nest(content: bytes, width: int = 16, depth: int = 6) -> bytes:
    """Archives of archives, sixteen in each, with zeros at the bottom; the content lies at the top."""
    inner = zipped({"0.dll": bytes(4 << 20)})
    for level in range(depth):
        members = {f"lib {number:x}.zip": inner for number in range(width)}
        inner = zipped(({"good": content} if level == depth - 1 else {}) | members)
    return inner


def links(content: bytes) -> bytes:
    """Links to where others' secrets are, and to each other, with the content between them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, target in (("a", "/etc/shadow"), ("b", "c"), ("c", "b"), ("d", "../../../etc/passwd")):
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, target
                archive.addfile(info)
        info = tarfile.TarInfo("c/good")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def lying_sizes(content: bytes) -> bytes:
    """A ZIP archive whose directory says that its members are empty."""
    data = bytearray(zipped({"a": content, "b": content}))
    at = -1
    while (at := data.find(b"PK\1\2", at + 1)) >= 0:
        data[at + 20 : at + 28] = bytes(8)
    return bytes(data)


NAMES = [
    "../../../../tmp/evil",
    "/etc/cron.d/evil",
    "C:\\evil",
    "a\x1b[2Jb\nc\r\0d",
    "\u202egpj.exe",
    "x" * 9000,
]


def bad_names(content: bytes) -> bytes:
    return tarred(dict.fromkeys(NAMES, content))


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "a gzip that unpacks to itself": lambda content: gzip_quine(),
    "a zip that unpacks to itself": lambda content: zip_quine(),
    "sixteen zips in sixteen zips": nest,
    "a flat bomb of overlapping members": overlapping,
    "a bomb of one member under many names": same_bytes,
    "a gzip of zeros": lambda content: gzip.compress(b"")[:10] + deflated_zeros(ZEROS) + bytes(8),
    "a zip that ends in the middle": lambda content: zipped({"a": content, "b": content * 9})[:-99],
    "a tar.gz that ends in the middle": lambda content: gzip.compress(tarred({"a": content * 9}))[:-30],
    "a gzip of something else": lambda content: b"\x1f\x8b\x08" + content,
}
"""Each is listed as not read, or not to its end."""

HARMLESS: dict[str, Callable[[bytes], bytes]] = {
    "links": links,
    "sizes that lie": lying_sizes,
    "names that lead elsewhere": bad_names,
}
"""Each is read whole."""

WITH_CONTENT = {"sixteen zips in sixteen zips", "a flat bomb of overlapping members"}
WITH_CONTENT |= {"a bomb of one member under many names", "a zip that ends in the middle"}
WITH_CONTENT |= {"a tar.gz that ends in the middle"}
"""Those of the bombs from which the content is read all the same."""
