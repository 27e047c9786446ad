"""What is encrypted in a 7z archive, opened by a password: libarchive opens none. In the child.

Source: "7zFormat.txt" and "Methods.txt" of 7-Zip; AES-256 in CBC, its key by SHA-256 in 2^19 rounds.
"""

import bz2
import hashlib
import lzma
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import BinaryIO

from trapstreet.plugins.formats._deflate64 import inflate64
from trapstreet.plugins.formats._locked import locked
from trapstreet.plugins.formats._parsed import BLOCK, MEMBER, UNREAD
from trapstreet.plugins.formats._seven_zip_header import Coder, Folder, Header, Malformed
from trapstreet.plugins.formats._stream import Damaged

_START = struct.Struct("<8sI2QI")  # magic and version, checksum; of the header its place, size, checksum
_HEADER, _PACKED_HEADER = 1, 0x17
_LARGEST = 64 << 20  # bytes of a header
_NESTED = 4  # headers that are packed in headers: 7-Zip packs it once
_CHECKED = 64 << 20  # bytes of a folder's first file by which a password is tried
_BEGINNING = 1 << 20  # the same of a longer file
_ROUNDS = 1 << 16  # at a time
_MOST_ROUNDS = 24  # as a power of two

_AES = b"\x06\xf1\x07\x01"
_PACKERS = {b"\x21": lzma.FILTER_LZMA2, b"\x03\x01\x01": lzma.FILTER_LZMA1}
_FILTERS = {
    b"\x03": lzma.FILTER_DELTA,
    b"\x04": lzma.FILTER_X86,
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
}
_DAMAGE = (Damaged, lzma.LZMAError, zlib.error, OSError, EOFError, ValueError, MemoryError)


class _Broken(Exception):
    """What is packed there cannot be unpacked: it is damaged, or the password is wrong."""


class _Unknown(Exception):
    """It is packed in a way that is not known here."""


def decrypted(file: BinaryIO, passwords: Sequence[str]) -> Iterator[object]:
    """Every encrypted file as a part, or why it is none; nothing of an archive without such files."""
    try:
        folders, names = _contents(file, passwords)
    except (Malformed, _Broken, struct.error):
        yield [UNREAD, "", "the archive is damaged or ends in the middle"]
        return
    except _Unknown:
        yield [UNREAD, "", locked(len(passwords))]
        return
    at = 0
    for folder in folders:
        own, at = names[at : at + len(folder.files)], at + len(folder.files)
        if _is_encrypted(folder):
            yield from _files(file, folder, [*own, *["?"] * (len(folder.files) - len(own))], passwords)


def _files(file: BinaryIO, folder: Folder, names: list[str], passwords: Sequence[str]) -> Iterator[object]:
    """The files of one folder."""
    why, done = locked(len(passwords)), 0
    try:
        password = _password(file, folder, passwords)
        if password is not None:
            rest = _Rest(_content(file, folder, password))
            for name, (size, checksum) in zip(names, folder.files, strict=True):
                if name:
                    yield [MEMBER, f"!/{name}", b""]
                found = 0
                for block in rest.take(size):
                    found = zlib.crc32(block, found)
                    if name:
                        yield block
                if name and checksum not in (None, found):
                    yield [UNREAD, f"!/{name}", "damaged: its checksum is another"]
                done += 1
            return
    except _Broken:
        why = "the archive is damaged or ends in the middle"
    except _Unknown:
        why = "packed in a way that is not known here"
    for name in filter(None, names[done:]):
        yield [UNREAD, f"!/{name}", why]


def _contents(file: BinaryIO, passwords: Sequence[str]) -> tuple[list[Folder], list[str]]:
    """Raises _Unknown where the header is encrypted, too, and no password fits."""
    file.seek(0)
    _, _, at, size, checksum = _START.unpack(file.read(_START.size))
    if size > _LARGEST:
        raise Malformed
    header = b"".join(_slices(file, at, size))
    for _ in range(_NESTED):
        if checksum is not None and zlib.crc32(header) != checksum:
            raise Malformed
        reader = Header(header)
        kind = reader.byte()
        if kind == _HEADER:
            return reader.contents()
        folders = reader.folders() if kind == _PACKED_HEADER else []
        if len(folders) != 1 or folders[0].size > _LARGEST:
            raise Malformed
        password = _password(file, folders[0], passwords) if _is_encrypted(folders[0]) else ""
        if password is None:
            raise _Unknown
        header, checksum = b"".join(_content(file, folders[0], password)), folders[0].checksum
    raise Malformed


def _is_encrypted(folder: Folder) -> bool:
    return any(coder.method == _AES for coder in folder.coders)


def _password(file: BinaryIO, folder: Folder, passwords: Sequence[str]) -> str | None:
    """The one that opens the folder."""
    return next((each for each in passwords if _opens(file, folder, each)), None)


