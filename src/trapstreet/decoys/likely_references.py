"""Reference numbers that are drawn to be overlooked: the gaps around them are those around a donor's."""

from collections.abc import Sequence
from math import log2

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.decoy import Draw
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.gaps import LikelyGaps
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.numbering import Numbering, Running, retyped
from trapstreet.decoys.references import References
from trapstreet.decoys.sampling import remaining_bits, share_at_most

_ROUNDS = 6


class LikelyReferences:
    """Draws the reference numbers of planted decoys; as `References` does where all are random."""

    def __init__(self, model: TableModel, *, owners: Ownership, draws: KeyedDraws) -> None:
        self._model = model
        self._owners = owners
        self._draws = draws
        self._otherwise = References(model, owners=owners, draws=draws)

    @property
    def notes(self) -> list[str]:
        return self._otherwise.notes

    def fillings(self, at: int, donors: Sequence[Row]) -> list[Filling]:
        """One filling for each donor. Raises UnusableInput where the column has too little room."""
        numbering = self._model.numberings[at]
        filled: list[Filling | None] = [None] * len(donors)
        empty = Filling({at: self._model.blanks[at]})
        for number, group in enumerate(numbering.groups):
            members = [n for n, donor in enumerate(donors) if numbering.group_of(donor[at]) == number]
            if isinstance(group, Running) and members:
                own = [donors[n][at] for n in members]
                for n, cell, bits in zip(members, *self._near(at, numbering, group, own), strict=True):
                    if cell is not None:
                        drawn = (Draw(f"number in {self._model.columns[at].name}", bits),)
                        filled[n] = Filling({at: cell}, drawn, {at: (0,)})
        for n, donor in enumerate(donors):
            if donor[at] in (None, "") and at not in self._model.key:
                filled[n] = empty
        self._otherwise.given |= {str(filling.cells[at]) for filling in filled if filling is not None}
        rest = [n for n, filling in enumerate(filled) if filling is None]
        others = self._otherwise.fillings(at, [donors[n] for n in rest])
        for n, filling in zip(rest, others, strict=True):
            filled[n] = filling
        return [filling for filling in filled if filling is not None]

    def _near(
        self, at: int, numbering: Numbering, group: Running, donors: Sequence[Cell]
    ) -> tuple[list[Cell], list[float]]:
        """For each donor's number a free one and its bits; None where none was left."""
        step = numbering.step(group)
        used = np.unique(group.numbers // step)
        moments, unit = self._moments(at, used * step)
        gaps = LikelyGaps(used, moments=moments, step=unit)
        cells: list[Cell] = [None] * len(donors)
        choices = [1.0] * len(donors)
        missing = list(range(len(donors)))
        tried = refused = 0
        for _ in range(_ROUNDS):
            if not gaps.room:
                break
            texts: dict[int, str] = {}
            for n in missing:
                gap = gaps.draw((numbering.number(donors[n]) or 0) // step, self._draws)
                text = gap and numbering.completed(group, gap.number)
                if gap and text:
                    texts[n], choices[n] = text, gap.choices
            free = self._owners.free([at], [(text,) for text in texts.values()], (Kind.REFERENCE,))
            for (n, text), one in zip(texts.items(), free, strict=True):
                cells[n] = retyped(text, donors[n]) if one else None
            missing = [n for n in missing if cells[n] is None]
            tried, refused = tried + len(free), refused + free.count(False)
        taken = share_at_most(refused, tried) if tried else 1.0
        bits = [remaining_bits(log2(n), taken=taken, others=0) for n in choices]
        return cells, bits

    def _moments(self, at: int, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64] | None, int]:
        """The moments that follow the numbers, where the numbers are all of the column, and their unit."""
        model = self._model
        for measured, (counter, clock) in model.clocks.items():
            if counter == at and len(model.numberings[at].groups) == 1:
                rows = np.minimum(np.searchsorted(clock.numbers, numbers), len(clock.numbers) - 1)
                return clock.moments[rows], model.measures[measured].unit
        return None, 1
