"""Excel workbooks, each sheet as a text of tab-separated lines.

The sheets are read by calamine in a disposable child, because a file of 5 KB with a cell in the last
corner makes it abort. What else a workbook may hold (comments, pivot caches, embedded files, values of
other workbooks) is read as the members of a ZIP archive. If the child dies, so is everything.
"""

import hashlib
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import timedelta

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.core.model.table import Cell, cell_text
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._stream import Damaged, Refused, Stream

title = "workbook"
rank = 10
container = True

_BLOCK = 1 << 18
_PARTLY = "partly read, as the texts that it is made of"
_WORKBOOK = "xl/workbook.xml"
_SHEETS = "xl/worksheets/sheet"
_BREAKS = str.maketrans("\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029", " " * 11)


def recognises(data: Stream) -> bool:
    if data.peek(4) not in zipped.MAGIC:
        return False
    if not zipped.may_hold(data, _WORKBOOK):
        return False
    try:
        with zipped.directory(data) as archive:
            return _WORKBOOK in archive.NameToInfo
    except Refused:
        return False


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    with zipped.directory(data) as archive:
        _weigh(archive, data)
        count = 0
        for sheet in _texts(data, path):
            count += 1
            yield sheet
        stored = {name for name in archive.namelist() if name.startswith(_SHEETS)}
        done = stored | {"xl/sharedStrings.xml", "xl/styles.xml"} if len(stored) <= count else set()
        yield from zipped.members(archive, data, path, wanted=lambda name: name not in done)


def _weigh(archive: zipfile.ZipFile, data: Stream) -> None:
    """Unpacks the sheets to see what they weigh: a bomb ends here, and never gets to the parser."""
    for info in archive.infolist():
        if info.filename.startswith("xl/"):
            try:
                for _ in data.budget.unpack(zipped.unpacked(archive, info)):
                    pass
            except Damaged as error:
                raise Refused(f"{_PARTLY}: its parts are damaged") from error


def _texts(data: Stream, path: str) -> Iterator[Text]:
    """One text per sheet. Raises Refused, where the parser fails."""
    digest = hashlib.sha256()
    file = data.file()
    while block := file.read(1 << 20):
        digest.update(block)
    with closing(_events(data)) as events:
        name = next(events, None)
        while isinstance(name, str):
            rows = _Rows(events)
            yield Text(f"{path}!{name}", rows.blocks(), digest)
            name = rows.following


class _Rows:
    """The blocks of one sheet, and what comes behind them."""

    def __init__(self, events: Iterator[str | bytes]) -> None:
        self._events = events
        self.following: str | None = None

    def blocks(self) -> Iterator[bytes]:
        for event in self._events:
            if isinstance(event, str):
                self.following = event
                return
            yield event


def _events(data: Stream) -> Generator[str | bytes]:
    from trapstreet.sandbox import stream

    try:
        for event in stream(f"{__name__}:sheets", data.file()):
            if not isinstance(event, str | bytes):
                raise Refused(f"{_PARTLY}: the xlsx parser sent neither a name nor rows")
            yield event
    except (PluginFailed, UnusableInput) as error:
        raise Refused(f"{_PARTLY}: {error.message}") from error


def sheets(path: str) -> Iterator[str | bytes]:
    """In the child: the name of each sheet, then its rows as blocks of UTF-8."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    workbook = CalamineWorkbook.from_path(path)
    for sheet in workbook.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        yield sheet.name
        block = bytearray()
        for row in workbook.get_sheet_by_name(sheet.name).iter_rows():
            line = "\t".join(map(_cell, row)).rstrip("\t")
            if line:
                block += line.encode() + b"\n"
            if len(block) >= _BLOCK:
                yield bytes(block)
                block.clear()
        yield bytes(block)


def _cell(value: Cell | timedelta) -> str:
    text = str(value) if isinstance(value, timedelta) else cell_text(value) or ""
    return text.translate(_BREAKS)
