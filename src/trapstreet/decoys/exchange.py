"""Categories of decoys: a real row's, or with one part exchanged where only this row has them together."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import combinations

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.model import TableModel

_TRIED = 48  # rows that a part is taken from
_SURE = 0.98  # share of rows in which one column tells another
_SEEN = 1500  # rows of the sample that tell which columns hang together


class Categories:
    """Draws the cells of the columns whose values repeat."""

    def __init__(self, model: TableModel, columns: Sequence[int], draws: KeyedDraws) -> None:
        self._model = model
        self._columns = tuple(columns)
        self._draws = draws

    def cells(self, donor: Row) -> dict[int, Cell]:
        """The donor's categories where two rows or more have them; else with a block of another row.

        What results is had by two rows or more, or by none, and each two blocks of it go together.
        """
        own = {at: donor[at] for at in self._columns}
        if not own or self._count(own) > 1:
            return own
        best, found = -1, own
        for _ in range(_TRIED):
            other = self._draws.choice(self._model.sample)
            for block in self._blocks:
                changed = own | {at: other[at] for at in block}
                if changed != own and (fits := self._fit(changed, block)) > best:
                    best, found = fits, changed
            if best >= 1:
                break
        return found

    def _fit(self, cells: dict[int, Cell], block: Sequence[int]) -> int:
        """-1: one row has just this; 0: it is free, but with a pair that is not usual; 1: it fits."""
        if self._count(cells) == 1 or any(
            self._model.census.alone(at, cell) for at, cell in cells.items() if at in block
        ):
            return -1
        pairs = [(one, other) for one in block for other in self._columns if other not in block]
        together = all(
            self._model.census.count(pair, [(cells[pair[0]], cells[pair[1]])])[0] > 1 for pair in pairs
        )
        alone = any(self._model.census.alone(at, cell) for at, cell in cells.items())
        return int(together and not alone)

    def _count(self, cells: dict[int, Cell]) -> int:
        return int(self._model.census.count(self._columns, [tuple(cells[at] for at in self._columns)])[0])

    @cached_property
    def _blocks(self) -> list[tuple[int, ...]]:
        """The columns in groups of those that tell one another, as a postcode tells its town."""
        sample = self._model.sample[:: max(1, len(self._model.sample) // _SEEN)]
        block_of = {at: {at} for at in self._columns}
        for one, other in combinations(self._columns, 2):
            if block_of[one] is not block_of[other] and (
                tells(sample, one, other) or tells(sample, other, one)
            ):
                joined = block_of[one] | block_of[other]
                block_of.update(dict.fromkeys(joined, joined))
        return sorted({tuple(sorted(block)) for block in block_of.values()})


def tells(sample: Sequence[Row], one: int, other: int, *, share: float = _SURE) -> bool:
    """Whether rows that agree in one column agree in the other, although rows as such do not."""
    first: dict[Cell, Cell] = {}
    agreeing = compared = 0
    for row in sample:
        if row[one] in first:
            compared += 1
            agreeing += first[row[one]] == row[other]
        first.setdefault(row[one], row[other])
    usual = Counter(row[other] for row in sample).most_common(1)
    return (
        compared > len(sample) // 20
        and agreeing >= share * compared
        and usual[0][1] < share * (2 * share - 1) * len(sample)
    )
