"""Tails against exact fractions."""

from fractions import Fraction
from math import comb, factorial, inf, log, log10

import pytest

from trapstreet.core.maths.tails import fewest_hits, log10_binomial_tail, log10_poisson_tail


def exact(trials: int, chance: Fraction, hits: int) -> Fraction:
    return sum(
        (comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(hits, trials + 1)),
        Fraction(0),
    )


@pytest.mark.parametrize(
    ("trials", "chance", "hits"),
    [
        (1, 0.5, 1),
        (3, 0.25, 2),
        (300, 2.0**-20, 1),
        (300, 2.0**-20, 9),
        (300, 0.125, 40),
        (1000, 0.5, 700),
        pytest.param(2000, 2.0**-9, 20, marks=pytest.mark.slow),
    ],
)
def test_a_tail_is_exact_and_never_rounded_down(trials: int, chance: float, hits: int) -> None:
    truth = exact(trials, Fraction(chance), hits)
    expected = log10(truth.numerator) - log10(truth.denominator)
    measured = log10_binomial_tail(trials, chance, hits)
    assert expected <= measured <= expected + 1e-8


def test_what_is_certain_and_what_cannot_be() -> None:
    assert log10_binomial_tail(10, 0.1, 0) == 0.0
    assert log10_binomial_tail(10, 1.0, 10) == 0.0
    assert log10_binomial_tail(10, 0.1, 11) == -inf
    assert log10_binomial_tail(10, 0.0, 1) == -inf


def test_the_fewest_hits_are_just_enough() -> None:
    needed = fewest_hits(300, 0.002, -8)
    assert needed is not None
    assert log10_binomial_tail(300, 0.002, needed) <= -8 < log10_binomial_tail(300, 0.002, needed - 1)


def test_where_all_hits_together_are_not_enough_there_is_no_number() -> None:
    assert fewest_hits(3, 0.5, -6) is None


@pytest.mark.parametrize(
    ("mean", "hits"), [(0.5, 1), (0.001, 3), (1.0, 20), (12.5, 40), (1e-9, 5), (150.0, 400)]
)
def test_a_poisson_tail_is_exact_and_never_rounded_down(mean: float, hits: int) -> None:
    m = Fraction(mean)
    terms = sum(m**k / factorial(k) for k in range(hits, hits + 400))
    exact_tail = log10(terms.numerator) - log10(terms.denominator) - mean / log(10)
    assert exact_tail <= log10_poisson_tail(mean, hits) <= exact_tail + 1e-6


def test_a_poisson_tail_below_the_mean_is_none() -> None:
    assert log10_poisson_tail(100.0, 99) == 0.0
    assert log10_poisson_tail(3.0, 0) == 0.0
    assert log10_poisson_tail(0.0, 1) == -inf
