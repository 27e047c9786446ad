"""Digit chains: numbers in text that people break into groups."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_LONGEST = 64  # bytes of a chain
_WIDEST_GAP = 3  # bytes between two groups: ") " or " - " or one NO-BREAK SPACE with a bracket

_SEPARATOR = np.zeros(256, dtype=bool)
_SEPARATOR[list(b" .-/()")] = True
_SEPARATOR[list("\u00a0\u2009\u202f\u2011\u2012\u2013".encode())] = True

_GLUE = np.zeros(256, dtype=bool)  # a digit group that touches one of these is part of a word
_GLUE[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")] = True


def digit_chains(
    data: bytes, *, least: int, most: int, groups: int, prefixed: int = 0
) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every 1 to `groups` adjacent digit groups with `least` to `most` digits in all.

    A chain that begins with + or 00 may have `prefixed` groups. Groups belong together when 1 to 3 separator
    bytes stand between them. A chain starts and ends at the border of a group and touches no letter, except
    that of an escape (\\n, \\r, \\t) before it and the x of an extension after it. A group of more than
    `most` digits belongs to no chain. Vectorised, O(len(data) + chains); sorted by start.
    """
    view = np.frombuffer(data, dtype=np.uint8)
    starts, ends = _groups(view)
    if not len(starts):
        return
    size = ends - starts
    fits = size <= most
    linked = _linked(view, starts, ends)
    opens = fits & _opens(view, starts)
    closes = fits & _closes(view, ends)
    sums = np.concatenate([[0], np.cumsum(size)])
    pairs = []
    last = np.arange(len(starts))  # the last group of each chain that can still grow to the left
    for length in range(max(groups, prefixed)):
        first = last - length
        digits = sums[last + 1] - sums[first]
        good = (digits >= least) & (digits <= most) & (ends[last] - starts[first] <= _LONGEST)
        good &= opens[first] & closes[last]
        if length >= groups:
            good &= _international(view, starts[first])
        pairs.append(np.stack([starts[first[good]], ends[last[good]]], axis=1))
        last = last[fits[first] & linked[first] & (digits < most)]
    yield from sorted((start, end) for start, end in np.concatenate(pairs).tolist())


def _groups(view: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    digit = np.zeros(len(view) + 2, dtype=bool)
    digit[1:-1] = (view - np.uint8(48)) < 10
    edges = np.flatnonzero(digit[1:] != digit[:-1])
    return edges[::2], edges[1::2]


def _linked(view: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each group continues the one before it."""
    gap = starts[1:] - ends[:-1]
    linked = gap <= _WIDEST_GAP
    for offset in range(_WIDEST_GAP):
        at = np.minimum(ends[:-1] + offset, len(view) - 1)
        linked &= (offset >= gap) | _SEPARATOR[view[at]]
    return np.concatenate([[False], linked])


def _international(view: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    plus = (starts > 0) & (view[np.maximum(starts - 1, 0)] == ord("+"))
    zeros = (view[starts] == ord("0")) & (view[np.minimum(starts + 1, len(view) - 1)] == ord("0"))
    return np.asarray(plus | zeros)


def _opens(view: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    before = view[np.maximum(starts - 1, 0)]
    escape = (view[np.maximum(starts - 2, 0)] == ord("\\")) & np.isin(before, list(b"nrt")) & (starts >= 2)
    return np.asarray((starts == 0) | ~_GLUE[before] | escape)


def _closes(view: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    after = view[np.minimum(ends, len(view) - 1)]
    return np.asarray((ends == len(view)) | ~_GLUE[after] | np.isin(after, list(b"xX")))