def _opens(file: BinaryIO, folder: Folder, password: str) -> bool:
    [(size, checksum), *_] = folder.files or [(0, None)]
    rest, found = _Rest(_content(file, folder, password)), 0
    try:
        for block in rest.take(size if size <= _CHECKED else _BEGINNING):
            found = zlib.crc32(block, found)
    except _Broken:
        return False
    return size > _CHECKED or checksum in (None, found)


class _Rest:
    """Blocks that are taken apart by size."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""

    def take(self, size: int) -> Iterator[bytes]:
        """So many of the next bytes. Raises _Broken if there are fewer."""
        while size:
            block = self._held or next(self._blocks, b"")
            if not block:
                raise _Broken
            yield block[:size]
            self._held, size = block[size:], max(0, size - len(block))


def _content(file: BinaryIO, folder: Folder, password: str) -> Iterator[bytes]:
    """All that the folder holds. Raises _Broken, _Unknown."""
    blocks, coders = _slices(file, folder.start, folder.packed), list(folder.coders)
    while coders:
        group = [coders.pop(0)]
        while coders and coders[0].method in _FILTERS and group[0].method in _PACKERS:
            group.append(coders.pop(0))
        blocks = _sized(_stage(blocks, group, password), group[-1].size)
    return blocks


def _sized(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The first bytes, at most so many: what follows is padding."""
    try:
        for block in blocks:
            if block:
                yield block[:size]
            size -= len(block)
            if size <= 0:
                return
    except _DAMAGE as error:
        raise _Broken from error


def _stage(blocks: Iterator[bytes], group: list[Coder], password: str) -> Iterator[bytes]:
    coder = group[0]
    if coder.method == _AES:
        return _deciphered(blocks, coder, password)
    if coder.method == b"\0":
        return blocks
    if coder.method in _PACKERS:
        packer = _PACKERS[coder.method]
        chain = [_filter(each) for each in reversed(group[1:])]
        chain.append(lzma._decode_filter_properties(packer, coder.settings))  # type: ignore[attr-defined]
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
        return _until_eof(blocks, unpacker)
    if coder.method == b"\x04\x02\x02":
        return _until_eof(blocks, bz2.BZ2Decompressor())
    if coder.method == b"\x04\x01\x08":
        return _inflated(blocks)
    if coder.method == b"\x04\x01\x09":
        return inflate64(blocks)
    raise _Unknown


def _filter(coder: Coder) -> dict[str, int]:
    kind = _FILTERS[coder.method]
    return {"id": kind, "dist": coder.settings[0] + 1} if kind == lzma.FILTER_DELTA else {"id": kind}


def _until_eof(
    blocks: Iterator[bytes], unpacker: "lzma.LZMADecompressor | bz2.BZ2Decompressor"
) -> Iterator[bytes]:
    for block in blocks:
        yield unpacker.decompress(block, BLOCK)
        while not unpacker.needs_input and not unpacker.eof:
            yield unpacker.decompress(b"", BLOCK)
        if unpacker.eof:
            return


def _inflated(blocks: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-15)
    for block in blocks:
        rest = block
        while rest and not inflater.eof:
            yield inflater.decompress(rest, BLOCK)
            rest = inflater.unconsumed_tail


def _deciphered(blocks: Iterator[bytes], coder: Coder, password: str) -> Iterator[bytes]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    first, second, *_ = [*coder.settings, 0, 0]
    salt = (first >> 7 & 1) + (second >> 4)
    vector = (first >> 6 & 1) + (second & 15)
    key = _key(password, coder.settings[2 : 2 + salt], first & 0x3F)
    start = coder.settings[2 + salt : 2 + salt + vector].ljust(16, b"\0")
    decipher = Cipher(algorithms.AES256(key), modes.CBC(start)).decryptor()
    for block in blocks:
        yield decipher.update(block)


@lru_cache(maxsize=4096)
def _key(password: str, salt: bytes, rounds: int) -> bytes:
    word = salt + password.encode("utf-16-le", "replace")
    if rounds == 0x3F:
        return word[:32].ljust(32, b"\0")
    if rounds > _MOST_ROUNDS:
        raise _Unknown
    digest, count = hashlib.sha256(), 1 << rounds
    for start in range(0, count, _ROUNDS):
        numbers = range(start, min(count, start + _ROUNDS))
        digest.update(b"".join([word + number.to_bytes(8, "little") for number in numbers]))
    return digest.digest()


def _slices(file: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Bytes by their place behind the archive's first."""
    start += _START.size
    end = start + size
    while start < end:
        file.seek(start)
        block = file.read(min(BLOCK, end - start))
        if not block:
            raise _Broken
        start += len(block)
        yield block
