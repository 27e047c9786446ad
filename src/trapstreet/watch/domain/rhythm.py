"""How long a source may be silent before that is no rhythm of its own any more.

A source that names nothing new looks the same whether nothing happens there or its layout has changed. What
tells the two apart is how long it was ever silent before.
"""

from collections.abc import Sequence

import msgspec

DAY = 86_400_000_000
"""Microseconds."""
ENOUGH = 30
"""Gaps that have to be known before a silence is told, and"""
LEARNT = 14 * DAY
"""for how long they have to be."""
TIMES = 4
"""Times the longest known gap after which a silence is told, a day at least."""
KEPT = 400 * DAY
"""For how long a gap is remembered: holidays come once a year."""

_LONGEST = 8


class Rhythm(msgspec.Struct, frozen=True):
    """When something new was seen first and last (Unix µs), the gaps between two rounds that had something
    new, and the longest of them as [ended at, microseconds]."""

    since: int
    last: int
    gaps: int = 0
    longest: tuple[tuple[int, int], ...] = ()


def beaten(rhythm: Rhythm | None, *, at: int) -> Rhythm:
    """The rhythm after a round that had something new."""
    if rhythm is None:
        return Rhythm(at, at)
    gap = max(0, at - rhythm.last)
    known = [each for each in rhythm.longest if each[0] > at - KEPT]
    longest = sorted([*known, (at, gap)], key=lambda each: -each[1])[:_LONGEST]
    return Rhythm(rhythm.since, at, rhythm.gaps + 1, tuple(longest))


def patience(rhythm: Rhythm, *, every: int) -> int | None:
    """Microseconds of silence after which people are told; None while the rhythm is being learnt.

    every  microseconds between two rounds
    Four times the longest silence that was ever seen, four rounds and a day at least. Were the gaps to come
    in any order alike, the next one of n would exceed even once the longest with a chance of 1 in n + 1;
    tests/statistical/test_watch_rhythm.py has what four times comes to.
    """
    if rhythm.gaps < ENOUGH or rhythm.last - rhythm.since < LEARNT:
        return None
    return max(TIMES * longest(rhythm.longest), TIMES * every, DAY)


def longest(gaps: Sequence[tuple[int, int]]) -> int:
    """Microseconds of the longest of some gaps."""
    return max((length for _, length in gaps), default=0)
