"""A table column by column: each cell as the number of its distinct value."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.model.table import Cell, cell_text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DENSE = 1 << 24  # pairs of values that are counted in a table of their own

IDENTIFYING = frozenset(Kind) - {Kind.TEXT, Kind.POSTCODE, Kind.BIRTH_DATE}


@dataclass(frozen=True)
class Codes:
    """What a cell's distinct value is: numbers from 0, shape (rows,); `kinds` is how many there are."""

    of: Ints = field(repr=False)
    kinds: int

    @cached_property
    def counts(self) -> Ints:
        """How many rows have each value."""
        return np.bincount(self.of, minlength=self.kinds)

    @property
    def frequency(self) -> Ints:
        """For each row how many rows have its value."""
        return np.asarray(self.counts[self.of])

    @property
    def rank(self) -> Floats:
        """For each row the rank of its value, 0 for the most frequent one."""
        ranks = np.argsort(np.argsort(-self.counts, kind="stable"))
        return np.asarray(ranks[self.of], dtype=np.float64)

    def with_both(self, other: "Codes", rows: Ints) -> Ints:
        """For these rows how many of all rows have both values."""
        pairs = self.of * other.kinds + other.of
        if self.kinds * other.kinds <= _DENSE:
            return np.asarray(np.bincount(pairs)[pairs[rows]])
        wanted, place = np.unique(pairs[rows], return_inverse=True)
        found = np.minimum(np.searchsorted(wanted, pairs), len(wanted) - 1)
        return np.asarray(np.bincount(found[wanted[found] == pairs], minlength=len(wanted))[place])

    def joined(self, other: "Codes") -> "Codes":
        """Codes of the pairs."""
        return compact(self.of * other.kinds + other.of)


@dataclass(frozen=True)
class CodedColumn:
    """A column with its distinct values in order of appearance; `texts` has "" for NULL."""

    column: Column
    values: Sequence[Cell] = field(repr=False)
    codes: Codes

    @cached_property
    def texts(self) -> list[str]:
        return [cell_text(value) or "" for value in self.values]

    def codes_by(self, part: Callable[[str], Hashable]) -> Codes:
        """Codes of a part of each value's text, found once for each function."""
        if part not in self._by_part:
            parts = coded(map(part, self.texts))
            self._by_part[part] = Codes(parts.of[self.codes.of], parts.kinds)
        return self._by_part[part]

    @cached_property
    def _by_part(self) -> dict[Callable[[str], Hashable], Codes]:
        return {}

    def spread(self, per_value: Sequence[float] | NDArray[Any], rows: Ints) -> Floats:
        """Figures of the distinct values, laid out for these rows."""
        return np.asarray(per_value, dtype=np.float64)[self.codes.of[rows]]


def coded(values: Iterable[Hashable]) -> Codes:
    """Number the values in order of appearance, 0.1 µs each."""
    numbers: dict[Hashable, int] = {}
    of = np.fromiter((numbers.setdefault(value, len(numbers)) for value in values), dtype=np.int64)
    return Codes(of, max(1, len(numbers)))


def compact(numbers: Ints) -> Codes:
    """Codes of whole numbers."""
    distinct, of = np.unique(numbers, return_inverse=True)
    return Codes(np.asarray(of, dtype=np.int64), max(1, len(distinct)))


def coded_column(column: Column, cells: Sequence[Cell]) -> CodedColumn:
    numbers: dict[tuple[type, Cell], int] = {}
    of = np.fromiter((numbers.setdefault((type(cell), cell), len(numbers)) for cell in cells), dtype=np.int64)
    return CodedColumn(column, [value for _, value in numbers], Codes(of, max(1, len(numbers))))
