"""Numbers of new rows: free ones, between the numbers of rows of about the same time."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.kin.lanes import Lane, When
from trapstreet.decoys.numbering import Codes, Numbering, NumberingBuilder, Running, retyped
from trapstreet.decoys.sampling import uniform

_FOLLOWS = 0.9  # share of neighbours, by number, whose clocks must not step back
_ALWAYS = 0.99  # share of rows whose two numbers must be equally far apart
_TRIES = 64
_TRIED_WITH_CHECK = 4096
_ASIDE = 8  # numbers on either side that are tried where a number has no check digits (X of modulus 11)


class Placed(NamedTuple):
    """A number for a row, and between which clocks of real rows it stands; None where it follows none.

    share  where between the donor's neighbours its own clock stands, in [0, 1]
    """

    cell: Cell
    clocks: tuple[int, int] | None = None
    share: float = 0.5


@dataclass
class Numbers:
    """A numbered column: the lanes of its running numbers, or codes.

    Codes are drawn until they are none of the table's: `known` holds their hashes, ascending.
    beyond  how many rows were numbered beyond the end
    """

    numbering: Numbering
    lanes: tuple[Lane, ...]
    known: NDArray[np.int64] = field(repr=False)
    beyond: int = 0
    _proven: set[str] = field(default_factory=set, repr=False)

    @property
    def clocked(self) -> bool:
        return any(lane.clocks is not None for lane in self.lanes)

    def place(self, like: Sequence[Cell], when: When, draws: KeyedDraws) -> list[Placed]:
        """Numbers for rows of the same clock, in the grammar of their neighbours.

        like   the cells of the rows that they are made after
        Those that stand next to each other there do so here.
        """
        if not self.lanes:
            return [Placed(self._code(cell, draws)) for cell in like]
        lane = self._lane(like[0], when.clock)
        of = [self._within(lane, cell) for cell in like]
        placed: dict[int, Placed] = {}
        above = None
        for run in lane.runs(of):
            numbers, clocks, share = lane.place([of[at] for at in run], when, draws, above=above)
            above = numbers[-1]
            self.beyond += len(run) * (numbers[0] > int(lane.numbers[-1]))
            for at, number in zip(run, numbers, strict=True):
                cell = self.numbering.typical if like[at] in (None, "") else like[at]
                placed[at] = Placed(retyped(self._written(lane, number), cell), clocks, share)
        return [placed[at] for at in range(len(like))]

    def _written(self, lane: Lane, number: int) -> str:
        """The number with its check digits, or one beside it where no digits prove it."""
        near = [number, *(number + side * away for away in range(1, _ASIDE) for side in (1, -1))]
        free = (one for one in near if one == number or not lane.has(one))
        texts = (text for one in free if (text := self.numbering.completed(lane.running, one)))
        found = next((text for text in texts if text not in self._proven), lane.running.written(number))
        if self.numbering.check:
            self._proven.add(found)
        return found

    def _within(self, lane: Lane, cell: Cell) -> int | None:
        """The running number in a cell that the lane has, without check digits."""
        of = self.numbering.group_of(cell)
        mine = of is not None and of < len(self.lanes) and self.lanes[of] is lane
        return self.number(cell) if mine else None

    def at(self, numbers: Sequence[int], like: Sequence[Cell]) -> list[Placed]:
        """These running numbers, where the column has one lane."""
        texts = [self._written(self.lanes[0], number) for number in numbers]
        return [Placed(retyped(text, cell)) for text, cell in zip(texts, like, strict=True)]

    def read(self, placed: Sequence[Placed]) -> list[int]:
        """Their running numbers, [] for codes."""
        read = [self.number(one.cell) for one in placed]
        return [number for number in read if number is not None]

    def number(self, cell: Cell) -> int | None:
        """The running number in a cell, without check digits."""
        number, of = self.numbering.number(cell), self.numbering.group_of(cell)
        group = None if of is None else self.numbering.groups[of]
        if number is None or not isinstance(group, Running):
            return number
        return number // self.numbering.step(group)

    def _lane(self, like: Cell, clock: int | None) -> Lane:
        """The lane that rows of this clock are in, else the one that the cell is in."""
        if clock is not None and self.clocked and len(self.lanes) > 1:
            return min(self.lanes, key=lambda lane: _away(lane, clock))
        fixed = (cell_text(like) or "").strip()
        of = self.numbering.group_of(fixed)
        return self.lanes[of if of is not None and of < len(self.lanes) else 0]

    def _code(self, like: Cell, draws: KeyedDraws) -> Cell:
        codes = [group for group in self.numbering.groups if isinstance(group, Codes)]
        group = codes[min(self.numbering.group_of(like) or 0, len(codes) - 1)]
        check = self.numbering.check
        for _ in range(_TRIED_WITH_CHECK if check else _TRIES):
            text = group.text(uniform(group.size, draws))
            cell = retyped(text, self.numbering.typical)
            if check and not check(text):
                continue
            at = int(self.known.searchsorted(hash(cell)))
            if at == len(self.known) or self.known[at] != hash(cell):
                break
        return cell


def _away(lane: Lane, clock: int) -> int:
    """How far a clock is from those of a lane."""
    if lane.clocks is None:
        return 1 << 62
    return max(0, int(lane.clocks.min()) - clock, clock - int(lane.clocks.max()))


class NumbersBuilder:
    """Learns a numbered column with the clocks of its rows: 26 bytes a row, 8 where there are no clocks."""

    def __init__(self, column: int) -> None:
        self._builder = NumberingBuilder(column)
        self._fixed: dict[str, int] = {}
        self._rows = (array("h"), array("q"), array("q"))
        self._hashes = array("q")

    def observe(self, cells: Sequence[Cell], clocks: Sequence[int | None] | None) -> None:
        """Take in a batch; clocks: one for each cell, None where the row has none."""
        places = self._builder.observe(cells)
        if not self._hashes or None in places:
            self._hashes.extend(map(hash, cells))
        if clocks is None:
            return
        kept = [
            (self._fixed.setdefault(place[0], len(self._fixed)), place[1], clock)
            for place, clock in zip(places, clocks, strict=True)
            if place is not None and clock is not None and len(self._fixed) < 1 << 14
        ]
        for column, values in zip(self._rows, zip(*kept, strict=True), strict=False):
            column.extend(values)

    def finish(self, sample: Sequence[Cell], quantum: int) -> Numbers | None:
        """The numbers; None where values repeat often. quantum: what the clocks are multiples of."""
        numbering = self._builder.finish(sample)
        if numbering is None:
            return None
        lanes = tuple(
            self._lane(group, quantum, numbering.step(group))
            for group in numbering.groups
            if isinstance(group, Running)
        )
        return Numbers(numbering, lanes, np.sort(np.frombuffer(self._hashes, dtype=np.int64)))

    def _lane(self, running: Running, quantum: int, step: int) -> Lane:
        """step: by what numbers are divided to be without check digits."""
        fixed, numbers, clocks = (np.frombuffer(column, dtype=column.typecode) for column in self._rows)
        mine = fixed == self._fixed.get(running.fixed[0], -1)
        own, at = np.unique(numbers[mine] // step, return_index=True)
        follows = clocks[mine][at]
        known = np.unique(running.numbers // step)
        if len(own) < len(known) or np.mean(np.diff(follows) >= 0) < _FOLLOWS:
            return Lane(running, known)
        return Lane(running, own, follows, quantum)


def apart(numbers: Mapping[int, Numbers], sample: Sequence[Row]) -> dict[int, int]:
    """Columns whose running number is always as far from the first numbered column's: by how much."""
    (lead, first), *others = numbers.items()
    found = {}
    for at, other in others:
        pairs = [(first.number(row[lead]), other.number(row[at])) for row in sample]
        distances = Counter(b - a for a, b in pairs if a is not None and b is not None)
        if len(other.lanes) == 1 and len(first.lanes) == 1 and distances:
            distance, often = distances.most_common(1)[0]
            if often >= _ALWAYS * len(sample):
                found[at] = distance
    return found
