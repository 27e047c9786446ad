"""A sheet as a table, whichever kind of workbook it is in."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.core.model.table import Batch, Cell, Rejected, Row
from trapstreet.plugins.tables import BATCH, Location
from trapstreet.plugins.tables._cells import cell_of
from trapstreet.plugins.tables._columns import named_columns
from trapstreet.plugins.tables._files import open_regular, reading
from trapstreet.plugins.tables._workbook import Looks
from trapstreet.sandbox import Limits, stream

_LIMITS = Limits(memory=4 << 30, cpu=600, silence=300.0)  # a full sheet of 1,048,576 rows: bench/register.py
_TAGS: dict[str, Callable[[str], Cell]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "seconds": lambda text: cell_of(timedelta(seconds=float(text))),
}


class SheetTable:
    """A sheet. An empty cell is None; a formula is its last result; lines are the sheet's rows.

    The first row with cells is the header. Reading happens in a disposable process, which holds the whole
    sheet until the end: 0.6 GB and 18 s for 1,000,000 rows of six texts.
    """

    def __init__(self, location: Location, reader: str) -> None:
        """reader  "package.module:function" of the format, which the sandbox names when it fails"""
        self._source = location.file
        self._wanted = location.options.get("sheet", "")
        self._reader = reader
        self.format = reader.partition(":")[0].rpartition(".")[2]
        self.label = self._source.label + (f"?sheet={self._wanted}" if self._wanted else "")
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

    def _sent(self) -> Generator[object, None, None]:
        try:
            with reading(self.label), open_regular(self._source.path) as file:
                yield from stream(self._reader, file, self._wanted, limits=_LIMITS)
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
