"""Which files of a RAR 5 archive are encrypted: old libarchives do not say, and give stored ones as they are.

Source: rarlab.com/technote.htm, "RAR 5.0 archive format".
"""

import os
from typing import BinaryIO

_SIGNATURE = 8
_LONGEST = 2 << 20
"""Bytes of a header, as the format has them."""

_FILE, _END = 2, 5
_HAS_EXTRA, _HAS_DATA = 1, 2
_HAS_TIME, _HAS_CHECKSUM = 2, 4
_ENCRYPTION = 1


class _Ended(Exception):
    """A header is cut short."""


def encrypted(file: BinaryIO) -> set[str]:
    """The names, from which the library's do not differ. What is damaged ends the search."""
    names = set()
    size = file.seek(0, os.SEEK_END)
    at = _SIGNATURE
    while at < size:
        file.seek(at + 4)  # behind the checksum
        try:
            length, begun = _number(file.read(3), 0)
            file.seek(at + 4 + begun)
            header = file.read(min(length, _LONGEST))
            kind, extra, data, behind = _common(header)
            if kind == _FILE and extra and _says_so(header[len(header) - extra :]):
                names.add(_name(header, behind))
        except _Ended:
            break
        if kind == _END:
            break
        at += 4 + begun + length + data
    return names


def _common(header: bytes) -> tuple[int, int, int, int]:
    """Kind, size of the extra area and of the data, and where the kind's own fields begin."""
    kind, at = _number(header, 0)
    flags, at = _number(header, at)
    extra = data = 0
    if flags & _HAS_EXTRA:
        extra, at = _number(header, at)
    if flags & _HAS_DATA:
        data, at = _number(header, at)
    return kind, min(extra, len(header)), data, at


def _says_so(extra: bytes) -> bool:
    """Whether one of the records is that of an encryption."""
    at = 0
    while at < len(extra):
        length, at = _number(extra, at)
        if _number(extra, at)[0] == _ENCRYPTION:
            return True
        at += length
    return False


def _name(header: bytes, at: int) -> str:
    flags, at = _number(header, at)
    for _ in ("size", "attributes"):
        _, at = _number(header, at)
    at += 4 * bool(flags & _HAS_TIME) + 4 * bool(flags & _HAS_CHECKSUM)
    for _ in ("compression", "system"):
        _, at = _number(header, at)
    length, at = _number(header, at)
    return header[at : at + length].decode("utf-8", "backslashreplace")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, seven bits to a byte, and where it ends."""
    value = 0
    for step, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * step
        if not byte & 0x80:
            return value, at + step + 1
    raise _Ended
