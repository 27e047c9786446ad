"""How many of the decoys a theft takes, and how many of those are used: exact laws."""

from dataclasses import dataclass, field
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Law:
    """The law of a count: `chances` of the values from `least` on."""

    least: int
    chances: NDArray[np.float64] = field(repr=False)

    def used(self, share: float) -> tuple[float, float]:
        """P(at least one) and P(at least two) of those counted, if each is used with probability `share`.

        The number used is binomial given the count, so P(none) = G(1 − share) and P(exactly one) =
        share · G'(1 − share) with G the law's generating function.
        """
        counts = self.least + np.arange(len(self.chances))
        none = float(self.chances @ (1 - share) ** counts)
        one = float(self.chances @ (counts * share * (1 - share) ** np.maximum(counts - 1, 0)))
        return max(0.0, 1 - none), max(0.0, 1 - none - one)


def of_random_rows(rows: int, decoys: int, stolen: int) -> Law:
    """Decoys among `stolen` rows that are drawn from all, real ones and decoys, each set equally likely."""
    share = decoys / (rows + decoys)
    counts = _likely(stolen * share, max(0, stolen - rows), min(decoys, stolen))
    ways = _log_ways(decoys, counts) + _log_ways(rows, stolen - counts)
    chances = np.exp(ways - ways.max())
    return Law(int(counts[0]), chances / chances.sum())


def at_random(decoys: int, share: float) -> Law:
    """Decoys in a part of the table, each placed there by itself with probability `share`."""
    from scipy.special import xlog1py, xlogy

    counts = _likely(decoys * share, 0, decoys)
    chances = _log_ways(decoys, counts) + xlogy(counts, share) + xlog1py(decoys - counts, -share)
    return Law(int(counts[0]), np.exp(chances))


def _log_ways(items: int, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """log C(items, chosen), to a ten-millionth; some hundred times as fast as scipy.stats.hypergeom."""
    from scipy.special import gammaln

    return np.asarray(gammaln(items + 1) - gammaln(chosen + 1) - gammaln(items - chosen + 1))


def _likely(mean: float, least: int, most: int) -> NDArray[np.int64]:
    """The counts within ten standard deviations of the mean, which bounds the variance of both laws."""
    reach = 10 * sqrt(mean) + 30
    return np.arange(max(least, floor(mean - reach)), min(most, ceil(mean + reach)) + 1, dtype=np.int64)


class Spread:
    """A part of the table as a systematic sample meets it.

    inside  shape (m,): which rows of a uniform sample belong to the part, in the order that decoys are spread
            over (decoys.donors.spread_order)
    """

    def __init__(self, inside: NDArray[np.bool_]) -> None:
        edges = np.flatnonzero(np.diff(inside.astype(np.int8), prepend=0, append=0))
        self._rows = len(inside)
        self._edges = edges
        self._signs = np.where(np.arange(len(edges)) % 2, 1, -1)

    def law(self, decoys: int) -> Law:
        """Decoys in the part, over the random start of the sample. Exact; O(m log m).

        Decoy k of n is made after the row in whose unit interval (k + u) · m / n lies, u uniform in (0, 1).
        Below an edge lie ⌊x⌋ + [frac(x) > u] of them, x = edge · n / m: the count in the part changes only
        where u passes such a fraction.
        Source: Cochran, "Sampling Techniques", 3rd edition 1977, section 8.1.
        """
        below = self._edges * decoys / self._rows
        whole = np.floor(below)
        fractions = below - whole
        order = np.argsort(fractions)
        widths = np.diff(np.concatenate([[0.0], fractions[order], [1.0]]))
        above = np.concatenate([[0], np.cumsum(self._signs[order][::-1])])[::-1]
        counts = (self._signs @ whole + above).astype(np.int64)
        counts, least = counts - counts.min(), int(counts.min())
        return Law(least, np.asarray(np.bincount(counts, weights=widths), dtype=np.float64))
