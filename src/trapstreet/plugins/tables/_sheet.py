"""A sheet of a workbook, read where the sandbox runs it.

One crafted file of 5 KB, with cells in A1 and XFD1048576, aborts the reader natively: so it never runs in our
own process. What crosses over is lists, texts and numbers; dates and times go as [tag, ISO 8601 text].
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, TypeAlias
from xml.etree import ElementTree

from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

Sent: TypeAlias = bool | int | float | str | list[str] | None
"""A cell on its way to the parent."""

_ROWS_AT_A_TIME = 64
_ROWS_LOOKED_AT = 100
_MOST_COLUMNS = 1 << 14
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_PART_OF = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_COLUMN = re.compile(r"[A-Z]{1,3}")


def read(file: BinaryIO, sheet: str) -> Iterator[object]:
    """The sheet's [name, row of its header, first column, names, formats, widths, bold], then lists of
    [row, cells].

    sheet  "" for the first visible sheet that is not empty
    Empty rows are left out; empty cells at the end of a row are cut off. Raises UnusableInput.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(file)
        found = _sheet(workbook, sheet)
        rows = _rows(found)
    except CalamineError as error:
        raise UnusableInput(
            f"this is no readable workbook ({type(error).__name__})",
            hint="save it again, without a password",
        ) from None
    row, names = next(rows)
    looks = _Looks()
    with suppress(
        KeyError, ValueError, zipfile.BadZipFile, ElementTree.ParseError
    ):  # looks are not worth a failure
        looks = _looks(file, found.name, row)
    first = found.start[1] if found.start else 0
    columns = range(first, first + len(names))
    formats = [looks.formats.get(column) for column in columns]
    widths = [looks.widths.get(column) for column in columns]
    yield [found.name, row, first, names, formats, widths, looks.bold]
    while part := list(islice(rows, _ROWS_AT_A_TIME)):
        yield part


def _sheet(workbook: "CalamineWorkbook", wanted: str) -> "CalamineSheet":
    from python_calamine import SheetVisibleEnum

    if wanted:
        if wanted not in workbook.sheet_names:
            raise UnusableInput(
                "the workbook has no such sheet", hint=f"?sheet= takes {workbook.sheet_names}"
            )
        return workbook.get_sheet_by_name(wanted)
    for known in workbook.sheets_metadata:
        if known.visible == SheetVisibleEnum.Visible:
            sheet = workbook.get_sheet_by_name(known.name)
            if sheet.start is not None:
                return sheet
    raise UnusableInput(
        "the workbook has no sheet with cells in it", hint="name a sheet: file.xlsx?sheet=NAME"
    )


def _rows(sheet: "CalamineSheet") -> Iterator[tuple[int, list[Sent]]]:
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [_sent(value) for value in values]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield number, cells


def _sent(value: object) -> Sent:
    match value:
        case "":
            return None
        case float():
            return int(value) if value.is_integer() else value
        case datetime() | date() | time():
            return [type(value).__name__, value.isoformat()]
        case timedelta():
            return ["seconds", repr(value.total_seconds())]
        case str() | bool() | int():
            return value
    return str(value)


@dataclass(slots=True)
class _Looks:
    """Number formats (a built-in number or a code) and widths by column, counted from 0; a bold header."""

    formats: dict[int, int | str] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    bold: bool = False


def _looks(file: BinaryIO, sheet: str, header: int) -> _Looks:
    """The looks that the rows below the header have most often; raises what `read` forgives."""
    looks = _Looks()
    seen: dict[int, Counter[int]] = {}
    with zipfile.ZipFile(file) as archive:
        formats, bold = _styles(archive)
        with archive.open(_part(archive, sheet)) as part:
            for _, element in ElementTree.iterparse(part):  # noqa: S314 - as in _xml
                if element.tag == f"{_MAIN}col":
                    width = float(element.attrib.get("width", "0"))
                    last = min(int(element.attrib["max"]), _MOST_COLUMNS)
                    looks.widths.update(dict.fromkeys(range(int(element.attrib["min"]) - 1, last), width))
                elif element.tag == f"{_MAIN}row":
                    row = int(element.attrib["r"])
                    styles = [
                        (_column(c.attrib["r"]), int(c.attrib.get("s", "0")))
                        for c in element.iter(f"{_MAIN}c")
                    ]
                    element.clear()
                    if row == header:
                        looks.bold = any(bold[style] for _, style in styles)
                    elif row > header + _ROWS_LOOKED_AT:
                        break
                    elif row > header:
                        for column, style in styles:
                            seen.setdefault(column, Counter())[style] += 1
    looks.formats = {column: formats[styles.most_common(1)[0][0]] for column, styles in seen.items()}
    return looks


def _styles(archive: zipfile.ZipFile) -> tuple[list[int | str], list[bool]]:
    """By style: the number format, and whether its font is bold."""
    root = _xml(archive, "xl/styles.xml")
    codes = {int(f.attrib["numFmtId"]): f.attrib["formatCode"] for f in root.iter(f"{_MAIN}numFmt")}
    fonts = [font.find(f"{_MAIN}b") is not None for font in root.iterfind(f"{_MAIN}fonts/{_MAIN}font")]
    styles = root.findall(f"{_MAIN}cellXfs/{_MAIN}xf")
    numbers = [int(style.attrib.get("numFmtId", "0")) for style in styles]
    return (
        [codes.get(number, number) for number in numbers],
        [fonts[int(style.attrib.get("fontId", "0"))] for style in styles],
    )


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The archive member that holds the sheet."""
    workbook = _xml(archive, "xl/workbook.xml")
    relation = next(s.attrib[_PART_OF] for s in workbook.iter(f"{_MAIN}sheet") if s.attrib["name"] == sheet)
    relations = _xml(archive, "xl/_rels/workbook.xml.rels")
    target = next(r.attrib["Target"] for r in relations if r.attrib["Id"] == relation)
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _column(reference: str) -> int:
    letters = _COLUMN.match(reference)
    number = 0
    for letter in letters[0] if letters else "A":
        number = number * 26 + ord(letter) - 64
    return number - 1


def _xml(archive: zipfile.ZipFile, member: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(member))  # noqa: S314 - the sandbox bounds what entities can do
