"""Tails of a weighted sum of independent binomials, at any depth, never rounded down."""

from math import ceil, floor, log, sqrt

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.channels import F64, I64

Tilt = np.intp | NDArray[np.intp] | int
"""Where in the grid of tilts."""

_LOG10 = log(10)
_TILTS = 500
_REACH = 8.0
"""Nats by which a tilt that serves a score may be worse there than the best, in Chernoff's bound."""
_LOST = 36.0
"""What is cut off a tilted binomial has at most exp(-_LOST) of its mass on each side."""
_SLACK = 1e-11
"""Bounds what is cut off and the error of the Fourier transforms, together, in a tilted law."""
_UP = 1e-9
"""Relative rounding upward, far above the error of a float and far below anything that matters."""
_FEWEST_POINTS, _MOST_POINTS = 1 << 12, 1 << 18


class Law:
    """S = Σ weights[k] · Bin(counts[k], chances[k]), all independent, and its upper tails.

    counts   int64 (K,), at least 0
    chances  float64 (K,), in [0, 1]
    weights  float64 (K,), of any sign, in nats: where all of a binomial is less than 1e-9 it is rounded up
    Making one costs O(500 K).
    """

    def __init__(self, counts: I64, chances: F64, weights: F64) -> None:
        highest = counts * np.where(chances >= 1, weights, np.maximum(weights, 0))
        drawn = (counts * np.abs(weights) > _UP) & (chances > 0) & (chances < 1)
        self._sure = float(highest[~drawn & (chances > 0)].sum())
        self._n, self._p, self._w = counts[drawn].astype(np.float64), chances[drawn], weights[drawn]
        self._logit = np.log(self._p) - np.log1p(-self._p)
        self._least = self._sure + float((self._n * np.minimum(self._w, 0)).sum())
        self._most = self._sure + float((self._n * np.maximum(self._w, 0)).sum())
        self._tilts = self._grid()
        tilted = self._logit + self._tilts[:, None] * self._w
        small = np.exp(-np.abs(tilted))
        chances_at = np.where(tilted > 0, 1, small) / (1 + small)
        self._means = self._sure + chances_at @ (self._n * self._w)
        moments = (np.maximum(tilted, 0) + np.log1p(small) + np.log1p(-self._p)) @ self._n
        self._cumulants = self._sure * self._tilts + moments

    def log10_chernoff(self, scores: F64) -> F64:
        """log10 of Chernoff's bound min over t of exp(K(t) - t · score) on P(S ≥ score): (N,) to (N,).

        Some 2-3 nats above the truth at 10^-11. O(N log 500).
        """
        return self._within(scores, self._chernoff(np.clip(scores, self._least, self._most)))

    def log10_tail(self, scores: F64, *, rounding: float = 0.05) -> F64:
        """log10 of an upper bound of P(S ≥ score): (N,) to (N,); never rises from a score to a higher one.

        The law is tilted, exp(t S - K(t)), at Chernoff's saddle point; its binomials are put on a lattice
        with every value rounded upward, convolved, and summed with the tilt undone, so nothing is lost at
        any depth. What was cut off is added, less than 1e-7 of Chernoff's bound. One tilt serves many scores.

        rounding  nats that the rounding of values may cost, kept up to lattices of 2^18 points
        Returns -inf above what S can reach, 0.0 where it is certain. A tilt costs O(K P log P), P points.
        """
        order = np.argsort(scores, kind="stable")
        ascending = np.clip(scores[order], self._least, self._most)
        chernoff = self._chernoff(ascending)
        bounds = np.zeros(len(scores))
        begin = int(np.searchsorted(ascending, self._least, side="right"))
        while begin < len(scores):
            at = int(self._before(ascending[begin]))
            rest = ascending[begin:]
            beyond = self._exponent(at, rest) > chernoff[begin:] + _REACH
            beyond |= self._tilts[at] * (rest - rest[0]) > 600  # the range of a float
            served = int(beyond.argmax()) if beyond.any() else len(rest)
            bounds[begin : begin + served] = self._tilted_tail(at, rest[:served], rounding)
            begin += served
        tails = np.empty(len(scores))
        tails[order] = np.minimum.accumulate(np.minimum(bounds, chernoff))
        return self._within(scores, tails)

    def _grid(self) -> F64:
        """Tilts: 0 and a geometric grid up to where the law sits at its upper end."""
        if not len(self._n):
            return np.zeros(2)
        deviation = np.sqrt((self._n * self._w**2 * self._p * (1 - self._p)).sum())
        end = ((50 + np.abs(self._logit) + np.log(self._n)) / np.abs(self._w)).max()
        return np.concatenate([[0.0], np.geomspace(min(1e-3 / deviation, end / 2), end, _TILTS)])

    def _before(self, scores: F64 | float) -> Tilt:
        """The last tilt, but the very last, at which the mean is not above the score; else the first."""
        return np.clip(np.searchsorted(self._means, scores, side="right") - 1, 0, len(self._tilts) - 2)

    def _chernoff(self, scores: F64) -> F64:
        """Natural log of Chernoff's bound, at most 0."""
        at = self._before(scores)
        return np.minimum(np.minimum(self._exponent(at, scores), self._exponent(at + 1, scores)), 0)

    def _exponent(self, at: Tilt, scores: F64) -> F64:
        """K(t) - t · score, rounded upward."""
        product = self._tilts[at] * scores
        exponent: F64 = self._cumulants[at] - product + _UP * (1 + 1e-3 * np.abs(product))
        return exponent

    def _within(self, scores: F64, bounds: F64) -> F64:
        """Natural logarithms to base ten, with what is certain and what cannot be."""
        tails = bounds / _LOG10
        tails[scores <= self._least] = 0.0
        tails[scores > self._most + _UP * (1 + abs(self._most))] = -np.inf
        return tails

    def _tilted_tail(self, at: int, scores: F64, rounding: float) -> F64:
        """Natural log of the bound on the tail at ascending scores, from the law under one tilt."""
        tilt = float(self._tilts[at])
        steepest = float(self._tilts[self._before(scores[-1]) + 1])
        terms = [
            _binomial(n, logit, w)
            for n, logit, w in zip(self._n, self._logit + tilt * self._w, self._w, strict=True)
        ]
        law, lowest, step = _convolved(terms, tilt, rounding / steepest)
        lowest += self._sure

        first = np.ceil((scores - _UP * (1 + np.abs(scores)) - lowest) / step).astype(np.int64)
        first = np.clip(first, 0, len(law))
        values = lowest + step * np.arange(first[0], len(law))
        untilted = law[first[0] :] * np.exp(-tilt * (values - scores[0]))
        above = np.append(np.cumsum(untilted[::-1])[::-1], 0.0)[first - first[0]]
        with np.errstate(divide="ignore"):
            reached = np.logaddexp(np.log(above) + tilt * (scores - scores[0]), log(_SLACK))
        bounds: F64 = self._exponent(at, scores) + reached
        return bounds


