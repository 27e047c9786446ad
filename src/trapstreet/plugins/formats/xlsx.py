"""Excel workbooks since 2007 (.xlsx, .xlsm, .xlsb), each sheet as a text of tab-separated lines.

The sheets are read by calamine in a disposable child. What else a workbook may hold (comments, text boxes,
pivot caches, embedded files, values of other workbooks) is read as the members of a ZIP archive. If the child
dies, so is everything.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _calamine, _office, _parsed
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._stream import Damaged, Refused, Stream

title = "workbook"
rank = 10
container = True
begins = b"P"

_SHEET = re.compile(r"xl/(?:worksheets|binaryIndex)/sheet.*")
_SHARED = [f"xl/{name}.{ending}" for name in ("sharedStrings", "styles") for ending in ("xml", "bin")]
_TEXTS = re.compile(r"xl/(?:comments|threadedComments/|drawings/|charts/|persons/)[^.]*\.(?:xml|vml)")


def recognises(data: Stream) -> bool:
    return _office.holds(data, "xl/workbook")


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    with zipped.directory(data) as archive:
        _weigh(archive, data)
        count = 0
        for sheet in _parsed.parts(f"{__name__}:sheets", data, path, digest=_office.hashed(data)):
            count += 1
            yield sheet
        done = {name for name in archive.namelist() if _SHEET.fullmatch(name)}
        if len(done) > count:  # one that the workbook does not name
            done = set()
        elif done:
            done.update(_SHARED)
        for info in archive.infolist():
            if _TEXTS.fullmatch(info.filename):
                done.add(info.filename)
                yield _office.part(archive, info, data, path, _office.OOXML)
        yield from zipped.members(archive, data, path, wanted=lambda name: name not in done)


def sheets(file: BinaryIO) -> Iterator[object]:
    """In the child."""
    return _calamine.sheets(file)


def _weigh(archive: zipfile.ZipFile, data: Stream) -> None:
    """Unpacks the sheets to see what they weigh: a bomb ends here, and never gets to the parser."""
    for info in archive.infolist():
        if info.filename.startswith("xl/"):
            try:
                for _ in data.budget.unpack(zipped.unpacked(archive, info)):
                    pass
            except Damaged as error:
                raise Refused(f"read as the texts that it is made of: {error}", partly=True) from error
