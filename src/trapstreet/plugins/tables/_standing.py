"""Where new rows stand in a file: by the order that its rows are in, else at random.

A file that is sorted stays sorted, and among equals a new row stands anywhere. The places in an unsorted file
are drawn from the system's randomness: places that follow from the rows' own bytes would let anybody who
knows the rule test every row of the file for it.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from operator import gt, itemgetter, lt
from random import SystemRandom
from typing import Any, Protocol

from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.plugins.tables import Table

View = Callable[[Cell], Any]
"""What a cell is compared by; None where it has nothing to compare."""

_HOPELESS = 500  # steps back after which a sequence that goes back often is not watched any longer
_ALMOST = 0.01  # share of rows that may stand out of order in a file that grew by itself
_NUMBER = re.compile(r"(\d+)")
_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(.*)", re.DOTALL)


def _as_stored(cell: Cell) -> Cell:
    return None if cell == "" else cell


def _folded(cell: Cell) -> str | None:
    return cell.casefold() if isinstance(cell, str) and cell else None


def _numbered(cell: Cell) -> tuple[str | int, ...] | None:
    """A text with its numbers as numbers: "ORD-9" comes before "ORD-10"."""
    if not isinstance(cell, str) or not cell:
        return None
    parts: list[str | int] = list(_NUMBER.split(cell))
    parts[1::2] = map(int, parts[1::2])
    return tuple(parts)


def _day_first(cell: Cell) -> tuple[int | str, ...] | None:
    found = _DATE.fullmatch(cell) if isinstance(cell, str) else None
    return found and (int(found[3]), int(found[2]), int(found[1]), found[4])


def _month_first(cell: Cell) -> tuple[int | str, ...] | None:
    found = _DATE.fullmatch(cell) if isinstance(cell, str) else None
    return found and (int(found[3]), int(found[1]), int(found[2]), found[4])


_VIEWS = (_as_stored, _folded, _numbered, _day_first, _month_first)


@dataclass(slots=True)
class _Probe:
    """Counts how often a column rises and falls through a view; gives up on one that is in no order."""

    column: int
    view: View
    rises: int = 0
    falls: int = 0
    lost: bool = False
    last: Any = None

    def observe(self, cells: Sequence[Cell]) -> None:
        if self.lost:
            return
        values = [value for value in map(self.view, cells) if value is not None]
        if not values:
            self.lost = any(cell is not None and cell != "" for cell in cells)
            return
        before = values if self.last is None else [self.last, *values]
        self.last = values[-1]
        try:
            self.rises += sum(map(lt, before, before[1:]))
            self.falls += sum(map(gt, before, before[1:]))
        except TypeError:  # several types in a column are in no order
            self.lost = True
        stray = min(self.rises, self.falls)
        self.lost = self.lost or (stray > _HOPELESS and stray * 10 > self.rises + self.falls)

    @property
    def steps(self) -> int:
        return self.rises + self.falls

    @property
    def stray(self) -> int:
        return min(self.rises, self.falls)

    @property
    def descending(self) -> bool:
        return self.falls > self.rises


@dataclass(frozen=True, slots=True)
class Order:
    """The rows come in the order of these columns, each read through its view; all of them rise, or fall."""

    by: tuple[tuple[int, View], ...]
    descending: bool = False

    def key(self, row: Row) -> tuple[Any, ...] | None:
        values = tuple(view(row[column]) for column, view in self.by)
        return None if None in values else values


@dataclass(slots=True)
class Survey:
    """What one pass over a table shows.

    rows      how many
    rejected  how many could not be read
    order     None where the rows are in none
    unique    the columns that never repeat and are never empty, from the left
    types     of the cells of each column that are not None
    grouped   the rows with the same reference stand together
    """

    rows: int
    rejected: int
    order: Order | None
    unique: tuple[int, ...]
    types: tuple[frozenset[type], ...]
    grouped: bool = False


def survey(table: Table, *, reference: int | None = None) -> Survey:
    """Read a table once. Memory: 8 bytes a row for each column that never repeats."""
    width = len(table.columns)
    probes = [_Probe(column, view) for column in range(width) for view in _VIEWS]
    seen = _Distinct(range(width))
    types: list[set[type]] = [set() for _ in range(width)]
    groups = _Groups()
    rows = rejected = 0
    for batch in table.batches():
        rejected += len(batch.rejected)
        if not batch.rows:
            continue
        rows += len(batch.rows)
        columns = list(zip(*batch.rows, strict=True))
        for probe in probes:
            probe.observe(columns[probe.column])
        for kinds, cells in zip(types, columns, strict=True):
            kinds.update(map(type, cells))
        seen.observe(columns)
        if reference is not None:
            groups.observe(columns[reference])
    return Survey(
        rows,
        rejected,
        _order(probes, rows),
        seen.columns() if rows else (),
        tuple(frozenset(kinds - {type(None)}) for kinds in types),
        groups.together,
    )


class Standing(Protocol):
    """Finds the places of new rows while the rows of the table pass by."""

    def observe(self, rows: Sequence[Row]) -> None: ...
    def places(self) -> list[tuple[int, int]]:
        """For each new row how many rows of the table come before it, and its number among the new ones; in
        the order of the file."""
        ...


def standing(found: Survey, rows: Sequence[Row], *, reference: int | None = None) -> Standing:
    """The places of new rows in a table.

    Raises TypeError, or its methods do, if a cell that decides a place is of another type than its column.
    """
    if found.order:
        return _InOrder(found.order, rows, found.rows)
    if found.grouped and reference is not None:
        return _BesideGroups(rows, reference, found.rows)
    return _Anywhere(rows, found.rows)


_RANDOM = SystemRandom()


def _order(probes: Iterable[_Probe], rows: int) -> Order | None:
    """The finest column without a step back, with a second one that only goes back where the first steps on;
    else one that hardly ever goes back."""
    sound = [probe for probe in probes if not probe.lost and probe.steps and rows >= 2]
    whole = [probe for probe in sound if not probe.stray]
    if not whole:
        almost = [probe for probe in sound if probe.stray <= _ALMOST * rows and probe.steps * 5 >= rows]
        best = max(almost, key=lambda probe: (-probe.stray, probe.steps), default=None)
        return Order(((best.column, best.view),), best.descending) if best else None
    first = max(whole, key=lambda probe: probe.steps)
    within = [
        probe
        for probe in sound
        if first.steps < probe.steps and probe.stray <= first.steps and probe.descending == first.descending
    ]
    second = max(within, key=lambda probe: (probe.steps, -probe.stray), default=None)
    by = [(probe.column, probe.view) for probe in (first, second) if probe]
    return Order(tuple(by), first.descending)


class _Distinct:
    """The columns in which no value repeats, by 64-bit hashes of their texts."""

    def __init__(self, columns: Iterable[int]) -> None:
        self._hashes = {column: array("q") for column in columns}

    def observe(self, columns: Sequence[Sequence[Cell]]) -> None:
        for column, hashes in list(self._hashes.items()):
            cells = columns[column]
            if len(set(cells)) < len(cells) or None in cells or "" in cells:
                del self._hashes[column]
            else:
                hashes.extend(hash(cell_text(cell)) for cell in cells)

    def columns(self) -> tuple[int, ...]:
        import numpy as np

        return tuple(
            column
            for column, hashes in self._hashes.items()
            if np.unique(np.frombuffer(hashes, np.int64)).size == len(hashes)
        )


class _Groups:
    """Whether equal cells of a column stand together, looked at in the first rows."""

    _MOST = 100_000

    def __init__(self) -> None:
        self._seen: set[Cell] = set()
        self._last: Cell = None
        self._rows = self._changes = 0

    def observe(self, cells: Sequence[Cell]) -> None:
        if self._rows < self._MOST:
            self._rows += len(cells)
            self._changes += sum(a != b for a, b in pairwise(chain([self._last], cells)))
            self._seen.update(cells)
            self._last = cells[-1]

    @property
    def together(self) -> bool:
        return 1 < len(self._seen) < self._rows and self._changes <= len(self._seen)


class _Anywhere:
    """Places in an unsorted table."""

    def __init__(self, rows: Sequence[Row], total: int) -> None:
        self._new = len(rows)
        self._total = total

    def observe(self, rows: Sequence[Row]) -> None:
        pass

    def places(self) -> list[tuple[int, int]]:
        return sorted((_RANDOM.randint(0, self._total), new) for new in _mixed(self._new))


class _InOrder:
    """Places by the number of rows that are less: so rows out of order in the table move no new row far."""

    def __init__(self, order: Order, rows: Sequence[Row], total: int) -> None:
        self._order = order
        self._new = [order.key(row) for row in rows]
        self._keys = sorted({key for key in self._new if key is not None})
        self._less = [0] * (len(self._keys) + 1)  # rows below the key that are not below the one before it
        self._equal = [0] * (len(self._keys) + 1)
        self._keyless, self._known = array("q"), 0
        self._total = total

    def observe(self, rows: Sequence[Row]) -> None:
        for row in rows:
            key = self._order.key(row)
            if key is None:
                self._keyless.append(self._known + len(self._keyless))
                continue
            self._known += 1
            low, high = bisect_left(self._keys, key), bisect_right(self._keys, key)
            self._less[high] += 1
            self._equal[low] += low < high

    def places(self) -> list[tuple[int, int]]:
        counts = dict(zip(self._keys, zip(accumulate(self._less), self._equal, strict=True), strict=False))
        new = _mixed(len(self._new))
        new.sort(key=lambda at: self._new[at] or (), reverse=self._order.descending)
        return sorted(((self._place(counts, self._new[at]), at) for at in new), key=itemgetter(0))

    def _place(self, counts: Mapping[Any, tuple[int, int]], key: Any) -> int:
        """After as many rows that have a key; rows without one at either end of the table stay there."""
        if key is None:
            return _RANDOM.randint(0, self._total)
        less, equal = counts[key]
        first = self._known - less - equal if self._order.descending else less
        rank = first + _RANDOM.randint(0, equal)
        passed = (bisect_right if rank == 0 else bisect_left)(
            range(len(self._keyless)), rank, key=lambda at: self._keyless[at] - at
        )
        return rank + passed


class _BesideGroups:
    """Rows of one reference together, at a random place between two groups."""

    def __init__(self, rows: Sequence[Row], reference: int, total: int) -> None:
        self._new = [row[reference] for row in rows]
        self._reference = reference
        references = sorted(set(self._new), key=str)
        self._waiting = _RANDOM.sample(references, len(references))
        self._wanted = sorted((_RANDOM.randint(0, total) for _ in references), reverse=True)
        self._places: dict[Cell, int] = {}
        self._passed = 0
        self._last: object = object()

    def observe(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row[self._reference] != self._last:
                while self._wanted and self._wanted[-1] <= self._passed:
                    self._wanted.pop()
                    self._places[self._waiting.pop()] = self._passed
                self._last = row[self._reference]
            self._passed += 1

    def places(self) -> list[tuple[int, int]]:
        new = sorted(range(len(self._new)), key=lambda at: str(self._new[at]))
        return sorted(((self._places.get(self._new[at], self._passed), at) for at in new), key=itemgetter(0))


def _mixed(count: int) -> list[int]:
    return _RANDOM.sample(range(count), count)
