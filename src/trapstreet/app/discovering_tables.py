"""Tables in files, as far as their beginning shows them.

More forgiving than where rows have to be kept apart: a column without a name, or with one that another has,
is no obstacle here, nor is a file without a header.
"""

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import PurePath

from trapstreet.app.held_in_memory import in_memory
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.inventories import MOST_VALUES, ColumnName, ShownTable, shown_columns
from trapstreet.core.model.table import Batch, cell_text
from trapstreet.discover.domain.own_names import is_headless, numbered
from trapstreet.discover.domain.texts import LONGEST
from trapstreet.plugins.tables import HEAD, Fit, Location, fit_of, open_located
from trapstreet.plugins.tables._dialect import decide
from trapstreet.plugins.tables._lines import records
from trapstreet.plugins.tables.parquet import ParquetTable

_SHEET = re.compile(r"\.(xlsx|xlsm|xls|ods)!(?!/)[^/!]+$", re.IGNORECASE)
_DELIMITED = (".csv", ".tsv")
_MOST_COLUMNS = 1_000
_ROWS = 4 * MOST_VALUES
"""That are looked at: cells are often empty, and values come again."""
_CUT = LONGEST - (1 << 16)
"""Bytes of a beginning behind which there may be more: it ends with a whole line."""
_LINES = 2_000
"""By which it is decided how a table is delimited."""

Cells = Sequence[str | None]


def table_in(text: bytes, path: tuple[str, ...], *, called: str, size: int | None) -> ShownTable | None:
    """The table that the beginning of a text is; None where it is none.

    called  its name: what it ends with says what it should be;  size  bytes of all of it, None: unknown
    """
    try:
        return _table_in(text, path, called, size)
    except (TrapstreetError, OSError):
        return None


def _table_in(text: bytes, path: tuple[str, ...], called: str, size: int | None) -> ShownTable | None:
    is_whole = len(text) < _CUT
    share = 1.0 if is_whole else size and size / len(text)
    if _SHEET.search(called):
        rows = [line.rstrip("\r\n").split("\t") for line in _lines(text)]
        return _with_header(path, rows, 1.0 if is_whole else None)
    if fit_of(text[:HEAD], called) < Fit.NAMED:
        return None
    if PurePath(called).suffix.lower() in _DELIMITED:
        lines = _lines(text)
        if not lines:
            return None
        dialect = decide(lines[:_LINES])
        return _with_header(path, [each.cells for each in records(lines, dialect) if not each.why], share)
    with in_memory(text) as held:
        table = open_located(Location("", f"text{PurePath(called).suffix}", held=held))
        rows_there = [each for batch in table.batches() for each in _texts(batch)]
        return _shown(path, numbered(table.columns), rows_there, share)


def of_parquet(path: tuple[str, ...], where: Location) -> ShownTable:
    """The first rows of a table in a Parquet file. Raises as `open_located` and the table do."""
    table = open_located(where)
    if not isinstance(table, ParquetTable):
        raise UnusableInput(f"{where.place}: it is no Parquet file")
    rows: list[Cells] = []
    for batch in table.batches(MOST_VALUES):
        rows += _texts(batch)
        if len(rows) >= _ROWS:
            break
    return _shown(path, numbered(table.columns), rows, table.records / len(rows) if rows else 1.0)


def _with_header(path: tuple[str, ...], rows: list[list[str]], share: float | None) -> ShownTable | None:
    """The table whose first row has the names of its columns, unless that is a record, too."""
    if not rows:
        return None
    header = [name.strip() for name in rows[0]]
    headless = is_headless(header)
    names = numbered(header, all_of_them=headless)
    width = len(names)
    cells = [(row + [""] * width)[:width] for row in (rows if headless else rows[1:])]
    return _shown(path, names, cells, share)


def _shown(
    path: tuple[str, ...], names: Sequence[str], rows: Sequence[Cells], share: float | None
) -> ShownTable:
    """A table by some rows. share: how many times as many it has; None: unknown."""
    if len(names) > _MOST_COLUMNS:
        raise UnusableInput(f"more than {_MOST_COLUMNS:,} columns")
    there = None if share is None else round(share * len(rows))
    drawn = rows[:: -(-len(rows) // _ROWS) or 1]
    columns = [ColumnName(name) for name in names]
    return ShownTable(path, "table", shown_columns(columns, drawn, records=there), there)


def _texts(batch: Batch) -> list[Cells]:
    return [[cell_text(cell) for cell in row] for row in batch.rows]


def _lines(text: bytes) -> list[str]:
    return [each for each in StringIO(text.decode("utf-8", "replace"), newline="") if each.strip()]
