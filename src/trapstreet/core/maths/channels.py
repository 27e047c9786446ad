"""What a coalition does with a position that some of its copies hold: the channel from codes to leak."""

from enum import StrEnum
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Shape(StrEnum):
    """How copies are mixed. Of a mark, *held* and *kept* mean that it shows 1."""

    SINGLE = "single"
    """One copy, nothing to mix."""
    UNION = "union"
    """Kept if any copy holds it; a mark shows 1 wherever it can."""
    INTERLEAVE = "interleave"
    """Taken from one copy at random."""
    MAJORITY = "majority"
    """Kept if more than half of the copies hold it; a draw is a coin."""
    TWO_OR_MORE = "two_or_more"
    """Kept if at least two copies hold it."""
    INTERSECTION = "intersection"
    """Kept if all copies hold it; a mark shows 0 wherever it can."""
    MINORITY = "minority"
    """A mark shows what fewer copies show, where they differ."""
    COIN = "coin"
    """A mark shows a coin's side where the copies differ."""


class Channel(NamedTuple):
    """A shape and how many copies it mixes, at least 1."""

    shape: Shape
    sources: int


def held(channel: Channel) -> F64:
    """The chance that a position is kept which k of the c copies hold: shape (c + 1,), k = 0..c.

    Nobody can keep what no copy holds, nor make a mark that all copies agree on show anything else (the
    marking assumption: Boneh & Shaw 1998, section 2).
    """
    k = np.arange(channel.sources + 1)
    c = channel.sources
    match channel.shape:
        case Shape.SINGLE | Shape.UNION:
            kept = 1.0 * (k >= 1)
        case Shape.INTERLEAVE:
            kept = k / c
        case Shape.MAJORITY:
            kept = 1.0 * (2 * k > c) + 0.5 * (2 * k == c)
        case Shape.TWO_OR_MORE:
            kept = 1.0 * (k >= 2)
        case Shape.INTERSECTION:
            kept = 1.0 * (k == c)
        case Shape.MINORITY:
            kept = 1.0 * ((k >= 1) & (2 * k < c)) + 0.5 * (2 * k == c) + (k == c)
        case Shape.COIN:
            kept = 0.5 * (k >= 1) + 0.5 * (k == c)
    return np.asarray(kept, np.float64)


def chances(
    channel: Channel, p: F64, noise: float, *, accused: int = 0, held_by: I64 | None = None
) -> tuple[F64, F64, F64]:
    """P(y = 1), P(y = 1 | x = 1), P(y = 1 | x = 0): x is one colluder's bit, y what the leak shows.

    p        chance of a 1 in a copy, in [0, 1]: shape (G,), as that of all results
    noise    chance that a position shows the opposite, in [0, 1/2)
    accused  how many of the coalition's copies are known; fewer than its sources
    held_by  how many of those hold the positions of a layer: shape (G,); 0 where not given
    Before thinning. O(G · sources).
    """
    kept = noise + (1 - 2 * noise) * held(channel)
    known = np.zeros(len(p), np.int64) if held_by is None else held_by
    others = channel.sources - 1 - accused
    given_1, given_0 = np.zeros(len(p)), np.zeros(len(p))
    for k in range(others + 1):
        share = comb(others, k) * p**k * (1 - p) ** (others - k)
        given_1 += share * kept[known + k + 1]
        given_0 += share * kept[known + k]
    return p * given_1 + (1 - p) * given_0, given_1, given_0


_MOST_SOURCES = 6
_SINGLE = Channel(Shape.SINGLE, 1)


def _grid(*shapes: tuple[Shape, int]) -> tuple[Channel, ...]:
    """All shapes from that number of sources on: below it they equal another."""
    return (
        _SINGLE,
        *(Channel(shape, c) for c in range(2, _MOST_SOURCES + 1) for shape, first in shapes if c >= first),
    )


_EITHER = ((Shape.UNION, 2), (Shape.INTERLEAVE, 2), (Shape.INTERSECTION, 2), (Shape.MAJORITY, 3))
PRESENCE = _grid(*_EITHER, (Shape.TWO_OR_MORE, 4))
"""Hypotheses of what became of rows."""
MARKS = _grid(*_EITHER, (Shape.MINORITY, 3), (Shape.COIN, 3))
"""Hypotheses of what became of marks."""
