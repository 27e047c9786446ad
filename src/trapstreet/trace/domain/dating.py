"""When the leaked state was current, from the versions that its rows match; a few wrong rows do no harm."""

from collections.abc import Iterator, Sequence
from math import log
from typing import Literal, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

GARBLED = 0.05
"""The share of rows that may show a wrong state while the window still holds with 99 %."""

LEAST = 0.9
"""The share of rows that must agree."""

_OUTSPOKEN = 50
_SLACK = 1
_GAIN, _LOSS = log(0.5 / GARBLED), log(0.5 / (1 - GARBLED))
_SEVERAL = log(3000)
_DOUBTFUL = log(10)


class VersionSeen(NamedTuple):
    """When a version was seen: first, last (Unix µs), and whether it only read the same records in another
    way."""

    first: int
    last: int
    reread: bool


class Spans(NamedTuple):
    """How many leaked rows show a state that began, and one that was over, in each version.

    began, ended  i64, one for each version; every row began in one, rows whose state still holds ended in
                  none
    """

    began: I64
    ended: I64

    @classmethod
    def none(cls) -> Self:
        """No row at all."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing)

    @classmethod
    def counted(cls, since: I64, until: I64, *, versions: int) -> Self:
        """From the version in which each row's state began (1 is the first), and was over (0: it holds)."""
        return cls(
            np.bincount(since, minlength=versions + 1)[1:], np.bincount(until, minlength=versions + 1)[1:]
        )

    def versions(self) -> list[int]:
        """Those in which something began."""
        return (np.flatnonzero(self.began) + 1).tolist()

    def without(self, reread: Bools) -> "Spans":
        """The same where versions that only read the records in another way began and ended nothing."""
        began = np.where(reread, 0, self.began)
        began[:1] += np.sum(self.began) - np.sum(began)
        return Spans(began, np.where(reread, 0, self.ended))


class Step(msgspec.Struct, frozen=True):
    """The share of rows whose state was current, or may have been, all through a stretch of time.

    begin, end  Unix µs; None before the first version and after the last
    """

    begin: int | None
    end: int | None
    agree: float


class Dating(msgspec.Struct, frozen=True):
    """When the rows of a leak were current.

    times       one: there is a window;  several: the rows do not agree on one time;  unknown: the versions
                set no limit
    begin, end  of the window, Unix µs; None where the versions set no limit
    agree       the largest share of the rows that were current together
    versions    those that the leak can be a copy of
    steps       the share at every time, in order
    """

    times: Literal["one", "several", "unknown"]
    begin: int | None
    end: int | None
    agree: float
    versions: list[int]
    steps: list[Step]


def date(spans: Spans, versions: Sequence[VersionSeen]) -> Dating:
    """The window in which the leaked state was current.

    A state that version 1 already had may be any age. One that began in version v was not there yet when
    version v - 1 was last seen, and one that was over in version v ended before v was first seen: so at a
    moment between two versions rows may show either.

    Where all rows agree, and at least 50 would not at a version drawn at random, the window is exactly where
    all do. Elsewhere a moment belongs to it unless it is ruled out. Going away from the true moment, rows
    that were current there are lost as their records change, and garbled rows are gained. If at most 5 % are
    garbled, a change is a gain with a probability of at most 0.05, so that 19^(gained - lost) reaches 19²
    with one of at most 1/361 on each side (Ville): a moment is ruled out by two rows on balance. It is also
    ruled out where the largest (0.5/0.05)^gained · (0.5/0.95)^lost of both sides have a product of 3,000: so
    many rows speak against it that they are of two times (for two such maxima P(product ≥ c) is at most
    (1 + ln c) / c). The true moment is missed with less than 1 %, where a garbled row's version was drawn at
    random (docs/attribution.md, section 7; tests/statistical/test_trace_dating.py).

    There is no window where no moment is left, where that product reaches 10 for each that is, or where fewer
    than 90 % of the rows agree.
    O(versions) time and memory; the leak's rows are counted before.
    Source: Ville 1939, in Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform Chernoff bounds via nonnegative
    supermartingales", Probability Surveys 17 (2020), lemma 1.
    """
    clean = spans.without(np.array([version.reread for version in versions], dtype=np.bool_))
    rows = int(np.sum(clean.began))
    current = np.cumsum(clean.began - clean.ended)
    covered = _slots(clean, current)
    if rows and np.max(covered) == rows and np.mean(rows - current) >= _OUTSPOKEN:
        possible = covered == rows
    else:
        possible = _not_ruled_out(clean, current)
    agree = float(np.max(covered)) / max(1, rows)
    steps = list(_steps(covered / max(1, rows), versions))
    if agree < LEAST or not possible.any():
        return Dating("several" if rows else "unknown", None, None, agree, [], steps)
    low, high = np.flatnonzero(possible)[[0, -1]].tolist()
    begin = versions[low // 2 - 1].last if low > 1 else None
    end = versions[(high + 1) // 2].first if (high + 1) // 2 < len(versions) else None
    known = begin is not None or end is not None
    fitting = (np.flatnonzero(possible[1::2]) + 1).tolist() if known else []
    return Dating("one" if known else "unknown", begin, end, agree, fitting, steps)


def _slots(spans: Spans, current: I64) -> I64:
    """How many rows agree with each slot: before version 1, version 1, between 1 and 2, version 2, and so on
    to after the last."""
    slots = np.empty(2 * len(current) + 1, dtype=np.int64)
    slots[1::2] = current
    slots[0] = spans.began[0]
    slots[2:-1:2] = current[:-1] + spans.began[1:]
    slots[-1] = current[-1]
    return slots


def _not_ruled_out(spans: Spans, current: I64) -> Bools:
    """Which slots the rows on neither side of them speak against; none where each is doubtful.

    What a step gains when it is taken to the later version, it loses when taken to the earlier.
    """
    gained, lost = spans.began, spans.ended
    later = _against(current, gained, lost)
    earlier = _against(current[::-1], np.append(0, lost[:0:-1]), np.append(0, gained[:0:-1]))[:, ::-1]
    after = np.pad(np.repeat(later, 2, axis=1), ((0, 0), (0, 1)))
    before = np.pad(np.repeat(earlier, 2, axis=1), ((0, 0), (1, 0)))
    doubt = (after + before)[1]
    possible = (np.maximum(after, before)[0] <= _SLACK) & (doubt < _SEVERAL)
    left: Bools = possible & (np.min(doubt, where=possible, initial=np.inf) < _DOUBTFUL)
    return left


def _against(current: I64, gained: I64, lost: I64) -> F64:
    """What speaks against each version, shape (2, n): by how many rows another one behind it has more, and ln
    of how much likelier, on the way there, half of the rows are of another time than 5 %."""
    return np.stack([_rise(current.astype(np.float64)), _rise(np.cumsum(gained * _GAIN + lost * _LOSS))])


def _rise(values: F64) -> F64:
    """From each position on, by how much the largest value exceeds the one there."""
    rise: F64 = np.maximum.accumulate(values[::-1])[::-1] - values
    return rise


def _steps(shares: F64, versions: Sequence[VersionSeen]) -> Iterator[Step]:
    """The shares of all slots that last for some time."""
    begin = None
    for number, version in enumerate(versions):
        yield Step(begin, version.first, float(shares[2 * number]))
        if version.last > version.first:
            yield Step(version.first, version.last, float(shares[2 * number + 1]))
        begin = version.last
    yield Step(begin, None, float(shares[-1]))
