"""Bounds of the decoder over all that an innocent copy can be, in full enumeration, for any leak whatever."""

from itertools import product
from math import comb, log

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.core.maths.decoder import Decoder, Fit, Layer, Unique
from trapstreet.core.maths.lattice import Law
from tries import tries

CHANCES = st.sampled_from([0.01, 0.07, 0.35, 0.5, 0.8, 0.99])
TERMS = st.lists(
    st.tuples(st.integers(0, 5), st.floats(1e-4, 1 - 1e-4), st.floats(-8, 8)), min_size=1, max_size=3
)


@st.composite
def leaks(draw: st.DrawFn) -> tuple[list[Layer], np.ndarray, Unique | None, int]:
    """Layers, what the leak shows of them, by nobody's rule, and how many copies are accused already."""
    kinds = draw(st.sampled_from([["real", "decoy"], ["mark"], ["real", "decoy", "mark"]]))
    accused = draw(st.integers(0, 2))
    layers = [
        Layer(
            draw(CHANCES),
            draw(st.integers(0, 7)),
            draw(st.sampled_from(kinds)),
            draw(st.integers(0, accused)),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    shown = np.array([draw(st.integers(0, layer.positions)) for layer in layers])
    unique = draw(st.none() | st.builds(Unique, hits=st.integers(0, 900), decoys=st.integers(0, 300)))
    return layers, shown, unique, accused


def every_copy(layers: list[Layer], shown: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All counts that a copy can have, and their chances if it is innocent."""
    counts = [
        *shown.tolist(),
        *(layer.positions - each for layer, each in zip(layers, shown.tolist(), strict=True)),
    ]
    ps = [layer.chance for layer in layers] * 2
    ones = np.array(list(product(*(range(count + 1) for count in counts))))
    laws = [
        np.array([comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])
        for n, p in zip(counts, ps, strict=True)
    ]
    chances = np.prod([law[ones[:, each]] for each, law in enumerate(laws)], axis=0)
    return ones[:, : len(layers)], ones[:, len(layers) :], chances


def fitted(leak: tuple[list[Layer], np.ndarray, Unique | None, int]) -> Fit:
    layers, shown, unique, accused = leak
    return Decoder(layers, accused=accused).fit(shown, unique)


@settings(max_examples=tries(80), deadline=None)
@given(leaks())
def test_an_e_value_has_mean_at_most_one_whatever_the_leak_shows(
    leak: tuple[list[Layer], np.ndarray, Unique | None, int],
) -> None:
    among, besides, chances = every_copy(leak[0], leak[1])
    mean = float(chances @ np.exp(fitted(leak).log_e(among, besides)))
    assert 1 - 2e-6 < mean <= 1


@settings(max_examples=tries(80), deadline=None)
@given(leaks(), st.sampled_from([None, -0.5, -2.0, -6.0]))
def test_a_p_value_is_below_a_with_chance_at_most_a_whatever_the_leak_shows(
    leak: tuple[list[Layer], np.ndarray, Unique | None, int], needed: float | None
) -> None:
    among, besides, chances = every_copy(leak[0], leak[1])
    p = 10 ** fitted(leak).log10_p(among, besides, needed)
    order = np.argsort(p)
    below = np.cumsum(chances[order])
    last = np.append(np.diff(p[order]) > 0, True)
    assert np.all(below[last] <= p[order][last] * (1 + 1e-9) + 1e-15)


@settings(max_examples=tries(80), deadline=None)
@given(leaks(), st.integers(0, 10**6))
def test_real_rows_that_the_leak_does_not_show_change_nothing(
    leak: tuple[list[Layer], np.ndarray, Unique | None, int], anything: int
) -> None:
    among, besides, _ = every_copy(leak[0], leak[1])
    real = np.array([layer.kind == "real" for layer in leak[0]])
    fit, otherwise = fitted(leak), np.where(real, anything, besides)
    assert np.array_equal(fit.log_e(among, besides), fit.log_e(among, otherwise))
    for needed in (None, -2.0):
        assert np.array_equal(fit.log10_p(among, besides, needed), fit.log10_p(among, otherwise, needed))


@settings(max_examples=tries(40), deadline=None)
@given(leaks())
def test_screening_accuses_as_exact_tails_do(
    leak: tuple[list[Layer], np.ndarray, Unique | None, int],
) -> None:
    among, besides, _ = every_copy(leak[0], leak[1])
    fit = fitted(leak)
    exact, screened = fit.log10_p(among, besides), fit.log10_p(among, besides, -11.0)
    rounding = 0.05 / log(10)
    assert np.all(screened[exact <= -11] <= -11)
    assert np.all(screened[exact > -11 + rounding] > -11)


@settings(max_examples=tries(200), deadline=None)
@given(TERMS, st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_a_tail_is_at_least_the_truth_at_most_chernoff_and_never_rises(
    terms: list[tuple[int, float, float]], scores: list[float]
) -> None:
    counts, chances, weights = (np.array(each) for each in zip(*terms, strict=True))
    law = Law(counts, chances, weights)
    ascending = np.sort(scores)
    tails, bounds = law.log10_tail(ascending), law.log10_chernoff(ascending)
    assert np.all(tails[1:] <= tails[:-1])
    assert np.all(tails <= bounds + 0.06 / log(10))

    ones = np.array(list(product(*(range(n + 1) for n in counts.tolist()))))
    laws = [[comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)] for n, p, _ in terms]
    mass = np.prod([np.array(law)[ones[:, each]] for each, law in enumerate(laws)], axis=0)
    for score, tail in zip(ascending, tails, strict=True):
        assert mass[ones @ weights >= score + 1e-9].sum() <= 10**tail * (1 + 1e-9)
