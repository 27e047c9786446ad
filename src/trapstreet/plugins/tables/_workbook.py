"""One sheet of cells on its way into an XLSX file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Cell, Row, cell_text
from trapstreet.plugins.tables._cells import exact_number

if TYPE_CHECKING:
    from xlsxwriter.format import Format

LONGEST_TEXT = 32767
"""Characters of the longest text that a cell holds."""

_MOST_ROWS = 1 << 20
_MOST_COLUMNS = 1 << 14
_EXACT = 10**15  # a sheet keeps 15 digits of a number; a longer one is written as text
_FIRST_DAY = date(1900, 3, 1)  # before it spreadsheets count a leap day that never was
_BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)])
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


@dataclass(frozen=True, slots=True)
class Looks:
    """What a sheet looks like beside its cells, per column where it is a sequence.

    formats  built-in number or code of a number format, None for none
    widths   in characters, None or 0 for the usual one
    bold     the header's font
    """

    sheet: str
    formats: Sequence[int | str | None]
    widths: Sequence[float | None]
    bold: bool


class SheetWriter:
    """A workbook of one sheet. Rows go to scratch as they come; `finish` makes the file of them."""

    def __init__(
        self, out: BinaryIO, scratch: Path, columns: Sequence[str], looks: Looks, *, where: str
    ) -> None:
        import xlsxwriter

        if len(columns) > _MOST_COLUMNS:
            raise UnusableInput(
                f"{where}: a sheet holds {_MOST_COLUMNS:,} columns", hint="write .csv or .parquet"
            )
        self._columns = columns
        self._where = where
        self._workbook = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": str(scratch)})
        self._workbook.use_zip64()
        self._sheet = self._workbook.add_worksheet(looks.sheet)
        self._formats = [self._format(code) for code in looks.formats]
        self._dated = [_is_dated(code) for code in looks.formats]
        self._day, self._moment, self._hour = map(
            self._format, ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss")
        )
        for column, width in enumerate(looks.widths):
            if width:
                self._sheet.set_column(column, column, width)
        header = self._workbook.add_format({"bold": True}) if looks.bold else None
        for column, name in enumerate(columns):
            self._text(0, column, name, header)
        self._row = 1

    def write(self, batch: Batch) -> None:
        """Append the rows. Raises UnusableInput beyond what a sheet holds."""
        if self._row + len(batch.rows) > _MOST_ROWS:
            raise UnusableInput(
                f"{self._where}: a sheet holds {_MOST_ROWS:,} rows", hint="write .csv or .parquet"
            )
        for row in batch.rows:
            self._write_row(row)
            self._row += 1

    def finish(self) -> None:
        """Make the file. Raises OSError."""
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._workbook.close()
        except FileCreateError as error:
            raise error.args[0] from None

    def drop(self) -> None:
        """Close what is open without making a file."""
        self._sheet.row_data_fh.close()

    def _write_row(self, row: Row) -> None:
        for column, (cell, style) in enumerate(zip(row, self._formats, strict=True)):
            if cell is None:
                continue
            if type(cell) is str:
                self._text(self._row, column, cell, style)
            else:
                self._typed(column, cell, style)

    def _typed(self, column: int, cell: Cell, style: "Format | None") -> None:
        match cell:
            case bool():
                self._sheet.write_boolean(self._row, column, cell, style)
                return
            case int() | float() | Decimal() if (number := _number(cell)) is not None:
                self._sheet.write_number(self._row, column, number, style)
                return
            case datetime() | date() | time() if _has_a_number(cell):
                self._sheet.write_datetime(self._row, column, cell, self._dated_format(column, cell))
                return
        self._text(self._row, column, cell_text(cell) or "", style)

    def _dated_format(self, column: int, cell: date | time) -> "Format | None":
        if self._dated[column]:
            return self._formats[column]
        return (
            self._moment
            if isinstance(cell, datetime)
            else self._day
            if isinstance(cell, date)
            else self._hour
        )

    def _text(self, row: int, column: int, text: str, style: "Format | None") -> None:
        """Text stays text, whatever it begins with."""
        if self._sheet.write_string(row, column, text, style) != 0:
            raise UnusableInput(
                f"{self._where}: column {self._columns[column]!r} has a text beyond {LONGEST_TEXT:,} signs",
                hint="a sheet cannot hold it; write .csv or .parquet",
            )

    def _format(self, code: int | str | None) -> "Format | None":
        return self._workbook.add_format({"num_format": code}) if code else None


def held(cell: Cell) -> tuple[str, str]:
    """What a sheet holds of a cell, for `_sheet_rows`: the kind of its value, and the value; "" for none."""
    match cell:
        case bool():
            return "b", str(int(cell))
        case int() | float() | Decimal() if (number := _number(cell)) is not None:
            return "n", repr(number)
        case time() if _has_a_number(cell):
            return "h", cell.isoformat()
        case datetime() | date() if _has_a_number(cell):
            return "d", cell.isoformat()
    return "s", cell_text(cell) or ""


def _number(cell: int | float | Decimal) -> int | float | None:
    """The cell as a number that a sheet keeps to the last digit, None if it cannot."""
    number = exact_number(cell)
    return number if isinstance(number, float) or (number is not None and abs(number) < _EXACT) else None


def _has_a_number(cell: date | time) -> bool:
    if isinstance(cell, datetime):
        return cell.tzinfo is None and cell.date() >= _FIRST_DAY
    return cell >= _FIRST_DAY if isinstance(cell, date) else cell.tzinfo is None


def _is_dated(code: int | str | None) -> bool:
    """The number format shows a date or a time."""
    if isinstance(code, str):
        return bool(re.search("[ymdhs]", _LITERALS.sub("", code).lower())) or "[h" in code.lower()
    return code in _BUILT_IN_DATES
