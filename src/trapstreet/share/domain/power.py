"""What a copy will prove: how large a leak must be for its decoys to name it."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import log10

import msgspec

from trapstreet.core.fields import Kind
from trapstreet.core.maths.entropy import Profile, coincidence
from trapstreet.core.maths.tails import fewest_hits, log10_binomial_tail

NEIGHBOURS = 40
"""Candidates of a second kind within reach of one of the first, in a dense table: what a pair is judged
with here."""

_STEPS = 60


class Power(msgspec.Struct, frozen=True):
    """A leak of so many rows of this copy is traced to it with this probability."""

    leaked_rows: int
    power: float


def power_curve(
    profiles: Sequence[Profile],
    columns: Mapping[Kind, Sequence[str]],
    *,
    decoys: int,
    rows: int,
    copies: int,
    others: int,
    bound: float,
) -> list[Power]:
    """Power for leaks of 1, 3, 10, 30 and 100 % of the copy, preceded by the smallest leak with 95 %, where
    there is one.

    rows    real rows of the copy
    copies  how many copies share the bound;  others  how many decoys the data set's other copies have
    The rows leaked are taken at random from the copy, its decoys among them, with all identifying columns,
    and some 100 bytes or more to a row; fewer columns prove less.
    """
    kinds = [kind for kind in columns if any(each.joint_bits(columns[kind]) for each in profiles)]
    sets = [*combinations(kinds, 1), *combinations(kinds, 2)]

    def power(leaked: int) -> float:
        share = leaked / (rows + decoys)
        limit = log10(bound) - log10(copies) - log10(max(1, len(sets)))
        best = 0.0
        for each in sets:
            candidates = leaked * (2 if len(each) == 1 else NEIGHBOURS)
            could = coincidence(profiles, [columns[kind] for kind in each], candidates, others=others)
            needed = fewest_hits(could.decoys, could.q0, limit)
            if needed is not None:
                best = max(best, 10 ** log10_binomial_tail(could.decoys, share, needed))
        return best

    total = rows + decoys
    sizes = sorted({max(1, round(total * percent / 100)) for percent in (1, 3, 10, 30, 100)})
    smallest = _smallest(power, total)
    if smallest is not None:
        sizes = sorted({smallest, *sizes})
    return [Power(size, round(power(size), 4)) for size in sizes]


def proven_at(curve: Sequence[Power], power: float = 0.95) -> int | None:
    """The smallest leak of the curve that is traced with at least this probability."""
    return min((each.leaked_rows for each in curve if each.power >= power), default=None)


def _smallest(power: Callable[[int], float], total: int) -> int | None:
    """The smallest number of rows with 95 %, to within two per cent; power grows with the leak for all
    practical sizes."""
    if power(total) < 0.95:
        return None
    low, high = 0, total
    for _ in range(_STEPS):
        if high - low <= max(1, high // 50):
            break
        middle = (low + high) // 2
        if power(middle) >= 0.95:
            high = middle
        else:
            low = middle
    return high
