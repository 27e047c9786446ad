"""What a column of another format holds, from all of its cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, auto
from uuid import UUID

from trapstreet.core.model.table import Cell
from trapstreet.plugins.tables import Table


class Sort(Enum):
    """What all cells of a column are. TEXT holds every cell; TIME and TIMESTAMP have no zone."""

    TEXT = auto()
    INTEGER = auto()
    NUMERIC = auto()
    DOUBLE = auto()
    BOOLEAN = auto()
    DATE = auto()
    TIME = auto()
    TIMESTAMP = auto()
    ZONED_TIMESTAMP = auto()
    BYTES = auto()
    UUID = auto()


_SIMPLE = {bool: Sort.BOOLEAN, date: Sort.DATE, bytes: Sort.BYTES, UUID: Sort.UUID}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The narrowest sort that holds every cell exactly.

    digits  the most digits before the decimal point of its integers and decimals
    scale   the most digits after it
    """

    sort: Sort
    digits: int = 0
    scale: int = 0


def column_types(like: Table) -> list[ColumnType]:
    """The type of every column. Reads the whole table, or one batch of it where every column is text."""
    seen = [_Seen() for _ in like.columns]
    for batch in like.batches():
        for column, cells in zip(seen, zip(*batch.rows, strict=True), strict=False):
            column.take(cells)
        if all(str in column.types for column in seen):
            break
    return [column.type() for column in seen]


@dataclass(slots=True)
class _Seen:
    """The types of a column's cells, how much room its numbers need, and whether its moments have a zone."""

    types: set[type] = field(default_factory=set)
    zoned: set[bool] = field(default_factory=set)
    digits: int = 0
    scale: int = 0

    def take(self, cells: Sequence[Cell]) -> None:
        self.types.update(map(type, cells))
        if self.types & {datetime, time}:
            self.zoned.update(cell.tzinfo is not None for cell in cells if isinstance(cell, datetime | time))
        if self.types & {int, Decimal} and str not in self.types:
            for cell in cells:
                if isinstance(cell, Decimal | int) and not isinstance(cell, bool):
                    self._measure(Decimal(cell))

    def _measure(self, number: Decimal) -> None:
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):  # NaN and infinity
            self.types.add(str)
            return
        self.scale = max(self.scale, -exponent)
        self.digits = max(self.digits, number.adjusted() + 1)

    def type(self) -> ColumnType:
        return ColumnType(self._sort(), self.digits, self.scale)

    def _sort(self) -> Sort:
        types = self.types - {type(None)}
        if types == {int} and self.digits <= 18:
            return Sort.INTEGER
        if types and types <= {int, Decimal}:
            return Sort.NUMERIC
        if types and types <= {int, float} and self.digits <= 15:
            return Sort.DOUBLE
        if datetime in types and len(self.zoned) == 1 and types <= {date, datetime}:
            return Sort.ZONED_TIMESTAMP if True in self.zoned else Sort.TIMESTAMP
        if types == {time} and self.zoned == {False}:
            return Sort.TIME
        return _SIMPLE.get(next(iter(types)), Sort.TEXT) if len(types) == 1 else Sort.TEXT
