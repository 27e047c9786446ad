"""The headers of a RAR 3 or 4 archive, encrypted or not, and how its files are encrypted. In the child.

Source: "technote.txt" of RAR 4.20; AES-128 in CBC, its key by SHA-1 in 2^18 rounds.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from trapstreet.plugins.formats._rar_file import (
    UNKNOWN,
    VOLUMES,
    Contents,
    Crc32,
    Decipher,
    Digest,
    File,
    Locked,
    Malformed,
    Trying,
)

SIGNATURE = b"Rar!\x1a\x07\0"
_HEAD = struct.Struct("<HBHH")  # checksum, kind, flags, size
_ABOUT = struct.Struct("<IIBIIBBHI")
"""Of a file: packed, size, system, checksum, time, version and method of packing, length of name, mode."""

_MAIN, _FILE, _SERVICE, _END = 0x73, 0x74, 0x7A, 0x7B
_KINDS = range(_MAIN, _END + 1)
_SEALED, _SOLID_ARCHIVE = 0x80, 8
_SPLIT, _ENCRYPTED, _SOLID, _DIRECTORY = 1 | 2, 4, 0x10, 0xE0
_LARGE, _WIDE_NAME, _SALTED, _HAS_DATA = 0x100, 0x200, 0x400, 0x8000
_STORED = 0x30
_FIRST_WITH_AES = 29
_UNIX, _ORDINARY_FILE, _LINK = 3, 0o100644, 0o12
_ROUNDS, _TURNS = 1 << 14, 16
_SALT, _BLOCK = 8, 16
_TELLING = 1 << 20
"""Bytes: of 42,000 wrong keys for four packed files none unpacked more than 12,218 of them."""


@dataclass(frozen=True, slots=True)
class Lock:
    """How a file is encrypted, or a header is.

    checksum  of a file: which password fits is only told by what it unpacks to
    stored    bytes of a file that is not packed, None of one that is
    """

    salt: bytes
    checksum: bytes = b""
    stored: int | None = None

    def fits(self, password: str) -> bool | None:
        return None

    def decipher(self, password: str) -> Decipher:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        key, vector = _derived(password, self.salt)
        return Cipher(algorithms.AES128(key), modes.CBC(vector)).decryptor()

    def length(self, password: str, file: BinaryIO, start: int, packed: int) -> int:
        return packed if self.stored is None else min(packed, self.stored)

    def told_by(self, unpacked: int) -> bool:
        """The checksum would not do: libarchive gets some bytes of packed files of 4 MB and more wrong."""
        return self.stored is None and unpacked > _TELLING

    def digest(self) -> Digest:
        return Crc32()

    def is_right(self, password: str, digest: bytes) -> bool:
        return digest == self.checksum


def contents(file: BinaryIO, passwords: Sequence[str], *, ordinary: bool = True) -> Trying[Contents]:
    """What is damaged ends the search. Raises Locked.

    ordinary  ordinary files are wanted, too
    """
    begin, begin_solid = (SIGNATURE + _block(_MAIN, flags, bytes(6)) for flags in (0, _SOLID_ARCHIVE))
    found = Contents("rar", begin, begin_solid, _block(_END, 0x4000, b""), [])
    at, size, password = len(SIGNATURE), file.seek(0, os.SEEK_END), None
    end_due = False
    try:
        while at < size:
            if found.sealed and password is None:
                password = yield from _password(file, at, passwords)
            kind, flags, body, at = _header(file, at, password)
            if kind == _END:
                return found
            packed = 0
            if kind in (_FILE, _SERVICE):
                about = body.ljust(_ABOUT.size + 4, b"\0")
                packed, *_, version, _, _, _ = _ABOUT.unpack_from(about)
                end_due |= kind == _SERVICE or version >= _FIRST_WITH_AES
                packed += int.from_bytes(about[_ABOUT.size :][:4], "little") << 32 if flags & _LARGE else 0
            elif flags & _HAS_DATA:
                packed = int.from_bytes(body[:4], "little")
            if kind == _FILE:
                one = _file(flags, body, at, packed)
                found.files += [one] if one and (ordinary or not one.ordinary) else []
            found.sealed |= kind == _MAIN and bool(flags & _SEALED)
            found.beside |= kind == _SERVICE
            at += packed
        found.damaged = at > size or end_due or found.sealed
    except Malformed:
        found.damaged = True
    return found


def _header(file: BinaryIO, at: int, password: str | None) -> tuple[int, int, bytes, int]:
    """Kind, flags and the rest of the header that begins there, and where it ends."""
    file.seek(at)
    salt = file.read(_SALT) if password is not None else b""
    decipher = Lock(salt).decipher(password) if password is not None else None

    def taken(size: int) -> bytes:
        data = file.read(size)
        return decipher.update(data) if decipher else data

    begun = taken(_BLOCK if decipher else _HEAD.size)
    if len(begun) < _HEAD.size:
        raise Malformed
    checksum, kind, flags, size = _HEAD.unpack_from(begun)
    space = size + -size % _BLOCK if decipher else size
    if kind not in _KINDS or size < _HEAD.size:
        raise Malformed
    data = (begun + taken(max(0, space - len(begun))))[:size]
    proven = decipher or kind == _FILE
    if len(data) < size or (proven and zlib.crc32(data[2:]) & 0xFFFF != checksum):
        raise Malformed
    return kind, flags, data[_HEAD.size :], at + len(salt) + space


def _password(file: BinaryIO, at: int, passwords: Sequence[str]) -> Trying[str]:
    """By which the header that begins there is deciphered, and all that follow."""
    for password in passwords:
        yield b""
        try:
            _header(file, at, password)
        except Malformed:
            continue
        return password
    raise Locked


def _file(flags: int, body: bytes, start: int, packed: int) -> File | None:
    """None of a directory or a link."""
    if len(body) < _ABOUT.size:
        raise Malformed
    _, size, system, checksum, time, version, method, length, mode = _ABOUT.unpack_from(body)
    at = _ABOUT.size
    if flags & _LARGE:
        size, at = size + (int.from_bytes(body[at + 4 : at + 8], "little") << 32), at + 8
    name, at = body[at : at + length], at + length
    if flags & _DIRECTORY == _DIRECTORY or (system == _UNIX and mode >> 12 == _LINK):
        return None
    lock, why, partial = None, "", bool(flags & _SPLIT)
    if flags & _ENCRYPTED:
        stored = size if method == _STORED else None
        lock = Lock(body[at : at + _SALT] if flags & _SALTED else b"", checksum.to_bytes(4, "little"), stored)
        why = UNKNOWN if version < _FIRST_WITH_AES else VOLUMES if partial else ""
    low, about = 0xFFFFFFFF, (_UNIX, checksum, time, version, method, len(name), _ORDINARY_FILE)

    def header(kept: int) -> bytes:
        sizes = struct.pack("<II", kept >> 32, size >> 32)
        told = _ABOUT.pack(kept & low, size & low, *about) + sizes + name
        return _block(_FILE, flags & (_SOLID | _DIRECTORY | _WIDE_NAME) | _LARGE | _HAS_DATA, told)

    shown = name.partition(b"\0")[0].replace(b"\\", b"/").decode("utf-8", "backslashreplace")
    return File(shown, header, start, packed, bool(flags & _SOLID), lock, why, partial)


@lru_cache(maxsize=4096)
def _derived(password: str, salt: bytes) -> tuple[bytes, bytes]:
    """Key and vector."""
    word = password.encode("utf-16-le", "replace") + salt
    digest, vector = hashlib.sha1(usedforsecurity=False), bytearray()
    for turn in range(_TURNS):
        first, *others = range(turn * _ROUNDS, (turn + 1) * _ROUNDS)
        digest.update(word + first.to_bytes(3, "little"))
        vector.append(digest.digest()[-1])
        digest.update(b"".join([word + number.to_bytes(3, "little") for number in others]))
    key = struct.pack("<4I", *struct.unpack(">4I", digest.digest()[:16]))
    return key, bytes(vector)


def _block(kind: int, flags: int, body: bytes) -> bytes:
    head = struct.pack("<BHH", kind, flags, _HEAD.size + len(body)) + body
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head
