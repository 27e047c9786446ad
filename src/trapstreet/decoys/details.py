"""What a decoy has beside an identity and categories: moments, amounts and texts that point to nobody."""

from collections.abc import Mapping
from functools import cached_property
from itertools import combinations

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.clock import Hours
from trapstreet.decoys.gaps import LikelyGaps
from trapstreet.decoys.measures import DAY, NOTHING, Moments
from trapstreet.decoys.model import TableModel, number_of
from trapstreet.decoys.texts import Remarks, scrambled

_TRIED = 40
_NEAR = 2 * DAY


class Details:
    """Draws the cells of the columns of nobody's identity, row by row.

    A value that two rows or more have stays the donor's. One that only the donor has is drawn anew: a moment
    between those of the decoy's neighbours in the order of its number; an amount, or a moment that follows no
    number, near the donor's with such gaps around it; a text of the words of several.
    """

    def __init__(self, model: TableModel, draws: KeyedDraws) -> None:
        self._model = model
        self._draws = draws
        self._gaps: dict[int, LikelyGaps] = {}
        self._hours: dict[int, Hours] = {}
        self._remarks: dict[int, Remarks] = {}
        self._last: dict[int, int] = {}

    def cells(self, donor: Row, fresh: Mapping[int, Cell]) -> dict[int, Cell]:
        """The cells for a decoy of this donor that has the fresh cells already."""
        model = self._model
        own = {
            at: number
            for at, measure in model.measures.items()
            if (number := measure.number(donor[at])) != NOTHING
        }
        numbers = {at: self._number(at, donor, number, fresh) for at, number in own.items()}
        self._keep_order(own, numbers)
        cells: dict[int, Cell] = {}
        for at, number in numbers.items():
            if number != own[at] or model.census.alone(at, donor[at]):
                cells[at] = self._apart(at, number, donor[at])
        return cells

    def without_own_texts(self, donor: Row, row: Row) -> Row:
        """The decoy's row with another text wherever it has one that only its donor has."""
        cells = list(row)
        for at in self._texts:
            if cells[at] == donor[at] and self._model.census.alone(at, cells[at]):
                cells[at] = self._text(at, cells[at])
            elif cells[at] != donor[at] and " " in str(donor[at]).strip():
                cells[at] = self._text(at, cells[at])  # no more than a name of it was changed
        return tuple(cells)

    def _number(self, at: int, donor: Row, number: int, fresh: Mapping[int, Cell]) -> int:
        model = self._model
        if at in self._model.clocks:
            counter, clock = self._model.clocks[at]
            mine = number_of(fresh.get(counter))
            if mine != NOTHING:
                return self._hours_of(at).between(*clock.between(mine), model.measures[at].unit, self._draws)
        if not model.census.alone(at, donor[at]):
            return number
        gap = self._gaps_of(at).draw(number, self._draws)
        if gap is None:
            return number
        if isinstance(model.measures[at], Moments):
            return self._hours_of(at).between(gap.low + gap.unit, gap.high - gap.unit, gap.unit, self._draws)
        return gap.number

    def _keep_order(self, own: Mapping[int, int], numbers: dict[int, int]) -> None:
        """Moments of a row keep their order, and equal ones stay equal."""
        moments = [at for at in own if isinstance(self._model.measures[at], Moments)]
        for one, other in combinations(moments, 2):
            first, second = (
                (other, one)
                if other in self._model.clocks and one not in self._model.clocks
                else (one, other)
            )
            distance = own[second] - own[first]
            follows = first in self._model.clocks and second not in self._model.clocks
            if follows or np.sign(numbers[second] - numbers[first]) != np.sign(distance):
                numbers[second] = self._moved(second, own[second], numbers[first], distance)

    def _moved(self, at: int, moment: int, first: int, distance: int) -> int:
        """A moment as far from another as the donor's: to the day, exactly where near; never the donor's."""
        moved = first + distance
        if abs(distance) > _NEAR:
            days = round((moved - moment) / DAY) or (1 if self._draws.below(2) else -1)
            moved = moment + days * DAY
        latest = self._latest(at)
        if moved > latest:
            unit = self._model.measures[at].unit
            room = max(0, latest - first) // unit
            moved = first + unit * self._draws.below(room + 1)
        return moved

    def _apart(self, at: int, number: int, like: Cell) -> Cell:
        """The number as a cell, a step or a few aside where exactly one row has it."""
        measure = self._model.measures[at]
        for step in range(_TRIED):
            aside = (step + 1) // 2 * (1 if step % 2 else -1)
            cell = measure.written(number + aside * measure.unit, like)
            if not self._model.census.alone(at, cell):
                return cell
        return self._model.blanks[at]

    def _text(self, at: int, text: Cell) -> Cell:
        if not isinstance(text, str):
            return self._model.blanks[at]
        for attempt in range(_TRIED):
            if " " in text.strip():
                made = self._remarks_of(at).like(text, as_long=attempt < _TRIED // 2)
            else:
                made = scrambled(text, self._draws)
            if made and not self._model.census.alone(at, made):
                return made
        return self._model.blanks[at]

    @cached_property
    def _texts(self) -> list[int]:
        model = self._model
        return [
            at
            for at, column in enumerate(model.columns)
            if column.kind is Kind.TEXT
            and at not in (*model.categories, *model.measures, *model.numberings, *model.followers)
        ]

    def _latest(self, at: int) -> int:
        if at not in self._last:
            self._last[at] = int(self._model.numbers[at].max())
        return self._last[at]

    def _hours_of(self, at: int) -> Hours:
        if at not in self._hours:
            numbers = self._model.numbers[at]
            self._hours[at] = Hours(numbers[numbers != NOTHING])
        return self._hours[at]

    def _gaps_of(self, at: int) -> LikelyGaps:
        if at not in self._gaps:
            numbers = np.unique(self._model.numbers[at])
            numbers = numbers[numbers != NOTHING]
            unit = self._model.measures[at].unit
            moments = numbers if isinstance(self._model.measures[at], Moments) else None
            self._gaps[at] = LikelyGaps(numbers, unit=unit, moments=moments, step=unit)
        return self._gaps[at]

    def _remarks_of(self, at: int) -> Remarks:
        if at not in self._remarks:
            texts = [cell for row in self._model.sample if isinstance(cell := row[at], str) and cell]
            self._remarks[at] = Remarks(texts, self._draws)
        return self._remarks[at]
