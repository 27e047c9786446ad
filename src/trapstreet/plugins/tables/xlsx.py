"""XLSX workbooks: one sheet is one table."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Batch, Cell, Rejected, Row
from trapstreet.plugins.tables import BATCH, Fit, Location, Table, WriteBatch, _sheet_rows
from trapstreet.plugins.tables._cells import cell_of
from trapstreet.plugins.tables._columns import named_columns
from trapstreet.plugins.tables._files import open_regular, reading
from trapstreet.plugins.tables._sheet import read
from trapstreet.plugins.tables._workbook import LONGEST_TEXT, Looks, SheetWriter, held
from trapstreet.sandbox import Limits, stream

if TYPE_CHECKING:
    from trapstreet.plugins.tables._ground_files import FileGround

_ZIP = b"PK\x03\x04"
_READER = f"{__name__}:{read.__name__}"  # the sandbox names the module when it fails
_LIMITS = Limits(memory=4 << 30, cpu=600, silence=300.0)  # a full sheet of 1,048,576 rows: bench/register.py
_TAGS: dict[str, Callable[[str], Cell]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "seconds": lambda text: cell_of(timedelta(seconds=float(text))),
}


class Xlsx:
    """A sheet of an XLSX workbook: the first visible one with cells in it, or `?sheet=NAME`."""

    name = "xlsx"
    title = "XLSX (.xlsx)"
    suffixes = (".xlsx",)
    schemes = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        if head.startswith(_ZIP) and (b"xl/" in head or b"[Content_Types].xml" in head):
            return Fit.CERTAIN
        return Fit.NAMED if suffix in (".xlsx", ".xlsm", ".xls") else Fit.NO

    def open(self, location: Location) -> "XlsxTable":
        location.only("sheet")
        with reading(location.place), open_regular(Path(location.place)) as file:
            if file.read(len(_ZIP)) != _ZIP:
                raise UnusableInput(
                    f"{location.place}: this is no XLSX workbook: it is not a zip archive",
                    hint="save it as .xlsx, without a password",
                )
        return XlsxTable(Path(location.place), location.options.get("sheet", ""))

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> "FileGround":
        from trapstreet.plugins.tables._ground_files import FileGround

        return FileGround(location, self.open, key=key, links=links)

    @contextmanager
    def writer(self, out: BinaryIO, *, like: Table, suffix: str, scratch: Path) -> Iterator[WriteBatch]:
        width = len(like.columns)
        plain = Looks("Sheet1", (None,) * width, (None,) * width, bold=False)
        looks = like.looks if isinstance(like, XlsxTable) else plain
        sheet = SheetWriter(out, scratch, like.columns, looks, where=like.label)
        try:
            yield sheet.write
        except BaseException:
            sheet.drop()
            raise
        sheet.finish()


class XlsxTable:
    """A sheet. An empty cell is None; a formula is its last result; lines are the sheet's rows.

    The first row with cells is the header. Reading happens in a disposable process, which holds the whole
    sheet until the end: 0.6 GB and 18 s for 1,000,000 rows of six texts.
    """

    format = "xlsx"

    def __init__(self, path: Path, sheet: str) -> None:
        self.label = f"{path}?sheet={sheet}" if sheet else str(path)
        self._path = path
        self._wanted = sheet
        with closing(self._sent()) as sent:
            self.columns, self.looks = self._header(next(sent, None))

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """Rows with typed cells; a row with cells beyond the last named column is rejected."""
        width = len(self.columns)
        rows: list[Row] = []
        lines: list[int] = []
        rejected: list[Rejected] = []
        with closing(self._sent()) as sent:
            next(sent)
            for line, cells in chain.from_iterable(map(self._part, sent)):
                if len(cells) > width:
                    rejected.append(Rejected(line, f"{len(cells)} cells instead of {width}"))
                else:
                    rows.append((*cells, *(None,) * (width - len(cells))))
                    lines.append(line)
                if len(rows) + len(rejected) >= size:
                    yield Batch(rows, lines, rejected=rejected)
                    rows, lines, rejected = [], [], []
        if rows or rejected:
            yield Batch(rows, lines, rejected=rejected)

    editor = _sheet_rows
    losses = ("charts, pictures and pivot tables keep their ranges; formulas and comments are refused",)

    def addition(self, rows: Sequence[tuple[int | None, Row]]) -> dict[str, Any]:
        """What `_sheet_rows.add` takes to add rows, each before this row or at the end (None)."""
        return {**self.form, "rows": [[line, list(map(self._written, row))] for line, row in rows]}

    def _written(self, cell: Cell) -> list[str] | None:
        kind, value = held(cell)
        if len(value) > LONGEST_TEXT:
            raise UnusableInput(
                f"{self.label}: a text has more than {LONGEST_TEXT:,} characters",
                hint="a sheet holds no more",
            )
        return [kind, value] if value else None

    def _sent(self) -> Generator[object, None, None]:
        try:
            yield from stream(_READER, str(self._path.absolute()), self._wanted, limits=_LIMITS)
        except (UnusableInput, PluginFailed) as error:
            raise type(error)(f"{self.label}: {error.message}", hint=error.hint) from None

    def _header(self, sent: object) -> tuple[tuple[str, ...], Looks]:
        match sent:
            case [
                str() as name,
                int() as row,
                int() as first,
                list() as names,
                list() as formats,
                list() as widths,
                bool() as bold,
            ]:
                self.form = {"sheet": name, "header": row, "first": first, "width": len(names)}
                columns = named_columns(map(self._cell, names), where=self.label, guessed=True)
                return columns, Looks(name, formats, widths, bold)
        raise self._garbled()

    def _part(self, sent: object) -> Iterator[tuple[int, list[Cell]]]:
        if not isinstance(sent, list):
            raise self._garbled()
        for item in sent:
            match item:
                case [int() as line, list() as cells]:
                    yield line, [cell if type(cell) is str else self._cell(cell) for cell in cells]
                case _:
                    raise self._garbled()

    def _cell(self, sent: Any) -> Cell:
        match sent:
            case None | bool() | int() | float() | str():
                return sent
            case [str() as tag, str() as text] if tag in _TAGS:
                return _TAGS[tag](text)
        raise self._garbled()

    def _garbled(self) -> PluginFailed:
        return PluginFailed(f"{self.label}: the reader sent what is no sheet", hint="save the workbook again")


FORMAT = Xlsx()
