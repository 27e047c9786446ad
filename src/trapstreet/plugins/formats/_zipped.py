"""Members of a ZIP file: the archives, and the office documents that are archives too."""

import copy
import lzma
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, cast

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, xz, zstd
from trapstreet.plugins.formats import archive as archives
from trapstreet.plugins.formats._deflate import RAW, inflate
from trapstreet.plugins.formats._deflate64 import inflate64
from trapstreet.plugins.formats._locked import UNTRIED, locked
from trapstreet.plugins.formats._stream import CHUNK, Damaged, Refused, Stream

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

_DIRECTORY = 8 << 20  # bytes of a directory: some 100,000 members, some 100 MB as Python objects
_LOCAL = struct.Struct("<6s2H4x3L2H")
_NO_DIRECTORY = "the directory of the ZIP archive is damaged or missing"
_ENCRYPTED = 0x1
_IN_EXTRA = 0xFFFFFFFF  # a size that stands elsewhere
_FAR = 1 << 62
_TAIL = 22 + (1 << 16)  # bytes within which an archive says where its directory is
_LEAST = 1 << 14
_EMPTY = 2  # bytes of nothing, deflated
_WRONG = "the member is damaged, or its header contradicts the directory"
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, OverflowError)


class _Measured:
    """A file that gives no more at a time than a directory may have: `zipfile` reads that in one piece."""

    def __init__(self, data: Stream) -> None:
        self._file = data.file()
        self.budget = data.budget
        self.seek = self._file.seek
        self.tell = self._file.tell
        self.seekable = self._file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY:
            raise Refused(f"the directory of the ZIP archive is larger than {_DIRECTORY >> 20} MB")
        return self._file.read(_DIRECTORY if size < 0 else size)

    def bytes_at(self, at: int, size: int) -> bytes:
        """These bytes, fewer at the end; wherever else the file is being read."""
        return os.pread(self._file.fileno(), size, at)

    def blocks(self, at: int, expected: int) -> Iterator[bytes]:
        """All the bytes from there on, first as many as are expected to be needed."""
        while block := self.bytes_at(at, min(max(expected, _LEAST), CHUNK)):
            at += len(block)
            expected -= len(block)
            yield block


def may_hold(data: Stream, name: str) -> bool:
    """False if the name is certainly not in the directory; cheaper than reading 100,000 entries."""
    file = data.file()
    file.seek(max(0, file.seek(0, os.SEEK_END) - _DIRECTORY))
    return name.encode() in file.read(_DIRECTORY)


def directory(data: Stream) -> zipfile.ZipFile:
    """The archive's directory. Raises Refused if it cannot be read."""
    try:
        archive = zipfile.ZipFile(cast(IO[bytes], _Measured(data)))
    except (*_BROKEN, NotImplementedError) as error:
        raise Refused(_NO_DIRECTORY) from error
    if not archive.infolist() and data.file().read(len(MAGIC[0])) == MAGIC[0]:
        raise Refused(_NO_DIRECTORY)
    _mend_places(archive)
    return archive


def _mend_places(archive: zipfile.ZipFile) -> None:
    """`zipfile` takes it for bytes before the archive if the directory is not where its end says; the members
    may be where they say they are all the same."""
    infos, file = archive.infolist(), cast(_Measured, archive.fp)
    offset = archive.start_dir - _said_start(file)
    if not infos or not offset:
        return
    first = min(info.header_offset for info in infos)
    if not _begins_member(file, first) and _begins_member(file, first - offset):
        for info in infos:
            info.header_offset -= offset


def _said_start(file: _Measured) -> int:
    """Where the directory begins by what the archive's end says."""
    end = file.seek(0, os.SEEK_END)
    tail = file.bytes_at(max(0, end - _TAIL), _TAIL)
    at = tail.rfind(MAGIC[1])
    return int.from_bytes(tail[at + 16 : at + 20], "little") if at >= 0 else 0


def _begins_member(file: _Measured, at: int) -> bool:
    return 0 <= at < _FAR and file.bytes_at(at, len(MAGIC[0])) == MAGIC[0]


def members(
    archive: zipfile.ZipFile, data: Stream, path: str, *, wanted: Callable[[str], bool]
) -> Iterator[Text | Member | Unread]:
    """The wanted members, in the order of the directory but for those that share bytes with others, and those
    that a password opens. Their names are only ever shown."""
    encrypted = []
    for info in _overlapping_last(archive.infolist()):
        if (info.filename.endswith("/") and info.compress_size <= _EMPTY) or not wanted(info.filename):
            continue
        inner = f"{path}!/{info.filename}"
        if info.flag_bits & _ENCRYPTED:
            encrypted.append(inner)
        else:
            yield Member(inner, Stream(data.budget.unpack(unpacked(archive, info)), data.budget))
    if encrypted and data.budget.passwords:
        yield from archives.encrypted(data, path)
    else:
        yield from (Unread(inner, locked(0)) for inner in encrypted)


def _overlapping_last(members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """A bomb is made of members that share bytes; those that don't are read before it meets a limit."""
    sharing: set[int] = set()
    reaching, end = 0, 0
    for number in sorted(range(len(members)), key=lambda number: members[number].header_offset):
        info = members[number]
        if info.header_offset < end:
            sharing |= {reaching, number}
        after = info.header_offset + _LOCAL.size + info.compress_size
        if after > end:
            reaching, end = number, after
    return [members[number] for number in sorted(range(len(members)), key=lambda number: number in sharing)]


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's bytes to the end of its compressed data, whatever the directory says its size is."""
    from isal import isal_zlib

    checksum = 0
    for block in _content(archive, info):
        checksum = isal_zlib.crc32(block, checksum)
        yield block
    if checksum != info.CRC:
        raise Damaged(_WRONG)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.compress_type in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        return _by_zipfile(archive, info)
    file = cast(_Measured, archive.fp)
    header = file.bytes_at(info.header_offset, _LOCAL.size) if 0 <= info.header_offset < _FAR else b""
    if len(header) < _LOCAL.size or not header.startswith(MAGIC[0]):
        raise Damaged(_WRONG)
    _, flags, _, _, packed, _, name, extra = _LOCAL.unpack(header)
    if flags & _ENCRYPTED:
        raise Damaged(UNTRIED)
    size = info.compress_size if packed == _IN_EXTRA else max(info.compress_size, packed)
    data = Stream(file.blocks(info.header_offset + _LOCAL.size + name + extra, size), file.budget)
    match info.compress_type:
        case zipfile.ZIP_STORED:
            return data.part(size)
        case zipfile.ZIP_DEFLATED:
            return inflate(data, header=RAW)
        case 9:
            return inflate64(data.part(size))
        case 93:
            return zstd.stream(data)
        case 95:
            return xz.stream(data)
    raise Damaged(f"compression method {info.compress_type} is not known here")


def _by_zipfile(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    honest = copy.copy(info)
    honest.file_size = sys.maxsize
    try:
        with archive.open(honest) as member:
            while block := member.read(CHUNK):
                yield block
    except RuntimeError as error:  # what `zipfile` raises for a password that only the local header asks for
        raise Damaged(UNTRIED) from error
    except MemoryError as error:  # LZMA: the header says how much of the past is kept, up to 4 GB
        raise Damaged("unpacking it needs too much memory") from error
    except _BROKEN as error:
        raise Damaged(_WRONG) from error
