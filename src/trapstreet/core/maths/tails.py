"""Exact tails of the laws that evidence is measured against."""

from math import inf, lgamma, log, log1p

_LOG10 = log(10)
_UP = 1e-9  # relative rounding upward: far above the error of the sum, far below anything that matters


def log10_binomial_tail(trials: int, chance: float, hits: int) -> float:
    """log10 of P(Bin(trials, chance) ≥ hits), rounded upward; 0.0 where it is certain.

    trials ≥ 0, chance in [0, 1]; -inf where hits cannot be reached. O(trials - hits), stopping early.
    """
    if hits <= 0 or chance >= 1:
        return 0.0
    if hits > trials or chance <= 0:
        return -inf
    first = (
        lgamma(trials + 1)
        - lgamma(hits + 1)
        - lgamma(trials - hits + 1)
        + hits * log(chance)
        + (trials - hits) * log1p(-chance)
    )
    total, term, odds = 1.0, 1.0, chance / (1 - chance)
    for k in range(hits, trials):
        term *= (trials - k) / (k + 1) * odds
        total += term
        if term < total * 1e-17 and (trials - k) * odds < k + 1:
            break
    return min(0.0, (first + log(total) + _UP * (1 + abs(first) * 1e-3)) / _LOG10)


def log10_poisson_tail(mean: float, hits: int) -> float:
    """log10 of P(Poisson(mean) ≥ hits), rounded upward; 0.0 up to the mean, where it is no tail.

    mean ≥ 0; -inf where nothing can happen. O(hits - mean), stopping early.
    """
    if hits <= mean or hits <= 0:
        return 0.0
    if mean <= 0:
        return -inf
    first = hits * log(mean) - mean - lgamma(hits + 1)
    total, term, k = 1.0, 1.0, hits
    while term > total * 1e-17:
        k += 1
        term *= mean / k
        total += term
    return min(0.0, (first + log(total) + _UP * (1 + abs(first) * 1e-3)) / _LOG10)


def fewest_hits(trials: int, chance: float, log10_bound: float) -> int | None:
    """The smallest number of hits whose tail is at most the bound; None where even all of them are not
    enough."""
    low, high = 0, trials + 1
    while low < high:
        middle = (low + high) // 2
        if log10_binomial_tail(trials, chance, middle) <= log10_bound:
            high = middle
        else:
            low = middle + 1
    return low if low <= trials else None
