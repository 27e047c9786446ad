"""Tables as the product sees them: named columns, and batches of rows with the lines they came from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

Cell = str | int | float | bool | Decimal | date | datetime | time | bytes | UUID | None
"""One cell as the source stores it. A CSV cell is always text; None is NULL, which is not the empty text."""

Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be read; `why` names the fault and never shows the row."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows of a table.

    rows      the cells, one tuple per row, in the order of the table's columns
    lines     where each row begins: 1-based line of a text file, row of a sheet, or ordinal of a result set
    raw       the text of each row exactly as the source has it, so that a copy keeps it (text formats only);
              None for a row that did not come from the source
    rejected  the rows met on the way that are not in `rows`
    """

    rows: Sequence[Row]
    lines: Sequence[int]
    raw: Sequence[str | None] | None = None
    rejected: Sequence[Rejected] = field(default=())

    def only(self, kept: Sequence[int]) -> "Batch":
        """The rows at these positions, without what was rejected on the way."""
        raw = None if self.raw is None else [self.raw[at] for at in kept]
        return Batch([self.rows[at] for at in kept], [self.lines[at] for at in kept], raw)

    def with_rows(self, changed: Mapping[int, Row]) -> "Batch":
        """The batch with other rows at these positions: their raw text is gone."""
        rows = [changed.get(at, row) for at, row in enumerate(self.rows)]
        raw = self.raw and [None if at in changed else text for at, text in enumerate(self.raw)]
        return Batch(rows, self.lines, raw, self.rejected)


_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    bool: lambda cell: "true" if cell else "false",
    int: str,
    float: lambda cell: str(int(cell)) if cell.is_integer() else repr(cell),
    Decimal: lambda cell: str(int(cell)) if cell == cell.to_integral_value() else str(cell),
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    bytes: bytes.hex,
    UUID: str,
}
"""In this order for what is of several types."""


def cell_text(cell: Cell) -> str | None:
    """The cell as text, the same for the same value in every format; None stays None.

    Text is kept as stored. Integral numbers lose a trailing ".0"; other numbers keep their shortest decimal
    form; dates and times are ISO 8601; bytes are hexadecimal; booleans are "true" and "false".
    """
    if cell is None or isinstance(cell, str):
        return cell
    written = _WRITTEN.get(type(cell)) or next(
        way for kind, way in _WRITTEN.items() if isinstance(cell, kind)
    )
    return written(cell)
