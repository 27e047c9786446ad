"""Which records are too unlikely to be chance.

A foreign number that is one of ours by chance soon has a common name beside it. So each record is weighed by
what is rare about it, and counts if chance does not explain that many such records.
"""

from collections.abc import Mapping
from math import log10

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.maths.tails import log10_poisson_tail
from trapstreet.index import Seen
from trapstreet.index.matcher import CODE, CONFIRM, NEAR
from trapstreet.index.runs import distinct
from trapstreet.index.seen import ANCHORS, BIT
from trapstreet.watch.domain.foreign import Foreign

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

CHANCE = 0.01
"""Records of a sort count, the rarest first, as long as chance explains at most this share of them."""

_CROWD = 16.0
"""More foreign people or numbers of a kind do not stand near a place: 400 bytes hold as many short lines."""


def counted(seen: Seen, met: Mapping[Kind, int], foreign: Foreign) -> tuple[Bools, float]:
    """Which records count, and log10 of the p-value of there being so many.

    seen  records with fields near each other;  met  how many values of each kind the text shows
    Records that show the same kinds are judged together: those with more do not vouch for those with fewer.
    """
    counts = np.zeros(len(seen), dtype=np.bool_)
    explained = coincidences(seen, met, foreign)
    sorts = distinct(seen.near).tolist()
    lowest = 0.0
    for sort in sorts:
        of = np.flatnonzero(seen.near == sort)
        of = of[np.argsort(explained[of])]
        enough = np.flatnonzero(explained[of] <= np.log10(CHANCE * np.arange(1, len(of) + 1)))
        if len(enough):
            last = int(enough[-1])
            counts[of[: last + 1]] = True
            mean = 10.0 ** max(-300.0, float(explained[of[last]]))
            lowest = min(lowest, log10_poisson_tail(mean, last + 1))
    return counts, min(0.0, lowest + log10(max(1, len(sorts))))


def coincidences(seen: Seen, met: Mapping[Kind, int], foreign: Foreign) -> F64:
    """Per record log10 of how many records chance shows that are as rare, with fields of the same kinds.

    One value is met by chance (no oftener than values are met at all); that another near it, and whatever
    confirms it, is the same record's takes a further chance each. That is so whichever value is the first:
    the least counts.
    """
    rarity = foreign.spread.rarity(seen)
    fewest = np.full(len(seen), np.inf)
    kinds = [kind for kind in ANCHORS if met.get(kind)]
    beside = {kind: _log10(_crowd(kind, foreign, NEAR) * foreign.odds(kind).given) for kind in kinds}
    near = {kind: (seen.near & BIT[CODE[kind]]) > 0 for kind in kinds}
    others = sum((np.where(near[kind], beside[kind], 0.0) for kind in kinds), np.zeros(len(seen)))
    for kind in kinds:
        first = _log10(min(met[kind], foreign.count(kind) * foreign.odds(kind).any))
        people = 1 + _crowd(kind, foreign, CONFIRM)
        confirmed = np.log10(np.minimum(1.0, people * rarity)).sum(axis=1)
        this = first + others - beside[kind] + confirmed
        fewest = np.where(near[kind], np.minimum(fewest, this), fewest)
    return fewest


def _crowd(kind: Kind, foreign: Foreign, within: int) -> float:
    """How many foreign values of a kind stand at most so many bytes from a place."""
    count = max(1.0, foreign.count(kind))
    return min(_CROWD, count, 1 + 2 * within * count / foreign.size)


def _log10(value: float) -> float:
    return log10(min(1e300, max(1e-300, value)))
