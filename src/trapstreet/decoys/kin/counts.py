"""How often each value of a column occurs, over a whole table; and a sample of its rows."""

from array import array
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.model.table import Row

_MOST_COUNTED = 20_000  # different values up to which each is kept
_SAMPLE = 4000  # rows
_SEED = 20_260_101  # public: the choice of the sample is no secret


class ValueCounts:
    """Counts values: each by itself while they are few, else 8 bytes a row (a 64-bit hash).

    A count from hashes may be too high, by chance, once in 2**64 / rows values. About 0.1 µs a value.
    """

    def __init__(self) -> None:
        self._counts: Counter[Hashable] = Counter()
        self._hashes: array[int] | None = None
        self._sorted: NDArray[np.int64] | None = None

    def observe(self, values: Sequence[Hashable]) -> None:
        """Take in the next values."""
        if self._hashes is not None:
            self._hashes.extend(map(hash, values))
            return
        self._counts.update(values)
        if len(self._counts) > _MOST_COUNTED:
            self._hashes = array("q", map(hash, self._counts.elements()))
            self._counts.clear()

    def count(self, value: Hashable) -> int:
        """How often the value occurs among those observed. O(log n)."""
        if self._hashes is None:
            return self._counts[value]
        if self._sorted is None or len(self._sorted) < len(self._hashes):
            self._sorted = np.sort(np.frombuffer(self._hashes, dtype=np.int64))
        wanted = np.array([hash(value)], dtype=np.int64)
        first, last = (int(self._sorted.searchsorted(wanted, side)[0]) for side in ("left", "right"))
        return last - first

    @property
    def few(self) -> bool:
        """Whether there are few different values."""
        return self._hashes is None


class RowSample:
    """A uniform sample of up to 4,000 rows of a stream. Algorithm R, a batch at a time."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.passed = 0
        self._random = np.random.default_rng(_SEED)

    def observe(self, rows: Sequence[Row]) -> None:
        """Take in the next rows."""
        first = max(0, _SAMPLE - len(self.rows))
        self.rows += rows[:first]
        ordinals = self.passed + np.arange(min(first, len(rows)), len(rows))
        slots = self._random.integers(0, ordinals + 1)
        for at in np.flatnonzero(slots < _SAMPLE).tolist():
            self.rows[slots[at]] = rows[int(ordinals[at]) - self.passed]
        self.passed += len(rows)