def _binomial(n: float, logit: float, weight: float) -> tuple[F64, F64]:
    """Values, ascending, and probabilities of weight · Bin(n, p), without the outermost exp(-_LOST).

    The range is Bernstein's inequality.
    """
    p = 1 / (1 + np.exp(-logit)) if logit > -700 else 0.0
    half = _LOST / 3 + sqrt(_LOST**2 / 9 + 2 * _LOST * n * p * (1 - p))
    k = np.arange(max(0, floor(n * p - half)), min(n, ceil(n * p + half)) + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log((n - k[:-1]) / (k[:-1] + 1)) + logit)])
    law = np.exp(logs - logs.max())
    law /= law.sum()
    kept = law > 1e-17
    values, law = weight * k[kept], law[kept]
    return (values, law) if weight > 0 else (values[::-1], law[::-1])


def _convolved(terms: list[tuple[F64, F64]], tilt: float, rounding: float) -> tuple[F64, float, float]:
    """The tilted law of the terms' sum on a lattice: probabilities, lowest value, step.

    Values are rounded upward, by at most `rounding` in all unless that takes more than _MOST_POINTS, and
    tilted by as much: undoing the tilt then gives back the probabilities of the values before rounding.
    """
    widths = [float(values[-1] - values[0]) for values, _ in terms]
    width = sum(widths) or 1.0
    step = min(rounding / len(terms), width / _FEWEST_POINTS)
    step = max(step, width / (_MOST_POINTS - 2 * len(terms)))
    size = sum(ceil(width / step) for width in widths) + 1
    padded = 1 << (size - 1).bit_length()
    product = np.ones(padded // 2 + 1, np.complex128)
    for values, law in terms:
        steps = np.ceil((values - values[0]) / step).astype(np.int64)
        raised = np.exp(tilt * (values[0] + steps * step - values))
        product *= np.fft.rfft(np.bincount(steps, weights=law * raised), padded)
    sums = np.maximum(np.fft.irfft(product, padded)[:size], 0)
    return sums, sum(float(values[0]) for values, _ in terms), step
