"""What the rows of a linked table look like, learnt in one pass: enough to make a person's rows in it."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from trapstreet.core.fields import recognise
from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Batch, Cell, Row
from trapstreet.decoys.kin.counts import RowSample, ValueCounts
from trapstreet.decoys.kin.figures import Product, products
from trapstreet.decoys.kin.numbers import Numbers, NumbersBuilder, apart
from trapstreet.decoys.kin.times import TimeColumn, time_column
from trapstreet.decoys.numbering import NumberingBuilder

PERSONAL = frozenset(
    {
        Kind.EMAIL, Kind.PHONE, Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME,
        Kind.ADDRESS, Kind.POSTCODE, Kind.BIRTH_DATE,
    }
)  # fmt: skip
"""Kinds whose values belong to a person: the donor's become the decoy's."""

_JUDGED = 500  # rows by which columns are recognised
_REPEATED = 0.5  # share of different values up to which a column is one of categories
_FOLLOWS = 0.9  # share of rows, by number, whose clock must not step back


@dataclass(frozen=True)
class KinModel:
    """A linked table as `grow` sees it. Holds plaintext of a sample of rows: it lives in memory only.

    numbers   numbered columns: keys, unique columns, reference numbers
    clock     the column that the numbers follow: a time, or the reference itself; None where they follow none
    counts    how often each value occurs, for every column that is neither numbered, nor a time, nor the
              reference;  tuples: the same for all `categories` together, the columns whose values repeat
    blanks    per column, what an empty cell looks like; absent where none was met
    """

    table: GroundTable
    columns: tuple[Column, ...]
    sample: Sequence[Row] = field(repr=False)
    numbers: Mapping[int, Numbers] = field(repr=False)
    times: Mapping[int, TimeColumn]
    clock: int | None
    counts: Mapping[int, ValueCounts] = field(repr=False)
    categories: tuple[int, ...]
    tuples: ValueCounts = field(repr=False)
    blanks: Mapping[int, Cell]

    @property
    def repeatable(self) -> bool:
        """Whether each key and unique set has a cell that a new row has alone."""
        personal = {at for at, column in enumerate(self.columns) if column.kind in PERSONAL}
        own = {*self.table.refers, *self.numbers, *self.times, *personal}
        return all(own & set(positions) for positions in (self.table.key, *self.table.unique) if positions)

    @cached_property
    def apart(self) -> dict[int, int]:
        """Numbered columns that only repeat the first one, some way apart."""
        return apart(self.numbers, self.sample) if self.numbers else {}

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """Columns that are products of two others."""
        plain = [at for at in self.counts if self.columns[at].kind is Kind.TEXT]
        return products(self.sample, plain)

    def texts(self, at: int) -> list[tuple[Hashable, str]]:
        """The sampled texts of a column, with whose they are."""
        whose = self.table.refers
        return [
            (tuple(row[own] for own in whose), cell)
            for row in self.sample
            if isinstance(cell := row[at], str) and cell
        ]

    @cached_property
    def seen(self) -> dict[int, Counter[Cell]]:
        """How often each value occurs in the sample."""
        return {at: Counter(row[at] for row in self.sample) for at in self.counts}

    @cached_property
    def shared(self) -> list[tuple[Cell, ...]]:
        """Categories of sampled rows that another row of the table has too."""
        found = [tuple(row[at] for at in self.categories) for row in self.sample]
        return [values for values in found if self.tuples.count(values) > 1]


def learn_kin(table: GroundTable, batches: Iterable[Batch], *, region: str | None) -> KinModel:
    """The model of a linked table. One pass; about 6 µs a row of eight columns.

    Columns are judged by the first batch. Memory: 4,000 rows; per row 26 bytes for each numbered column that
    follows a clock, 8 for each other column with more than 20,000 different values.
    Raises UnusableInput for an unknown region.
    """
    rest = iter(batches)
    first = next(rest, Batch([], []))
    builder = _Builder(table, first.rows, region)
    builder.observe(first.rows)
    for batch in rest:
        builder.observe(batch.rows)
    return builder.finish()


class _Builder:
    def __init__(self, table: GroundTable, rows: Sequence[Row], region: str | None) -> None:
        self._table = table
        judged = rows[:: max(1, len(rows) // _JUDGED)]
        self.columns = recognise(table.columns, judged, region=region, types={}, ignore=())
        self._times = {
            at: layout
            for at, column in enumerate(self.columns)
            if at not in table.refers and (layout := time_column(column, [row[at] for row in rows]))
        }
        numbered = [
            at
            for at in _numbered(table, self.columns)
            if at not in self._times and not _repeated([row[at] for row in rows])
        ]
        self._clock = _clock(table, rows, numbered[:1], self._times)
        self._numbers = {at: NumbersBuilder(at) for at in numbered}
        counted = [
            at
            for at in range(len(self.columns))
            if at not in self._times
            and at not in self._numbers
            and at not in table.refers
            and table.given[at]
        ]
        self._counts = {at: ValueCounts() for at in counted}
        self._categories = tuple(
            at
            for at in counted
            if self.columns[at].kind not in PERSONAL
            and at not in table.key
            and _repeated([row[at] for row in rows])
        )
        self._tuples = ValueCounts()
        self._sample = RowSample()

    def observe(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        by_column = list(zip(*rows, strict=True))
        self._sample.observe(rows)
        clocks = None if self._clock is None else self._read(self._clock, by_column[self._clock])
        for at, numbers in self._numbers.items():
            numbers.observe(by_column[at], clocks)
        for at, counts in self._counts.items():
            counts.observe(by_column[at])
        if self._categories:
            self._tuples.observe(list(zip(*(by_column[at] for at in self._categories), strict=True)))

    def _read(self, clock: int, cells: Sequence[Cell]) -> list[int | None]:
        if clock in self._times:
            return list(map(self._times[clock].read, cells))
        return list(map(as_number, cells))

    def finish(self) -> KinModel:
        sample = self._sample.rows
        times = {
            at: time_column(self.columns[at], [row[at] for row in sample]) or layout
            for at, layout in self._times.items()
        }
        quantum = times[self._clock].quantum if self._clock in times else 1
        numbers = {
            at: found
            for at, builder in self._numbers.items()
            if (found := builder.finish([row[at] for row in sample], quantum))
        }
        return KinModel(
            table=self._table,
            columns=self.columns,
            sample=sample,
            numbers=numbers,
            times=times,
            clock=self._clock,
            counts=self._counts,
            categories=self._categories,
            tuples=self._tuples,
            blanks={
                at: cell
                for at in range(len(self.columns))
                for cell in (None, "")
                if any(row[at] == cell for row in sample)
            },
        )


def _repeated(cells: Sequence[Cell]) -> bool:
    """Whether values come again so often that they are categories."""
    present = [cell for cell in cells if cell not in (None, "")]
    return len(set(present)) <= _REPEATED * len(present)


def as_number(cell: Cell) -> int | None:
    """A whole number, also written as text."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    return int(cell) if isinstance(cell, str) and cell.isdecimal() and len(cell) <= 18 else None


def _numbered(table: GroundTable, columns: Sequence[Column]) -> list[int]:
    """Columns that may need numbers of their own, the key's first."""
    unique = [at for positions in (table.key, *table.unique) for at in positions]
    references = [at for at, column in enumerate(columns) if column.kind is Kind.REFERENCE]
    return [at for at in dict.fromkeys([*unique, *references]) if at not in table.refers and table.given[at]]


def _clock(
    table: GroundTable, rows: Sequence[Row], numbered: Sequence[int], times: Mapping[int, TimeColumn]
) -> int | None:
    """The first column of times that rise with the row's number, else the reference if that does."""
    for number in numbered:
        places = NumberingBuilder(number).observe([row[number] for row in rows])
        ranked = sorted((place[1], at) for at, place in enumerate(places) if place)
        for clock in (*times, *table.refers[:1]):
            read = times[clock].read if clock in times else as_number
            ticks = [read(rows[at][clock]) for _, at in ranked]
            pairs = [(one, other) for one, other in pairwise(ticks) if one is not None and other is not None]
            if len(pairs) >= _FOLLOWS * len(ticks) > 2 and sum(a <= b for a, b in pairs) >= _FOLLOWS * len(
                pairs
            ):
                return clock
    return None
