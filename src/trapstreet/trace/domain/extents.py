"""Where records of ours stand in a text, and what of it belongs to them."""

from collections.abc import Iterable
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from trapstreet.index import Matches
from trapstreet.index.matcher import NEAR
from trapstreet.index.seen import ALONE, BIT

U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_BREAKS = np.zeros(256, dtype=np.bool_)
_BREAKS[list(b"\n\r{})]")] = True
_CLOSING = np.frombuffer(b")]", dtype=np.uint8)  # ends a record only where a comma follows
_COMMA = ord(",")


class Spans(NamedTuple):
    """Parts of a text, in order, that do not overlap."""

    low: I64
    high: I64

    @classmethod
    def merged(cls, low: I64, high: I64) -> Self:
        if not len(low):
            return cls(low, high)
        order = np.argsort(low)
        low, reach = low[order], np.maximum.accumulate(high[order])
        first = np.flatnonzero(np.append(True, low[1:] > reach[:-1]))
        return cls(low[first], reach[np.append(first[1:], len(low)) - 1])

    def touch(self, start: I64, end: I64) -> Bools:
        """Which of some places overlap one of the parts."""
        if not len(self.low):
            return np.zeros(len(start), dtype=np.bool_)
        at = np.searchsorted(self.low, end) - 1
        there: Bools = (at >= 0) & (self.high[at] > start)
        return there


class Extents(NamedTuple):
    """Values of ours, and the line that each stands in.

    state   of the record (table << 32 | number)
    beside  another field of the record is near;  alone  its kind is rare enough by itself
    """

    state: U64
    kind: U8
    start: I64
    end: I64
    low: I64
    high: I64
    beside: Bools
    alone: Bools

    @classmethod
    def none(cls) -> Self:
        nowhere, no = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
        state, kind = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint8)
        return cls(state, kind, nowhere, nowhere, nowhere, nowhere, no, no)

    @classmethod
    def of(cls, matches: Matches, beside: Bools) -> Self:
        if not len(matches):
            return cls.none()
        state = matches.table.astype(np.uint64) << np.uint64(32) | matches.number
        low, high = _lines(matches)
        alone = (BIT[matches.kind] & ALONE) > 0
        return cls(state, matches.kind, matches.start, matches.end, low, high, beside, alone)

    def followed_by(self, later: "Extents") -> "Extents":
        both: Iterable[tuple[Any, Any]] = zip(self, later, strict=True)
        return Extents._make(np.concatenate(each) for each in both)

    def since(self, place: int) -> "Extents":
        return Extents._make(column[self.start >= place] for column in self)

    def values(self) -> Spans:
        """What is ours for certain, or in a record."""
        sure = self.beside | self.alone
        return Spans.merged(self.start[sure], self.end[sure])

    def numbers(self) -> Spans:
        """What could be ours by chance."""
        single = ~(self.beside | self.alone)
        return Spans.merged(self.start[single], self.end[single])

    def records(self) -> Spans:
        """Values, lines of records, and all that stands between two fields of one record near each other."""
        order = np.lexsort((self.start, self.state))
        a, b = order[:-1], order[1:]
        both = (self.state[a] == self.state[b]) & (self.kind[a] != self.kind[b])
        both &= (self.start[b] >= self.end[a]) & (self.start[b] - self.start[a] <= NEAR)
        a, b = a[both], b[both]
        bare = self.alone & ~self.beside
        return Spans.merged(
            np.concatenate([self.low[self.beside], self.low[a], self.start[bare]]),
            np.concatenate([self.high[self.beside], self.high[b], self.end[bare]]),
        )


def _lines(matches: Matches) -> tuple[I64, I64]:
    """Where the line of each match begins and ends, at most NEAR bytes from it."""
    text = np.frombuffer(matches.text, dtype=np.uint8)
    at = np.flatnonzero(_BREAKS[text])
    following = text[np.minimum(at + 1, len(text) - 1)]
    at = at[~np.isin(text[at], _CLOSING) | (following == _COMMA)] + matches.offset
    before = np.searchsorted(at, matches.start) - 1
    behind = np.searchsorted(at, matches.end)
    breaks = np.concatenate([at, [matches.offset + len(text), matches.offset - 1]])  # the last for -1
    low = np.maximum(breaks[before] + 1, matches.start - NEAR)
    return low, np.minimum(breaks[behind], matches.end + NEAR)
