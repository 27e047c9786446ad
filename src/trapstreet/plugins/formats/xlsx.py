"""Excel workbooks since 2007 (.xlsx, .xlsm, .xlsb), each sheet as a text of tab-separated lines.

The sheets are read by calamine in a disposable child. What else stands in a sheet (headers and footers, lists
and hints for what may be entered) is a text behind them. What else a workbook may hold (comments, text boxes,
pivot caches, embedded files, values of other workbooks) is read as the members of a ZIP archive. If the child
dies, so is everything.
"""

import re
import zipfile
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _calamine, _office, _parsed
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._stream import Damaged, Refused, Stream
from trapstreet.plugins.formats._tags import plain
from trapstreet.plugins.formats.text import mended

title = "workbook"
rank = 10
container = True
begins = b"P"

_SHEET = re.compile(r"xl/(?:worksheets|binaryIndex)/sheet.*")
_SHARED = [f"xl/{name}.{ending}" for name in ("sharedStrings", "styles") for ending in ("xml", "bin")]
_TEXTS = re.compile(r"xl/(?:comments|threadedComments/|drawings/|charts/|persons/)[^.]*\.(?:xml|vml)")


_CELLS = b"sheetData"  # in the tag that ends them
_LAST = 5  # blocks of a sheet, 256 KiB each, in which they end
_TELLING = 24  # bytes of what people write there without an @
_WRITTEN = (b"eaderFooter", b"ataValidation", b"yperlink", b"@")
_CODES = re.compile(rb'&(?:"[^"&\n]{0,100}"|K[0-9A-F]{6}|[0-9]{1,3}|[A-Z])')
"""How headers and footers say where a text stands, and in which font."""

_SHEET_TEXTS = replace(
    _office.OOXML,
    ends=dict(_office.OOXML.ends)
    | dict.fromkeys(
        b"oddheader oddfooter evenheader evenfooter firstheader firstfooter datavalidation formula1 formula2"
        b" f hyperlink".split(),
        b"\n",
    ),
    shown=frozenset(b"prompt prompttitle error errortitle display tooltip location".split()),
)


def recognises(data: Stream) -> bool:
    return _office.holds(data, "xl/workbook")


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    with zipped.directory(data) as archive:
        around = _weigh(archive, data)
        count = 0
        for sheet in _parsed.parts(f"{__name__}:sheets", data, path, digest=_office.hashed(data)):
            count += 1
            yield sheet
        done = {name for name in archive.namelist() if _SHEET.fullmatch(name)}
        if len(done) > count:  # one that the workbook does not name
            done = set()
        elif done:
            done.update(_SHARED)
        for name in done.intersection(around):
            yield from _around(name, around[name], path)
        for info in archive.infolist():
            if _TEXTS.fullmatch(info.filename):
                done.add(info.filename)
                yield _office.part(archive, info, data, path, _office.OOXML)
        yield from zipped.members(archive, data, path, wanted=lambda name: name not in done)


def sheets(file: BinaryIO) -> Iterator[object]:
    """In the child."""
    return _calamine.sheets(file)


def _weigh(archive: zipfile.ZipFile, data: Stream) -> dict[str, bytes]:
    """Unpacks the sheets to see what they weigh: a bomb ends here, and never gets to the parser. What stands
    in each behind its cells, if anything that people write."""
    around = {}
    for info in archive.infolist():
        if info.filename.startswith("xl/"):
            try:
                behind = _behind(data.budget.unpack(zipped.unpacked(archive, info)))
            except Damaged as error:
                raise Refused(f"read as the texts that it is made of: {error}", partly=True) from error
            if any(sign in behind for sign in _WRITTEN):
                around[info.filename] = behind
    return around


def _behind(blocks: Iterator[bytes]) -> bytes:
    """What follows the cells of a sheet, if that is not very much."""
    end = b"".join(deque(blocks, maxlen=_LAST))
    at = end.rfind(_CELLS)
    return end[end.find(b">", at) + 1 :] if at >= 0 else b""


def _around(name: str, markup: bytes, path: str) -> Iterator[Text]:
    """What people wrote there, unless it is too little to be anything: "Page 1"."""
    text = _CODES.sub(b" ", b"".join(plain(iter([mended(markup)]), _SHEET_TEXTS)))
    if b"@" in text or len(text.strip()) >= _TELLING:
        digest = LateHash()
        digest.update(markup)
        yield Text(f"{path}!/{name}", iter([text]), digest)
