"""Programs, scripts and pictures that carry an archive: what unpacks itself when it is run, which nobody does
here, and what was hidden behind a picture.

The archive is taken apart, and the whole is read as text besides, a picture by OCR where that is asked for.
"""

import os
import re
import zlib
from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, image
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats import text as any_text
from trapstreet.plugins.formats._stream import Refused, Stream

title = "program or picture with an archive"
rank = 24
container = True
begins = b"M\x7f\xcf#\xff\x89G"

_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"#!")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_SEVEN_ZIP = rb"7z\xbc\xaf\x27\x1c\0[\0-\x04](?P<checksum>.{4})(?P<checked>.{20})"
_RAR = rb"Rar!\x1a\x07(?:\0..\x73|\x01\0.{4}[\x01-\x7f][\x01\x04])"
_MAGIC = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_ARCHIVE = re.compile(_SEVEN_ZIP + b"|" + _RAR, re.DOTALL)
_ZIP_END = b"PK\x05\x06"
_TAIL = 22 + (1 << 16)
_LOOKED = 1 << 20  # bytes of a program
_BEGINS = 32  # bytes by which an archive is told


def recognises(data: Stream) -> bool:
    if not data.peek(8).startswith(_PROGRAMS + _PICTURES):
        return False
    head = data.peek(_LOOKED)
    return _archive_at(data, head) is not None or ends_in_zip(data, head)


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    data.file()  # read twice
    data.restart()
    head = data.peek(_LOOKED)
    at = _archive_at(data, head)
    if at is not None:
        data.restart()
        for _ in data.part(at):
            pass
        yield Member(f"{path}!/archive", Stream(iter(data), data.budget))
    elif ends_in_zip(data, head):
        with zipped.directory(data) as archive:
            yield from zipped.members(archive, data, path, wanted=lambda name: True)
    data.restart()
    yield from (image if image.recognises(data) else any_text).parts(data, path)


def _archive_at(data: Stream, head: bytes) -> int | None:
    """Where an archive begins: in the first MiB of a program, anywhere in a picture, which is read for it.

    Programs that know archives hold their magic numbers, too.
    """
    if not head.startswith(_PICTURES) or len(head) < _LOOKED:
        return _archive_in(head)
    file, at, kept = data.file(), 0, b""
    while block := file.read(_LOOKED):
        piece = kept + block
        if any(magic in piece for magic in _MAGIC) and (found := _archive_in(piece)) is not None:
            return at - len(kept) + found
        at += len(block)
        kept = piece[-_BEGINS:]
    return None


def _archive_in(piece: bytes) -> int | None:
    for found in _ARCHIVE.finditer(piece):
        checked = found["checked"]
        if checked is None or zlib.crc32(checked) == int.from_bytes(found["checksum"], "little"):
            return found.start()
    return None


def ends_in_zip(data: Stream, head: bytes) -> bool:
    """Whether a ZIP archive ends where the data does; head: the first MiB of these."""
    if len(head) < _LOOKED and _ZIP_END not in head[-_TAIL:]:
        return False
    file = data.file()
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    if _ZIP_END not in file.read(_TAIL):
        return False
    try:
        with zipped.directory(data) as archive:
            return bool(archive.filelist)
    except Refused:
        return False
