"""Intervals for shares that were counted in a sample."""

from math import sqrt

_95_PERCENT = 1.959963984540054
"""The 97.5 % quantile of the normal law."""


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `hits` of `trials` drawn are; (0, 1) where none was drawn.

    It stays within [0, 1] and is good for few trials and shares near the ends, unlike the usual one.
    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927);
    without correction for continuity.
    """
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, _95_PERCENT**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _95_PERCENT / (1 + square / trials) * sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == trials else min(1.0, middle + half)
    return low, high
