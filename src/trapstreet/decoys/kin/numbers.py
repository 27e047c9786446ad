"""Numbers of new rows: free ones, between the numbers of rows of about the same time."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.numbering import Codes, Numbering, NumberingBuilder, Running, retyped
from trapstreet.decoys.sampling import uniform

_FOLLOWS = 0.9  # share of neighbours, by number, whose clocks must not step back
_ALWAYS = 0.99  # share of rows whose two numbers must be equally far apart
_TRIES = 64
_WEIGHED = 3  # gaps that are weighed by their length


class Placed(NamedTuple):
    """A number for a row, and between which clocks of real rows it stands; None where it follows none."""

    cell: Cell
    clocks: tuple[int, int] | None


@dataclass
class Lane:
    """The numbers of one grammar in use, ascending, and the clocks of their rows.

    clocks  a time, or the number that the row refers to; None where the numbers do not follow it
    """

    running: Running
    numbers: NDArray[np.int64] = field(repr=False)
    clocks: NDArray[np.int64] | None = field(repr=False)
    _given: dict[int, int] = field(default_factory=dict)
    _beyond: int = 0

    @cached_property
    def _passed(self) -> NDArray[np.int64]:
        """The clocks made to rise: single ones out of order count for nothing."""
        clocks = self.numbers if self.clocks is None else self.clocks
        if len(clocks) > 2:
            left, middle, right = clocks[:-2], clocks[1:-1], clocks[2:]
            inner = np.maximum(np.minimum(left, middle), np.minimum(np.maximum(left, middle), right))
            clocks = np.concatenate([np.minimum(clocks[:1], inner[:1]), inner, clocks[-1:]])
        return np.maximum.accumulate(clocks)

    @cached_property
    def _steps(self) -> NDArray[np.int64]:
        return np.diff(self.numbers)

    @cached_property
    def _typical(self) -> list[int]:
        """Steps from one number to the next, as often as they occur."""
        steps = self._steps if len(self._steps) else np.ones(1, dtype=np.int64)
        return [int(step) for step in np.quantile(steps, np.linspace(0, 1, 257), method="nearest")]

    def _room(self, count: int) -> NDArray[np.int64]:
        if count not in self._rooms:
            self._rooms[count] = np.flatnonzero(self._steps > count)
        return self._rooms[count]

    @cached_property
    def _rooms(self) -> dict[int, NDArray[np.int64]]:
        return {}

    def place(
        self, clock: int | None, count: int, draws: KeyedDraws, *, after: int | None
    ) -> tuple[int, tuple[int, int] | None]:
        """The first of `count` free numbers in a row, in the gap nearest to a clock, else beyond the end.

        after  a clock below which no gap must end. For rising clocks a gap is filled from below.
        """
        rooms = self._room(count)
        if clock is not None and self.clocks is not None:
            gap = int(self._passed.searchsorted(clock, side="right")) - 1
        else:
            gap = int(rooms[draws.below(len(rooms))]) if len(rooms) else 0
        for near in self._by_length(_nearest(rooms, gap), gap, draws):
            low, high = int(self.numbers[near]), int(self.numbers[near + 1])
            first = self._given.get(near, low) + 1
            late = after is None or self.clocks is None or self._passed[near + 1] > after
            if first + count <= high and late:
                step = min(draws.choice(self._typical), high - count - first + 1)
                first += max(0, step - 1)
                self._given[near] = first + count - 1
                return first, self._between(near)
        first = max(self._beyond, int(self.numbers[-1])) + draws.choice(self._typical)
        self._beyond = first + count - 1
        return first, None

    def _by_length(self, near: list[int], gap: int, draws: KeyedDraws) -> list[int]:
        """The gaps with one of the nearest first, the longer in time the likelier: as a moment meets them."""
        if self.clocks is None or not near or near[0] == gap:
            return near
        lengths = accumulate(int(self._passed[at + 1] - self._passed[at]) + 1 for at in near[:_WEIGHED])
        met = draws.weighted(near[:_WEIGHED], list(lengths))
        return [met, *(at for at in near if at != met)]

    def _between(self, gap: int) -> tuple[int, int] | None:
        if self.clocks is None:
            return None
        return int(self._passed[gap]), int(self._passed[gap + 1])


def _nearest(rooms: NDArray[np.int64], gap: int) -> list[int]:
    at = int(rooms.searchsorted(gap))
    near = rooms[max(0, at - _TRIES) : at + _TRIES].tolist()
    return sorted(near, key=lambda room: abs(room - gap))


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

    @property
    def clocked(self) -> bool:
        return any(lane.clocks is not None for lane in self.lanes)

    def place(
        self, like: Sequence[Cell], clock: int | None, draws: KeyedDraws, *, after: int | None
    ) -> list[Placed]:
        """Numbers in a row, for rows of the same clock, in the grammar of their neighbours.

        like   the cells of the rows that they are made after
        after  a clock that the rows must come after
        """
        if not self.lanes:
            return [Placed(self._code(cell, draws), None) for cell in like]
        lane = self._lane(like[0], clock)
        first, clocks = lane.place(clock, len(like), draws, after=after)
        self.beyond += len(like) * (first > int(lane.numbers[-1]))
        texts = [lane.running.written(first + at) for at in range(len(like))]
        return [
            Placed(retyped(text, self.numbering.typical if cell in (None, "") else cell), clocks)
            for text, cell in zip(texts, like, strict=True)
        ]

    def at(self, numbers: Sequence[int], like: Sequence[Cell]) -> list[Placed]:
        """These running numbers, where the column has one lane."""
        texts = map(self.lanes[0].running.written, numbers)
        return [Placed(retyped(text, cell), None) for text, cell in zip(texts, like, strict=True)]

    def read(self, placed: Sequence[Placed]) -> list[int]:
        """Their running numbers, [] for codes."""
        read = [self.numbering.number(cell) for cell, _ in placed]
        return [number for number in read if number is not None]

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
        for _ in range(_TRIES):
            cell = retyped(group.text(uniform(group.size, draws)), self.numbering.typical)
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
        self.column = column
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

    def finish(self, sample: Sequence[Cell]) -> Numbers | None:
        """The numbers; None where values repeat often."""
        numbering = self._builder.finish(sample)
        if numbering is None:
            return None
        lanes = tuple(self._lane(group) for group in numbering.groups if isinstance(group, Running))
        return Numbers(numbering, lanes, np.sort(np.frombuffer(self._hashes, dtype=np.int64)))

    def _lane(self, running: Running) -> Lane:
        fixed, numbers, clocks = (np.frombuffer(column, dtype=column.typecode) for column in self._rows)
        mine = fixed == self._fixed.get(running.fixed[0], -1)
        own, at = np.unique(numbers[mine], return_index=True)
        follows = clocks[mine][at]
        if len(own) < len(running.numbers) or np.mean(np.diff(follows) >= 0) < _FOLLOWS:
            return Lane(running, running.numbers, None)
        return Lane(running, own, follows)


def apart(numbers: Mapping[int, Numbers], sample: Sequence[Row]) -> dict[int, int]:
    """Columns whose running number is always as far from the first numbered column's: by how much."""
    (lead, first), *others = numbers.items()
    found = {}
    for at, other in others:
        pairs = [(first.numbering.number(row[lead]), other.numbering.number(row[at])) for row in sample]
        distances = Counter(b - a for a, b in pairs if a is not None and b is not None)
        if len(other.lanes) == 1 and len(first.lanes) == 1 and distances:
            distance, often = distances.most_common(1)[0]
            if often >= _ALWAYS * len(sample):
                found[at] = distance
    return found
