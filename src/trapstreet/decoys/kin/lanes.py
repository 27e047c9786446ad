"""Where new rows stand among the numbers in use: in gaps like those around their donors' rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.kin.times import DAY, HOUR
from trapstreet.decoys.numbering import Running

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

_NEAR = 128  # gaps on either side of its clock that a row is looked a place for in …
_BOUND = 8  # … and where the clock cannot move
_WIDER = 16  # times as many where none of these has room
_REACHES = (1, 2, 4)  # how many numbers before and after it a gap's surroundings are compared
_NUMBERS, _CLOCKS, _MOVED = 12.0, 1.0, 3.0  # what a unit of difference weighs
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_WEEK = 7 * DAY  # the delay of a time where nothing says it
_NEVER = 50.0
_WHOLE = 1 << 30
ADJUSTED = 28 * DAY
"""By which a time may move so that it fits its row's number."""


class When(NamedTuple):
    """When rows stand.

    clock    None where they have none;  after  a clock that they come after
    movable  whether the clock is a time, which may move to fit a gap
    """

    clock: int | None
    after: int | None = None
    movable: bool = False


class Place(NamedTuple):
    """Free numbers, ascending, and the clocks of the rows on both sides, None where numbers follow no clock.

    share  of the time between the rows on both sides of the donor's that is before it, in [0, 1]
    """

    numbers: list[int]
    clocks: tuple[int, int] | None = None
    share: float = 0.5


class _Own(NamedTuple):
    """Donors' rows next to each other: positions of the first and the last, steps before, between, after."""

    first: int
    last: int
    steps: list[int]


