"""Programs and scripts that carry an archive: what unpacks itself when it is run, which nobody does here.

The archive is taken apart, and the whole is read as text besides.
"""

import os
import re
import zlib
from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats import text as any_text
from trapstreet.plugins.formats._stream import CHUNK, Refused, Stream

title = "program with an archive"
rank = 24
container = True

_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"#!")
_SEVEN_ZIP = rb"7z\xbc\xaf\x27\x1c\0[\0-\x04](?P<checksum>.{4})(?P<checked>.{20})"
_RAR = rb"Rar!\x1a\x07(?:\0..\x73|\x01\0.{4}[\x01-\x7f]\x01)"
_ARCHIVE = re.compile(_SEVEN_ZIP + b"|" + _RAR, re.DOTALL)
_ZIP_END = b"PK\x05\x06"
_TAIL = 22 + (1 << 16)


def recognises(data: Stream) -> bool:
    return data.peek(4).startswith(_PROGRAMS) and (_archive_at(data) is not None or _ends_in_zip(data))


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    data.file()  # read twice
    data.restart()
    at = _archive_at(data)
    if at is not None:
        data.read(at)
        yield Member(f"{path}!/archive", Stream(iter(data), data.budget))
    elif _ends_in_zip(data):
        with zipped.directory(data) as archive:
            yield from zipped.members(archive, data, path, wanted=lambda name: True)
    data.restart()
    yield from any_text.parts(data, path)


def _archive_at(data: Stream) -> int | None:
    """Where in the first MiB an archive begins; programs that know archives hold their magic numbers, too."""
    for found in _ARCHIVE.finditer(data.peek(CHUNK)):
        checked = found["checked"]
        if checked is None or zlib.crc32(checked) == int.from_bytes(found["checksum"], "little"):
            return found.start()
    return None


def _ends_in_zip(data: Stream) -> bool:
    file = data.file()
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    if _ZIP_END not in file.read(_TAIL):
        return False
    try:
        with zipped.directory(data) as archive:
            return bool(archive.filelist)
    except Refused:
        return False
