"""Moments that follow a running number: between those of its neighbours, at usual hours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.measures import NOTHING

I64 = NDArray[np.int64]

_FOLLOWS = 0.95  # rank correlation
_HOUR = 3600 * 1_000_000  # µs
_WEEK = 7 * 24  # hours
_WHOLE = 1 << 20
_TRIED = 24  # moments of which one at a usual hour is chosen
_RANKED = 20_000


class Hours:
    """At which hours of the week the moments of a column lie."""

    def __init__(self, moments: I64) -> None:
        self._usual = 1.0 + np.bincount(moments // _HOUR % _WEEK, minlength=_WEEK)
        self._moments = np.sort(moments)
        self._passed = np.concatenate([[0.0], self._usual.cumsum()])

    def passed(self, moments: I64) -> NDArray[np.float64]:
        """How much of the time until each moment counts, an hour of the week by how usual it is."""
        hour, week = moments // _HOUR, self._passed[-1]
        inside = self._usual[hour % _WEEK] * (moments % _HOUR / _HOUR)
        return np.asarray(hour // _WEEK * week + self._passed[hour % _WEEK] + inside)

    def between(self, early: int, late: int, unit: int, draws: KeyedDraws) -> int:
        """A moment of a whole number of units in [early, late], at an hour that is usual.

        The chance of a moment that rows have falls with their number: as many places are between those rows.
        One that a single row has is taken only where there is no other.
        """
        steps = (late - early) // unit
        if not steps:
            return early
        tried = np.array([early + unit * draws.below(steps + 1) for _ in range(_TRIED)])
        there = np.searchsorted(self._moments, tried, "right") - np.searchsorted(self._moments, tried)
        weights = _WHOLE * self._usual[tried // _HOUR % _WEEK] / (1 + there) * (there != 1)
        found: int = draws.weighted(tried.tolist(), np.maximum(weights, 1).astype(np.int64).cumsum().tolist())
        return found


@dataclass(frozen=True)
class Clock:
    """The moments of a column in the order of the rows' numbers."""

    numbers: I64
    moments: I64

    def between(self, number: int) -> tuple[int, int]:
        """The earlier and the later moment of the rows before and after a number."""
        last = len(self.numbers) - 1
        before = int(np.searchsorted(self.numbers, number)) - 1
        after = int(np.searchsorted(self.numbers, number, side="right"))
        one, other = int(self.moments[max(before, 0)]), int(self.moments[min(after, last)])
        return min(one, other), max(one, other)


def learn_clock(numbers: I64, moments: I64) -> Clock | None:
    """The clock that numbers are for moments, both by row; None where moments do not follow them."""
    known = (numbers != NOTHING) & (moments != NOTHING)
    if np.count_nonzero(known) < 20:
        return None
    order = np.argsort(numbers[known], kind="stable")
    kept_numbers, kept = numbers[known][order], moments[known][order]
    tried = kept[:: max(1, len(kept) // _RANKED)]
    ranks = np.argsort(np.argsort(tried, kind="stable"))
    if np.ptp(tried) == 0 or abs(np.corrcoef(np.arange(len(tried)), ranks)[0, 1]) < _FOLLOWS:
        return None
    return Clock(kept_numbers, kept)
