"""Members of a ZIP file: the archives, and the office documents that are archives too."""

import copy
import lzma
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats._stream import CHUNK, Damaged, Refused, Stream

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

_DIRECTORY = 8 << 20  # bytes of a directory: some 100,000 members, some 100 MB as Python objects
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, OverflowError)


class _Measured:
    """A file that gives no more at a time than a directory may have: `zipfile` reads that in one piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY:
            raise Refused(f"the directory of the ZIP archive is larger than {_DIRECTORY >> 20} MB")
        return self._file.read(_DIRECTORY if size < 0 else size)


def may_hold(data: Stream, name: str) -> bool:
    """False if the name is certainly not in the directory; cheaper than reading 100,000 entries."""
    file = data.file()
    file.seek(max(0, file.seek(0, os.SEEK_END) - _DIRECTORY))
    return name.encode() in file.read(_DIRECTORY)


def directory(data: Stream) -> zipfile.ZipFile:
    """The archive's directory. Raises Refused if it cannot be read."""
    try:
        return zipfile.ZipFile(_Measured(data.file()))
    except (*_BROKEN, NotImplementedError) as error:
        raise Refused("the directory of the ZIP archive is damaged or missing") from error


def members(
    archive: zipfile.ZipFile, data: Stream, path: str, *, wanted: Callable[[str], bool]
) -> Iterator[Member | Unread]:
    """The wanted members in the order of the directory. Their names are only ever shown."""
    for info in archive.infolist():
        if info.is_dir() or not wanted(info.filename):
            continue
        inner = f"{path}!/{info.filename}"
        if info.flag_bits & _ENCRYPTED:
            yield Unread(inner, "encrypted")
        else:
            yield Member(inner, Stream(data.budget.unpack(unpacked(archive, info)), data.budget))


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's bytes to the end of its compressed data, whatever the directory says its size is."""
    honest = copy.copy(info)
    honest.file_size = sys.maxsize
    try:
        with archive.open(honest) as member:
            while block := member.read(CHUNK):
                yield block
    except NotImplementedError as error:
        raise Damaged(f"compression method {info.compress_type} is not known here") from error
    except RuntimeError as error:  # what `zipfile` raises for a password that only the local header asks for
        raise Damaged("encrypted") from error
    except _BROKEN as error:
        raise Damaged("the member is damaged, or its header contradicts the directory") from error