@dataclass
class Lane:
    """The numbers of one grammar in use, ascending, and the clocks of their rows.

    numbers  without check digits
    clocks   a time, or the number that the row refers to; None where the numbers do not follow it
    quantum  what the clocks are multiples of
    """

    running: Running
    numbers: I64 = field(repr=False)
    clocks: I64 | None = field(default=None, repr=False)
    quantum: int = 1
    _given: dict[int, int] = field(default_factory=dict)
    _beyond: int = 0

    @cached_property
    def _passed(self) -> I64:
        """The clocks made to rise: single ones out of order count for nothing."""
        clocks = self.numbers if self.clocks is None else self.clocks
        if len(clocks) > 2:
            left, middle, right = clocks[:-2], clocks[1:-1], clocks[2:]
            inner = np.maximum(np.minimum(left, middle), np.minimum(np.maximum(left, middle), right))
            clocks = np.concatenate([np.minimum(clocks[:1], inner[:1]), inner, clocks[-1:]])
        return np.maximum.accumulate(clocks)

    @cached_property
    def _room(self) -> I64:
        """For each gap how far its end is from the last number given in it."""
        return np.diff(self.numbers)

    @cached_property
    def _fresh(self) -> NDArray[np.bool_]:
        """Gaps that no new row stands in."""
        return np.ones(len(self._room), dtype=bool)

    def has(self, number: int) -> bool:
        """Whether a number is in use in the table."""
        at = int(self.numbers.searchsorted(number))
        return at < len(self.numbers) and int(self.numbers[at]) == number

    def runs(self, like: Sequence[int | None]) -> list[list[int]]:
        """Which of these rows of the table stand next to each other, in the order of their numbers."""
        if any(number is None for number in like):
            return [list(range(len(like)))]
        numbers = [number or 0 for number in like]
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        where = np.searchsorted(self.numbers, [numbers[at] for at in order])
        parts = np.split(np.array(order), np.flatnonzero(np.diff(where) > 1) + 1)
        return [part.tolist() for part in parts]

    def place(
        self, like: Sequence[int | None], when: When, draws: KeyedDraws, *, above: int | None = None
    ) -> Place:
        """Free numbers for rows made after neighbouring ones, in a gap near their clock, else beyond the end.

        like   the numbers of the rows that they are made after, as `runs` gives them
        above  a number that they stand after, if there is room
        The gap is as long as the donors' rows and both gaps around them together, is divided as these are,
        and has surroundings like theirs, in numbers and in clocks: so the law of both is the table's. No
        gap is used twice where there are others. For rising clocks a gap is filled from below.
        """
        own = self._own(like, draws)
        at = self._met(when, own, draws)
        gaps = self._gaps(len(like), at, when, above)
        if not len(gaps):
            numbers = np.cumsum([max(self._beyond, int(self.numbers[-1])), *own.steps[:-1]]).tolist()
            self._beyond = numbers[-1]
            return Place(numbers[1:])
        unlike = self._unlike(gaps, at, own, when)
        weights = self._lengths(gaps, when) * np.exp(unlike.min() - unlike)
        whole = np.maximum(_WHOLE * weights / weights.max(), 1).astype(np.int64)
        gap = draws.weighted(gaps.tolist(), whole.cumsum().tolist())
        low, high = self._given.get(gap, int(self.numbers[gap])), int(self.numbers[gap + 1])
        numbers = _divided(low, high, own.steps, draws)
        self._given[gap], self._room[gap], self._fresh[gap] = numbers[-1], high - numbers[-1], False
        return Place(numbers, *self._between(gap, own))

    def _own(self, like: Sequence[int | None], draws: KeyedDraws) -> _Own:
        """The donors' rows; any row where their numbers are unknown."""
        count, last = len(self.numbers), len(self.numbers) - 1
        numbers = [number for number in like if number is not None]
        if len(numbers) < len(like):
            first = end = draws.below(count)
            numbers = [int(self.numbers[first]) + at for at in range(len(like))]
        else:
            first = min(int(np.searchsorted(self.numbers, numbers[0])), last)
            end = min(int(np.searchsorted(self.numbers, numbers[-1])), last)
        before = int(self.numbers[first] - self.numbers[first - 1]) if first else 0
        after = int(self.numbers[end + 1] - self.numbers[end]) if end < last else 0
        inner = np.maximum(np.diff(numbers), 1).tolist()
        return _Own(first, end, [before or after or 1, *inner, after or before or 1])

    def _met(self, when: When, own: _Own, draws: KeyedDraws) -> int:
        """The gap that the clock falls in, any of those of rows that have this clock; the one before the
        donors' rows where nothing is known of it."""
        if when.clock is None or self.clocks is None:
            return max(0, own.first - 1)
        first, last = (int(self._passed.searchsorted(when.clock, side=side)) for side in _SIDES)
        return max(0, first - 1 + draws.below(last - first + 1))

    def _gaps(self, count: int, at: int, when: When, above: int | None) -> I64:
        """The gaps that have room for so many rows, near one; fresh ones if there are any."""
        near = _NEAR if when.movable or self.clocks is None else _BOUND
        for reach in (near, _WIDER * near, len(self._room)):
            low = max(0, at - reach)
            room = self._room[low : at + reach + 1] > count
            if when.movable and when.after is not None and self.clocks is not None:
                room &= self._passed[low + 1 : low + 1 + len(room)] > when.after
            for wanted in self._preferred(low, room, above):
                if wanted.any():
                    found = low + np.flatnonzero(wanted)
                    here = int(found.searchsorted(at))
                    return np.asarray(found[max(0, here - _NEAR) : here + _NEAR + 1])
        return np.zeros(0, dtype=np.int64)

    def _preferred(self, low: int, room: NDArray[np.bool_], above: int | None) -> Iterator[NDArray[np.bool_]]:
        fresh = room & self._fresh[low : low + len(room)]
        if above is not None:
            later = self.numbers[low : low + len(room)] >= above
            yield fresh & later
            yield room & later
        yield fresh
        yield room

    def _unlike(self, gaps: I64, at: int, own: _Own, when: When) -> F64:
        """How much each gap differs from the donors' rows with what is around them."""
        unlike: F64 = np.abs(gaps - at) / (2.0 * _NEAR)
        if when.clock is not None and not when.movable and self.clocks is not None:
            around = (self._passed[gaps] <= when.clock) & (when.clock <= self._passed[gaps + 1])
            unlike = np.where(around, 0.0, np.abs(gaps - at))
        for reach in _REACHES:
            unlike = unlike + _NUMBERS / reach**2 * _differ(self.numbers, 1, gaps, own, reach)
        if when.clock is None or not when.movable or self.clocks is None:
            return unlike
        for reach in _REACHES:
            unlike = unlike + _CLOCKS / reach * _differ(self._passed, self.quantum, gaps, own, reach)
        early, late = self._passed[gaps], self._passed[gaps + 1]
        nearest = np.clip(when.clock, early, late)
        return unlike + _MOVED * _moved(nearest, when) + _off_the_day(early, late, when.clock)

    def _lengths(self, gaps: I64, when: When) -> I64:
        """How long gaps last: a moment meets the longer ones the likelier."""
        if self.clocks is None or not when.movable:
            return np.ones(len(gaps), dtype=np.int64)
        return np.asarray((self._passed[gaps + 1] - self._passed[gaps]) // self.quantum + 1)

    def _between(self, gap: int, own: _Own) -> tuple[tuple[int, int] | None, float]:
        if self.clocks is None:
            return None, 0.5
        passed, last = self._passed, len(self._passed) - 1
        before = int(passed[own.first] - passed[max(own.first - 1, 0)])
        after = int(passed[min(own.last + 1, last)] - passed[own.last])
        share = before / (before + after) if before + after > 0 else 0.5
        return (int(passed[gap]), int(passed[gap + 1])), share


def _divided(low: int, high: int, steps: Sequence[int], draws: KeyedDraws) -> list[int]:
    """Numbers between two, as far from these and from each other as the steps say, or in proportion."""
    spare = high - low - len(steps)
    wanted = np.array(steps) - 1
    if not wanted.any():
        wanted[-1 if draws.below(2) else 0] = 1
    shares = np.cumsum(wanted[:-1]) / wanted.sum()
    numbers: list[int] = (low + np.arange(1, len(steps)) + np.rint(spare * shares).astype(np.int64)).tolist()
    return numbers


def _differ(values: I64, unit: int, gaps: I64, own: _Own, reach: int) -> F64:
    """Differences in the logarithm of what lies between `reach` numbers before and as many after."""
    last = len(values) - 1
    theirs = values[np.minimum(gaps + reach, last)] - values[np.maximum(gaps + 1 - reach, 0)]
    mine = int(values[min(own.last + reach, last)]) - int(values[max(own.first - reach, 0)])
    found: F64 = np.abs(np.log1p(theirs / unit) - np.log1p(mine / unit))
    return found


def _moved(times: I64, when: When) -> F64:
    """How far the clock is moved to these times, by its delay; more than so much is out of the question."""
    moved = np.abs(times - (when.clock or 0))
    delay = _WEEK if when.after is None else max(HOUR, (when.clock or 0) - when.after)
    found: F64 = moved / delay + _NEVER * (moved > ADJUSTED)
    return found


def _off_the_day(early: I64, late: I64, moment: int) -> F64:
    """How far the time of day of a moment is outside of gaps, in hours."""
    wait = (moment - early) % DAY
    outside = np.minimum(wait - (late - early), DAY - wait) / HOUR
    return np.asarray(np.maximum(outside, 0.0), dtype=np.float64)
