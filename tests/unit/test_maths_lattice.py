"""Tails of weighted binomials against exact fractions, integer convolutions and reference numbers."""

from fractions import Fraction
from itertools import product
from math import comb, inf, log10

import numpy as np
import pytest

from trapstreet.core.maths.lattice import Law


def law(*terms: tuple[int, float, float]) -> Law:
    counts, chances, weights = zip(*terms, strict=True)
    return Law(np.array(counts), np.array(chances, float), np.array(weights, float))


def truth(terms: list[tuple[int, float, float]], score: float) -> float:
    """log10 of the tail, in exact arithmetic."""
    total = Fraction(0)
    for ones in product(*(range(count + 1) for count, _, _ in terms)):
        if sum(Fraction(w) * k for k, (_, _, w) in zip(ones, terms, strict=True)) >= Fraction(score):
            chance = Fraction(1)
            for k, (n, p, _) in zip(ones, terms, strict=True):
                chance *= comb(n, k) * Fraction(p) ** k * (1 - Fraction(p)) ** (n - k)
            total += chance
    return log10(total.numerator) - log10(total.denominator)


def integer_law(terms: list[tuple[int, float, int]]) -> np.ndarray:
    """Probabilities of 0, 1, 2 … for whole, positive weights: sums of products of positive numbers only, so
    every one of them is exact to 12 digits."""
    sums = np.ones(1)
    for n, p, w in terms:
        one = np.array(
            [float(comb(n, k) * Fraction(p) ** k * (1 - Fraction(p)) ** (n - k)) for k in range(n + 1)]
        )
        spread = np.zeros(n * w + 1)
        spread[::w] = one
        sums = np.convolve(sums, spread)
    return sums


SMALL = [
    [(5, 0.5, 1.0)],
    [(4, 0.35, 1.0), (3, 0.99, 0.25), (5, 0.07, -1.5)],
    [(6, 0.01, 6.0), (6, 0.99, -0.125)],
    [(2, 1e-6, 3.0), (8, 0.5, 0.5)],
    [(3, 0.2, -1.0), (3, 0.8, -2.0)],
]


@pytest.mark.parametrize("terms", SMALL)
def test_a_tail_is_never_below_the_truth_and_at_most_2_percent_above(
    terms: list[tuple[int, float, float]],
) -> None:
    values = product(*([k * w for k in range(n + 1)] for n, _, w in terms))
    scores = np.unique([sum(each) for each in values])
    tails, chernoff = law(*terms).log10_tail(scores), law(*terms).log10_chernoff(scores)
    for score, tail, bound in zip(scores, tails, chernoff, strict=True):
        expected = truth(terms, score)
        assert expected <= tail <= log10(1.02 * 10**expected + 1.1e-11 * 10**bound)


def test_a_tail_keeps_its_precision_down_to_1e_minus_200() -> None:
    terms = [(200, 0.35, 3), (150, 0.07, 7), (300, 0.5, 1)]
    sums = integer_law(terms)
    tails = np.cumsum(sums[::-1])[::-1]
    scores = np.flatnonzero(tails > 1e-200)[::40]
    measured = law(*terms).log10_tail(scores.astype(float), rounding=0.02)
    excess = measured - np.log10(tails[scores])
    assert np.all(excess >= 0)
    assert np.all(excess <= log10(1.02))


# Terms, score, log10 of the tail: exact convolution, and the prototype with 400,000 points.
REFERENCE = [
    ([(20, 0.5, 0.7), (300, 0.99, 0.0101), (50, 0.07, -1.3)], 12.0, -2.2362431755344114),
    ([(2_700, 0.99, 6.2), (65_300, 0.99, -0.04)], 14_156.0, -13.243228297742807),
    ([(60, 0.35, 1.0), (600, 0.35, -0.02)], 40.0, -9.236176377438525),
    ([(22, 0.5, 0.69), (22, 0.2, 1.6)], 40.0, -10.726594422729457),
]


@pytest.mark.parametrize(("terms", "score", "expected"), REFERENCE)
def test_tails_are_those_of_the_reference(
    terms: list[tuple[int, float, float]], score: float, expected: float
) -> None:
    (tail,) = law(*terms).log10_tail(np.array([score]))
    assert expected <= tail <= expected + 0.05 / np.log(10)


@pytest.mark.parametrize(("terms", "score", "expected"), REFERENCE)
def test_chernoff_gives_away_at_most_four_nats(
    terms: list[tuple[int, float, float]], score: float, expected: float
) -> None:
    (bound,) = law(*terms).log10_chernoff(np.array([score]))
    assert expected <= bound <= expected + 4 / np.log(10)


def test_the_far_corner_is_exact() -> None:
    """A copy that holds each of 2,700 leaked rows, and nothing else is asked."""
    corner = law((2_700, 0.99, 6.2145))
    (tail,) = corner.log10_tail(np.array([2_700 * 6.2145]))
    assert tail == pytest.approx(2_700 * log10(0.99), abs=1e-6)
    assert tail >= 2_700 * log10(0.99)


def test_what_is_certain_and_what_cannot_be() -> None:
    some = law((3, 0.5, 1.0), (2, 0.5, -2.0), (4, 1.0, 0.5), (7, 0.0, 9.0), (0, 0.5, 9.0))
    scores = np.array([-3.0, -2.0, 5.0, 5.001, inf])
    assert some.log10_tail(scores).tolist() == [0.0, 0.0, pytest.approx(5 * log10(0.5)), -inf, -inf]
    assert some.log10_chernoff(scores)[[0, 1, 3, 4]].tolist() == [0.0, 0.0, -inf, -inf]


def test_a_law_without_chance_is_a_step() -> None:
    sure = law((4, 1.0, 0.5), (0, 0.3, 1.0))
    assert sure.log10_tail(np.array([1.0, 2.0, 2.1])).tolist() == [0.0, 0.0, -inf]
    assert sure.log10_chernoff(np.array([1.0, 2.0, 2.1])).tolist() == [0.0, 0.0, -inf]


def test_no_scores_no_tails() -> None:
    assert law((3, 0.5, 1.0)).log10_tail(np.zeros(0)).tolist() == []
