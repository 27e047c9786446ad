"""Free numbers between those in use, with the gaps around them that a real row has around its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.clock import Hours

I64 = NDArray[np.int64]

_NEAR = 1 / 32  # share of the gaps that count as near, on either side …
_FEWEST, _MOST = 1024, 2048  # … and how many they are at least and at most
_REACHES = (1, 2, 4)  # how many numbers before and after it a gap's surroundings are compared
_WHOLE = 1 << 30
_CHOSEN = 16  # gaps that a decoy's is drawn from: the most alike


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap between two numbers in use, and the number that divides it as the donor does its own.

    choices  1 / the chance of the likeliest of the gaps that it was drawn from
    """

    low: int
    high: int
    number: int
    unit: int
    choices: float


class LikelyGaps:
    """Places between numbers in use. Each gap is used once.

    A donor's number has a gap before it and one after it. A gap near the donor's that is as long as the two
    together is divided as the donor divides its own: so the law of both gaps is the table's.
    """

    def __init__(self, used: I64, *, unit: int = 1, moments: I64 | None = None, step: int = 1) -> None:
        """used     ascending, distinct; new numbers are multiples of `unit` apart from them
        moments  those of their rows in multiples of `step` µs, where these rise with the numbers: a gap of
                 many usual hours is the likelier, as it is for a row more
        """
        self._used = used
        self._unit = unit
        self._moments = moments
        self._step = step
        self._free = np.diff(used) >= 2 * unit
        self._shared = moments is not None and 2 * (1 + np.count_nonzero(np.diff(moments))) < len(moments)
        self._passed = None if moments is None else Hours(moments).passed(moments)

    @property
    def room(self) -> int:
        """Gaps that take a number."""
        return int(np.count_nonzero(self._free))

    def draw(self, number: int, draws: KeyedDraws) -> Gap | None:
        """A gap for a decoy of the donor with this number; None where none is left near it."""
        at = min(int(np.searchsorted(self._used, number)), len(self._used) - 1)
        choices = self._alike(at)
        if not choices:
            return None
        weights = self._weights(choices)
        gap = draws.weighted(choices, weights.cumsum().tolist())
        self._free[gap] = False
        before, after = self._around(at)
        low, high = int(self._used[gap]), int(self._used[gap + 1])
        steps = (high - low) // self._unit
        offset = min(max(round(before / (before + after) * steps), 1), steps - 1)
        return Gap(low, high, low + offset * self._unit, self._unit, float(weights.sum() / weights.max()))

    def _around(self, at: int) -> tuple[int, int]:
        """The gaps before and after a used number; at an end the other one twice."""
        used = self._used
        before = int(used[at] - used[at - 1]) if at > 0 else 0
        after = int(used[at + 1] - used[at]) if at + 1 < len(used) else 0
        return before or after or self._unit, after or before or self._unit

    def _alike(self, at: int) -> list[int]:
        """The free gaps near a used number that are most like the two around it, with what is around."""
        near = min(max(int(_NEAR * len(self._used)), _FEWEST), _MOST)
        low = max(0, at - near)
        gaps = low + np.flatnonzero(self._free[low : at + near])
        unlike = np.abs(gaps - at) / (2 * near)
        for reach in _REACHES:
            unlike += 12 / reach**2 * self._unlike(gaps, at, reach)
        chosen = min(4 * _CHOSEN if self._shared else _CHOSEN, len(gaps))
        best = np.sort(np.argpartition(unlike, chosen - 1)[:chosen]) if chosen else slice(0)
        alike: list[int] = gaps[best].tolist()
        return alike

    def _weights(self, gaps: Sequence[int]) -> I64:
        """What the chance of each gap is proportional to.

        A gap takes a row more by how many usual hours are in it. Where many rows share a moment, a moment and
        not a gap is as likely as any other: a new row of a day with n rows stands in one of n + 1 places, a
        row of an empty day in one.
        """
        moments = self._moments
        if moments is None or self._passed is None:
            return np.ones(len(gaps), dtype=np.int64)
        if not self._shared:
            at = np.array(gaps, dtype=np.intp)
            usual = np.abs(self._passed[at + 1] - self._passed[at])
            return np.asarray(np.maximum(_WHOLE * usual / max(1.0, usual.max()), 1), dtype=np.int64)
        early, late = moments[list(gaps)], moments[[gap + 1 for gap in gaps]]
        rows = [
            np.searchsorted(moments, found, "right") - np.searchsorted(moments, found)
            for found in (early, late)
        ]
        of_early, of_late = ((found != 1) / (1 + found) for found in rows)
        between = np.maximum((late - early) // self._step - 1, 0)
        weights = np.where(early == late, of_early, of_early + of_late + between)
        return np.asarray(np.maximum(_WHOLE * weights, 1), dtype=np.int64)

    def _unlike(self, gaps: I64, at: int, reach: int) -> NDArray[np.float64]:
        """Differences in the logarithm of what lies between `reach` numbers before and as many after."""
        used, unit, last = self._used, self._unit, len(self._used) - 1
        theirs = used[np.minimum(gaps + reach, last)] - used[np.maximum(gaps + 1 - reach, 0)]
        own = int(used[min(at + reach, last)]) - int(used[max(at - reach, 0)])
        found: NDArray[np.float64] = np.abs(np.log1p(theirs / unit) - np.log1p(own / unit))
        return found
