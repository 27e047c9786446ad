"""The order of a table's rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import gt, lt
from typing import Any

from trapstreet.core.model.table import Cell, Row

View = Callable[[Cell], Any]
"""What a cell is compared by; None where it has nothing to compare."""

_HOPELESS = 500  # steps back after which a sequence that goes back often is not watched any longer


@dataclass(frozen=True, slots=True)
class SortOrder:
    """The rows come in the order of one column, read through `view`."""

    column: int
    view: View = field(repr=False)
    descending: bool = False

    def key(self, row: Row) -> Any:
        return self.view(row[self.column])

    def precedes(self, key: Any, other: Any) -> bool:
        return bool(key > other if self.descending else key < other)


class SortProbe:
    """Counts how often a sequence rises and falls, a batch at a time; gives up on one that is in no order."""

    def __init__(self) -> None:
        self.rises = 0
        self.falls = 0
        self._last: Any = None
        self._type: type | None = None
        self._in_no_order = False

    def observe(self, values: Iterable[Any]) -> None:
        """Take in the next values; None is passed over. Values of several types are in no order."""
        present = [] if self._in_no_order else [value for value in values if value is not None]
        if not present:
            return
        self._type = self._type or type(present[0])
        if set(map(type, present)) != {self._type}:
            self._in_no_order = True
            return
        before = present if self._last is None else [self._last, *present]
        self._last = present[-1]
        self.rises += sum(map(lt, before, before[1:]))
        self.falls += sum(map(gt, before, before[1:]))
        self._in_no_order = self.stray > _HOPELESS and self.stray * 10 > self.rises + self.falls

    @property
    def steps(self) -> int:
        """Changes of value, 0 for what is in no order."""
        return 0 if self._in_no_order else self.rises + self.falls

    @property
    def stray(self) -> int:
        """The changes against the main direction."""
        return min(self.rises, self.falls)

    @property
    def descending(self) -> bool:
        return self.falls > self.rises


def as_stored(cell: Cell) -> Cell:
    return cell


def case_folded(cell: Cell) -> str | None:
    return cell.casefold() if isinstance(cell, str) else None
