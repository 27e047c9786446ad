"""The headers of a RAR 5 archive, encrypted or not. In the child.

Source: rarlab.com/technote.htm, "RAR 5.0 archive format".
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from trapstreet.plugins.formats._rar5_lock import BLOCK, Lock, deciphering, derived
from trapstreet.plugins.formats._rar_file import (
    UNKNOWN,
    UNTOLD,
    VOLUMES,
    Contents,
    File,
    Locked,
    Malformed,
    Trying,
)

SIGNATURE = b"Rar!\x1a\x07\x01\0"
_LONGEST = 2 << 20
"""Bytes of a header, as the format has them."""

_MAIN, _FILE, _ENCRYPTED, _END = 1, 2, 4, 5
_HAS_EXTRA, _HAS_DATA, _FROM_BEFORE, _GOES_ON = 1, 2, 8, 16
_SOLID_ARCHIVE = 4
_DIRECTORY, _HAS_TIME, _HAS_CHECKSUM = 1, 2, 4
_ENCRYPTION, _HASH, _REDIRECTION = 1, 2, 5
_BLAKE2SP = b"\0"
_HAS_CHECK, _TWEAKED = 1, 2
_SOLID, _METHOD = 0x40, 0x380
_ORDINARY_FILE, _UNIX = 0o100644, 1
_MOST_ROUNDS = 24  # as a power of two


def contents(file: BinaryIO, passwords: Sequence[str], *, ordinary: bool = True) -> Trying[Contents]:
    """A header that is damaged or cut short ends the search. Raises Locked.

    ordinary  ordinary files are wanted, too
    """
    begin, begin_solid = (SIGNATURE + _block(_MAIN, 0, flags) for flags in (0, _SOLID_ARCHIVE))
    found = Contents("rar5", begin, begin_solid, _block(_END, 0, 0), [])
    at, size, key = len(SIGNATURE), file.seek(0, os.SEEK_END), b""
    try:
        while at < size:
            body, at = _header(file, at, key)
            kind, flags, extra, packed, fields = _common(body)
            if kind == _END:
                return found
            if kind == _ENCRYPTED:
                found.sealed = True
                key = yield from _header_key(file, at, body[fields:], passwords)
            elif kind == _FILE:
                one = _file(body[fields:], body[len(body) - extra :], at, packed, flags)
                found.files += [one] if one and (ordinary or not one.ordinary) else []
            at += packed
    except Malformed:
        pass
    found.damaged = True
    return found


def _header(file: BinaryIO, at: int, key: bytes) -> tuple[bytes, int]:
    """The header that begins there, without checksum and size, and where it ends."""
    file.seek(at)
    vector = file.read(BLOCK) if key else b""
    decipher = deciphering(key, vector.ljust(BLOCK)) if key else None

    def taken(size: int) -> bytes:
        data = file.read(max(0, size))
        return decipher.update(data) if decipher else data

    begun = taken(BLOCK)
    length, fields = _number(begun[:7], 4)
    size = fields + length
    space = size + -size % BLOCK if key else size
    if length > _LONGEST:
        raise Malformed
    data = (begun + taken(space - BLOCK))[:size]
    if len(data) < size or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "little"):
        raise Malformed
    return data[fields:], at + len(vector) + space


def _common(body: bytes) -> tuple[int, int, int, int, int]:
    """Kind, flags, size of the extra area and of the data, and where the kind's own fields begin."""
    kind, at = _number(body, 0)
    flags, at = _number(body, at)
    extra = data = 0
    if flags & _HAS_EXTRA:
        extra, at = _number(body, at)
    if flags & _HAS_DATA:
        data, at = _number(body, at)
    return kind, flags, min(extra, len(body)), data, at


def _header_key(file: BinaryIO, at: int, fields: bytes, passwords: Sequence[str]) -> Trying[bytes]:
    """By which the header that begins there is deciphered, and all that follow."""
    lock = _lock(fields, vector=0)
    if not lock:
        raise Locked(UNKNOWN)
    for password in passwords:
        yield b""
        if lock.fits(password) is not False:
            key = derived(password, lock.salt, 1 << lock.rounds)
            try:
                _header(file, at, key)
            except Malformed:
                continue
            return key
    raise Locked


def _records(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(extra):
        length, at = _number(extra, at)
        kind, begun = _number(extra, at)
        yield kind, extra[begun : at + length]
        at += length


def _file(fields: bytes, extra: bytes, start: int, packed: int, split: int) -> File | None:
    """None of a directory or a link."""
    lock, why = None, ""
    try:
        records = dict(_records(extra))
    except Malformed:
        records, why = {}, UNTOLD
    partial = bool(split & (_FROM_BEFORE | _GOES_ON))
    flags, at = _number(fields, 0)
    size, at = _number(fields, at)
    _, at = _number(fields, at)
    at += 4 * bool(flags & _HAS_TIME)
    raw = fields[at : at + 4] if flags & _HAS_CHECKSUM else b""
    how, at = _number(fields, at + len(raw))
    _, at = _number(fields, at)
    length, at = _number(fields, at)
    name = fields[at : at + length]
    if flags & _DIRECTORY or _REDIRECTION in records:
        return None
    flags &= ~_HAS_TIME
    if _ENCRYPTION in records:
        hashed = records.get(_HASH, b"")
        checksum = hashed[1:] if hashed.startswith(_BLAKE2SP) else raw
        lock = _lock(records[_ENCRYPTION], checksum, None if how & _METHOD else size)
        if not lock:
            why = UNKNOWN
        elif not lock.check and (partial or not checksum):
            why = VOLUMES if partial else UNKNOWN
        raw, flags = b"", flags & ~_HAS_CHECKSUM
    if split & _FROM_BEFORE and (lock or how & _METHOD):
        why = VOLUMES
    before, behind = (flags, size, _ORDINARY_FILE), (how, _UNIX, len(name))
    told = b"".join([*map(_number_of, before), raw, *map(_number_of, behind), name])

    def header(kept: int) -> bytes:
        return _block(_FILE, _HAS_DATA, kept, body=told)

    shown = name.decode("utf-8", "backslashreplace")
    return File(shown, header, start, packed, bool(how & _SOLID), lock, why, partial)


def _lock(
    record: bytes, checksum: bytes = b"", stored: int | None = None, *, vector: int = BLOCK
) -> Lock | None:
    """What an encryption record says; None if it is not known here.

    vector  bytes of the first vector; an archive's own record has none
    """
    try:
        version, at = _number(record, 0)
        flags, at = _number(record, at)
    except Malformed:
        return None
    rounds, salt, at = record[at : at + 1], record[at + 1 : at + 17], at + 17
    first, at = record[at : at + vector].ljust(BLOCK), at + vector
    check, proof = record[at : at + 8], record[at + 8 : at + 12]
    if version or not rounds or rounds[0] > _MOST_ROUNDS:
        return None
    told = flags & _HAS_CHECK and hashlib.sha256(check).digest()[:4] == proof
    return Lock(salt, rounds[0], first, check if told else b"", bool(flags & _TWEAKED), checksum, stored)


def _block(*numbers: int, body: bytes = b"") -> bytes:
    fields = b"".join(map(_number_of, numbers)) + body
    sized = _number_of(len(fields)) + fields
    return struct.pack("<I", zlib.crc32(sized)) + sized


def _number_of(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, seven bits to a byte, and where it ends."""
    value = 0
    for step, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * step
        if not byte & 0x80:
            return value, at + step + 1
    raise Malformed
