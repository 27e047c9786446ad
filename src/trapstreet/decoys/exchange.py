"""Categories of decoys: a real row's, or with one part exchanged where only this row has them together."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import combinations

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.model import TableModel

_TRIED = 32  # rows that a part is taken from
_TAKEN, _ODD, _USUAL, _NEW = range(-1, 3)
"""One row has just this; it is free, but with an unusual pair; rows have it; none has, but all its pairs."""
_SURE = 0.98  # share of rows in which one column tells another
_SEEN = 1500  # rows of the sample that tell which columns hang together


class Categories:
    """Draws the cells of the columns whose values repeat."""

    def __init__(self, model: TableModel, draws: KeyedDraws, *, kept: Sequence[int] = ()) -> None:
        """kept: columns that stay the donor's where the others give a choice."""
        self._model = model
        self._columns = tuple(at for at in model.categories if at not in model.clocks)
        self._draws = draws
        self._kept = frozenset(kept) & frozenset(self._columns)
        self._waiting: dict[Row, dict[int, Cell]] = {}
        self._spellings: dict[int, dict[str, str]] = {}

    def settled(self, donors: Sequence[Row]) -> list[Row]:
        """The donors' rows with the categories that their decoys have, on which all else rests that goes with
        these: names with a country, an area code with a town."""
        changed = [self.cells(donor) for donor in donors]
        return [
            tuple(cells.get(at, cell) for at, cell in enumerate(donor))
            for donor, cells in zip(donors, changed, strict=True)
        ]

    def cells(self, donor: Row) -> dict[int, Cell]:
        """The donor's categories where three rows or more have them; else with a block of another row.

        What is had by one row is exchanged for what none has, what is had by two for what no row but
        another decoy has: so the counts keep their law. Each two blocks of it go together.
        """
        own = {at: self._spelled(at, donor[at]) for at in self._columns}
        count = self._count(own) if own else 0
        if not own or count > 2:
            return own
        key = tuple(donor[at] for at in sorted(self._kept))
        if count == 2 and key in self._waiting:
            return self._waiting.pop(key)
        best, found = self._exchanged(own)
        for _ in self._blocks:
            if self._alone(found):  # in another block, or one that stays where it may
                best, found = self._exchanged(found)
        if count == 2:
            if best < _NEW:
                return own
            self._waiting[key] = found
        return found

    def _exchanged(self, own: dict[int, Cell]) -> tuple[int, dict[int, Cell]]:
        """The best that exchanging one block gives, and how it fits."""
        best, found = _TAKEN, own
        alone = self._alone(own)
        free = [block for block in self._blocks if alone & set(block)]
        free = free or [block for block in self._blocks if not self._kept & set(block)] or self._blocks
        for _ in range(_TRIED):
            other = self._draws.choice(self._model.sample)
            for block in free:
                changed = own | {at: other[at] for at in block}
                if changed != own and (fits := self._fit(changed, block, best)) > best:
                    best, found = fits, changed
            if best == _NEW:
                break
        return best, found

    def _fit(self, cells: dict[int, Cell], block: Sequence[int], best: int) -> int:
        """How well a changed block fits; anything up to `best` where it is no better."""
        count = self._count(cells)
        if count == 1 or (best == _USUAL and count):
            return _TAKEN
        if any(self._model.census.alone(at, cells[at]) for at in block):
            return _TAKEN
        pairs = [(one, other) for one in block for other in self._columns if other not in block]
        together = all(
            self._model.census.rows_with(pair, (cells[pair[0]], cells[pair[1]])) > 1 for pair in pairs
        )
        if self._alone(cells) or not together:
            return _ODD
        return _USUAL if count else _NEW

    def _alone(self, cells: dict[int, Cell]) -> set[int]:
        """The columns in which one row alone has the cell."""
        return {at for at, cell in cells.items() if self._model.census.alone(at, cell)}

    def _spelled(self, at: int, cell: Cell) -> Cell:
        """The cell; where one row alone spells it so, as most do."""
        if not isinstance(cell, str) or not self._model.census.alone(at, cell):
            return cell
        return self._usual(at).get(cell.strip().casefold(), cell)

    def _usual(self, at: int) -> dict[str, str]:
        """By what spellings have in common, the one that most rows of the sample have."""
        if at not in self._spellings:
            texts = Counter(cell for row in self._model.sample if isinstance(cell := row[at], str))
            rising = reversed(texts.most_common())
            self._spellings[at] = {text.strip().casefold(): text for text, _ in rising}
        return self._spellings[at]

    def _count(self, cells: dict[int, Cell]) -> int:
        return self._model.census.rows_with(self._columns, tuple(cells[at] for at in self._columns))

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
