"""The figures of a plan against leaks of copies whose every bit is drawn, and that are traced one by one."""

from math import log10, sqrt

import numpy as np
import pytest

from trapstreet.core.maths.channels import Channel, Shape, held
from trapstreet.core.maths.decoder import Decoder, Layer, Unique
from trapstreet.share.domain.coalition import Coalition, Design

pytestmark = pytest.mark.slow

TRIALS = 300
SHARE = 1e-6 / 100
NEEDED = log10(SHARE)


@pytest.mark.parametrize(
    ("design", "rows", "channel", "leaked"),
    [
        (Design(20), 2_000, Channel(Shape.UNION, 2), 60),
        (Design(20, 200, withheld=0.02), 4_000, Channel(Shape.INTERLEAVE, 2), 150),
        (Design(100, 100, withheld=0.02), 4_000, Channel(Shape.INTERSECTION, 2), 870),
        (Design(20, 300), 4_000, Channel(Shape.MAJORITY, 3), 2_300),
        (Design(5, 60, withheld=0.02), 4_000, Channel(Shape.SINGLE, 1), 760),
    ],
    ids=str,
)
def test_figures_are_those_of_leaks_that_are_traced(
    design: Design, rows: int, channel: Channel, leaked: int
) -> None:
    foreseen = Coalition(design, rows, channel, SHARE).named(leaked, marked=False)
    random = np.random.default_rng(77)
    counted = np.mean([traced(random, design, rows, channel, leaked / rows) for _ in range(TRIALS)])
    assert 0.05 < counted < 0.995, "a figure that would fit any plan"
    error = 3 * sqrt(counted * (1 - counted) / TRIALS) + foreseen.error + 0.01
    assert foreseen.named == pytest.approx(counted, abs=error)


def test_figures_of_marks_are_those_of_marks_that_are_read() -> None:
    """Two slots a row, of 80 rows of either of two copies."""
    pair, rows = Channel(Shape.INTERLEAVE, 2), 80
    foreseen = Coalition(Design(0, marks_per_row=2), 4_000, pair, SHARE).named(rows, marked=True)
    random = np.random.default_rng(78)
    counted = np.mean([read(random, rows) for _ in range(TRIALS)])
    assert 0.05 < counted < 0.995, "a figure that would fit any plan"
    error = 3 * sqrt(counted * (1 - counted) / TRIALS) + foreseen.error + 0.01
    assert foreseen.named == pytest.approx(counted, abs=error)


def read(random: np.random.Generator, rows: int) -> bool:
    """Whether marks of which each is from one of two copies accuse any of them."""
    layers, shown, among, besides = [], [], [], []
    for chance, share in ((0.5, 1.0), (0.2, 0.4), (0.8, 0.4), (0.07, 0.1), (0.93, 0.1)):
        positions = round(share * rows)
        bits = random.random((2, positions)) < chance
        leak = bits[random.integers(0, 2, positions), np.arange(positions)]
        layers.append(Layer(chance, positions, "mark"))
        shown.append(int(leak.sum()))
        among.append(bits[:, leak].sum(axis=1))
        besides.append(bits[:, ~leak].sum(axis=1))
    fit = Decoder(layers).fit(np.array(shown))
    return bool((fit.log10_p(np.stack(among, 1), np.stack(besides, 1), NEEDED) <= NEEDED).any())


def traced(random: np.random.Generator, design: Design, rows: int, channel: Channel, part: float) -> bool:
    """Whether a leak in which each row is kept or not by itself accuses one of those who made it."""
    c, kept = channel.sources, held(channel)
    hits = random.binomial(design.unique, part * kept[1], c)
    if hits.any():
        return True
    layers, shown, among, besides = [], [], [], []
    for positions, chance, kind in (
        (design.pool, design.chance, "decoy"),
        (rows if design.withheld else 0, 1 - design.withheld, "real"),
    ):
        bits = random.random((c, positions)) < chance
        leak = random.random(positions) < part * kept[bits.sum(axis=0)]
        layers.append(Layer(chance, positions, kind))
        shown.append(int(leak.sum()))
        among.append(bits[:, leak].sum(axis=1))
        besides.append(bits[:, ~leak].sum(axis=1))
    fit = Decoder(layers).fit(np.array(shown), Unique(0, design.unique))
    return bool((fit.log10_p(np.stack(among, 1), np.stack(besides, 1), NEEDED) <= NEEDED).any())
