"""Digit chains: numbers in text that people break into groups."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LONGEST = 64  # bytes of a chain
_WIDEST_GAP = 3  # bytes between two groups: ") " or " - " or one NO-BREAK SPACE with a bracket

_SEPARATOR = np.zeros(256, dtype=bool)
_SEPARATOR[list(b" .-/()")] = True
_SEPARATOR[list("\u00a0\u2009\u202f\u2011\u2012\u2013".encode())] = True

_GLUE = np.zeros(256, dtype=bool)  # a digit group that touches one of these is part of a word
_GLUE[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")] = True


def digit_chains(data: bytes, *, least: int, most: int, groups: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every 1 to `groups` adjacent digit groups with `least` to `most` digits in all.

    Groups belong together when 1 to 3 separator bytes stand between them. A chain is at most 64 bytes long,
    starts and ends at the border of a group and touches no letter, except that of an escape (\\n, \\r, \\t)
    before it and the x of an extension after it. Vectorised, O(len(data) + chains); sorted by start.
    """
    found = _groups(np.frombuffer(data, dtype=np.uint8))
    pairs = []
    last = np.flatnonzero(found.closes)
    first = last
    for _ in range(groups):
        digits = found.digits(first, last)
        good = (digits >= least) & (digits <= most) & found.fits(first, last)
        pairs.append(np.stack([found.starts[first[good]], found.ends[last[good]]], axis=1))
        more = found.linked[first] & (digits < most)
        first, last = first[more] - 1, last[more]
    yield from sorted((start, end) for start, end in np.concatenate(pairs).tolist())


def number_chains(
    data: bytes, *, lengths: Collection[int], most: int, groups: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, length): per end of a chain and length the fewest groups with so many digits.

    As digit_chains, at most `most` digits in all; a "(0)" within a chain is passed over, and a group of more
    than `most` digits belongs to none. Sorted.
    """
    view = np.frombuffer(data, dtype=np.uint8)
    found = _without_noughts(_groups(view), view, most=most)
    chains: list[tuple[int, int, int]] = []
    for length in lengths:
        last = np.flatnonzero(found.closes)
        first = last
        for _ in range(groups):
            digits = found.digits(first, last)
            enough = digits >= length
            good = enough & (digits <= most) & found.fits(first, last)
            ends = found.ends[last[good]].tolist()
            chains += zip(found.starts[first[good]].tolist(), ends, [length] * len(ends), strict=True)
            more = found.linked[first] & ~enough
            first, last = first[more] - 1, last[more]
    yield from sorted(chains)


class _Groups(NamedTuple):
    """Runs of digits, all arrays of one length.

    sums    digits up to and with each group
    linked  whether a group continues the one before it
    opens, closes  whether a chain can begin, or end, with the group
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    sums: NDArray[np.int64]
    linked: NDArray[np.bool_]
    opens: NDArray[np.bool_]
    closes: NDArray[np.bool_]

    def digits(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.sums[last] - self.sums[first] + self.ends[first] - self.starts[first]

    def fits(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
        return self.opens[first] & (self.ends[last] - self.starts[first] <= _LONGEST)


def _groups(view: NDArray[np.uint8]) -> _Groups:
    digit = np.zeros(len(view) + 2, dtype=bool)
    digit[1:-1] = (view - np.uint8(48)) < 10
    edges = np.flatnonzero(digit[1:] != digit[:-1])
    starts, ends = edges[::2], edges[1::2]
    sums = np.cumsum(ends - starts)
    if not len(starts):
        nowhere = np.zeros(0, dtype=bool)
        return _Groups(starts, ends, sums, nowhere, nowhere, nowhere)
    return _Groups(starts, ends, sums, _linked(view, starts, ends), _opens(view, starts), _closes(view, ends))


def _without_noughts(found: _Groups, view: NDArray[np.uint8], *, most: int) -> _Groups:
    """The groups that count: each "(0)" left out, the groups round it linked; none linked to a long one."""
    sizes = found.ends - found.starts
    before, after = view[np.maximum(found.starts - 1, 0)], view[np.minimum(found.ends, len(view) - 1)]
    nought = (sizes == 1) & (view[found.starts] == ord("0")) & (before == ord("(")) & (after == ord(")"))
    long = sizes > most
    broken = ~found.linked | long | np.append([False], long)[: len(long)]
    breaks = np.cumsum(broken)
    kept = np.flatnonzero(~nought)
    linked = np.append([False], np.diff(breaks[kept]) == 0)[: len(kept)]
    return _Groups(
        found.starts[kept],
        found.ends[kept],
        np.cumsum(sizes[kept]),
        linked,
        found.opens[kept],
        found.closes[kept] & ~long[kept],
    )


def _linked(view: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each group continues the one before it."""
    gap = starts[1:] - ends[:-1]
    linked = gap <= _WIDEST_GAP
    for offset in range(_WIDEST_GAP):
        at = np.minimum(ends[:-1] + offset, len(view) - 1)
        linked &= (offset >= gap) | _SEPARATOR[view[at]]
    return np.concatenate([[False], linked])


def _opens(view: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    before = view[np.maximum(starts - 1, 0)]
    escape = (view[np.maximum(starts - 2, 0)] == ord("\\")) & np.isin(before, list(b"nrt")) & (starts >= 2)
    return np.asarray((starts == 0) | ~_GLUE[before] | escape)


def _closes(view: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    after = view[np.minimum(ends, len(view) - 1)]
    return np.asarray((ends == len(view)) | ~_GLUE[after] | np.isin(after, list(b"xX")))
