"""How often a table has a value, or several together: exact counts of 64-bit hashes, row by row."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.model.table import Cell, Row

I64 = NDArray[np.int64]

_MOST_ROWS = 1 << 21  # rows kept; of a longer table every second, fourth, … row
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MASK = (1 << 64) - 1


class RowsOfNumbers:
    """Collects columns of integers for the rows of a stream, at most 2^21 rows: 8 bytes a number.

    Of a longer stream every `stride`-th row is kept, in order.
    """

    def __init__(self, width: int) -> None:
        self.stride = 1
        self._seen = 0
        self._kept = 0
        self._blocks: list[I64] = [np.empty((width, 0), dtype=np.int64)]

    def add(self, columns: Sequence[Iterable[int]], rows: int) -> None:
        """Take in the next rows, given by column."""
        block = np.stack([np.fromiter(column, np.int64, rows) for column in columns])
        block = block[:, -self._seen % self.stride :: self.stride]
        self._seen += rows
        self._kept += block.shape[1]
        self._blocks.append(block)
        while self._kept > _MOST_ROWS:
            halved = np.concatenate(self._blocks, axis=1)[:, ::2]
            self._blocks, self._kept, self.stride = [halved], halved.shape[1], 2 * self.stride

    def finish(self) -> I64:
        """Shape (width, rows kept)."""
        return np.concatenate(self._blocks, axis=1)


class Census:
    """Counts of values and tuples over the rows of a table (a part of them where it has over 2^21 rows).

    A count of 0 or more than 1 is exact but for collisions of 64-bit hashes, where all rows are kept.
    """

    def __init__(self, hashes: I64) -> None:
        self._hashes = hashes
        self._counted: dict[tuple[int, ...], tuple[NDArray[np.uint64], I64]] = {}

    @property
    def rows(self) -> int:
        return int(self._hashes.shape[1])

    def count(self, positions: Sequence[int], tuples: Sequence[Row]) -> I64:
        """How many rows have each of these tuples of cells at the positions. O(n log n) for new positions."""
        values, counts = self._table(positions)
        columns = list(zip(*tuples, strict=True))
        asked = _joined([np.fromiter(map(hash, cells), np.int64, len(tuples)) for cells in columns])
        found = np.minimum(np.searchsorted(values, asked), len(values) - 1)
        return np.where(values[found] == asked, counts[found], 0)

    def rows_with(self, positions: Sequence[int], cells: Row) -> int:
        """How many rows have these cells at the positions, without the cost of arrays."""
        values, counts = self._table(positions)
        joined = 0
        for cell in cells:
            mixed = (joined ^ hash(cell)) * int(_ODD) & _MASK
            joined = mixed ^ (mixed >> 29)
        found = int(values.searchsorted(np.uint64(joined)))
        return int(counts[found]) if found < len(values) and int(values[found]) == joined else 0

    def alone(self, position: int, cell: Cell) -> bool:
        """Whether exactly one row has the value."""
        return self.rows_with((position,), (cell,)) == 1

    def _table(self, positions: Sequence[int]) -> tuple[NDArray[np.uint64], I64]:
        at = tuple(positions)
        if at not in self._counted:
            self._counted[at] = np.unique(_joined([self._hashes[p] for p in at]), return_counts=True)
        return self._counted[at]

    def single_share(self, position: int, blanks: Sequence[Cell]) -> float:
        """Share of the filled cells of a column whose value no other row has."""
        _, counts = self._table([position])
        filled = self.rows - int(self.count([position], [(blank,) for blank in blanks]).sum())
        return int(np.count_nonzero(counts == 1)) / max(1, filled)


def _joined(columns: Sequence[I64]) -> NDArray[np.uint64]:
    joined = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        mixed = (joined ^ column.view(np.uint64)) * _ODD
        joined = mixed ^ (mixed >> np.uint64(29))
    return joined
