"""How small a leak names somebody, over 100,000 copies at 1e-6; and that it names all of a small coalition.

68,000 records; leaks are drawn by which sources hold a position, as exact as drawing every bit. Unique decoys
are left out but for what they tell of the channel.
"""

from math import log10

import numpy as np
import pytest

from trapstreet.core.maths.channels import Channel, Shape, held
from trapstreet.core.maths.decoder import Decoder, Layer, Unique
from trapstreet.core.maths.tails import log10_binomial_tail
from tries import tries

pytestmark = pytest.mark.slow

RECORDS = 68_000
NEEDED = log10(1e-6 / 100_000)
TRIALS = max(40, tries(100))

A = [Layer(0.35, 286, "decoy"), Layer(0.99, RECORDS, "real")]
D = [Layer(0.35, 429, "decoy"), Layer(0.98, RECORDS, "real")]
C = [Layer(0.35, 1_714, "decoy"), Layer(0.99, RECORDS, "real")]
SINGLE = Channel(Shape.SINGLE, 1)


def marks(rows: int) -> list[Layer]:
    """Two slots a row, one even and one biased."""
    return [Layer(0.5, rows, "mark"), Layer(0.2, rows // 2, "mark"), Layer(0.8, rows - rows // 2, "mark")]


class Leak:
    """One leak of all layers, by the patterns in which c sources can hold a position.

    patterns  (2^c, c) bits
    shown, hidden  (G, 2^c): positions of each layer and pattern that the leak shows, and the others
    """

    def __init__(
        self, random: np.random.Generator, layers: list[Layer], channel: Channel, kept: dict[str, float]
    ) -> None:
        c = channel.sources
        self.patterns = np.arange(1 << c)[:, None] >> np.arange(c) & 1
        k = self.patterns.sum(axis=1)
        drawn = [
            random.multinomial(layer.positions, layer.chance**k * (1 - layer.chance) ** (c - k))
            for layer in layers
        ]
        chances = [held(channel)[k] * kept.get(layer.kind, 1.0) for layer in layers]
        self.shown = np.array([random.binomial(n, p) for n, p in zip(drawn, chances, strict=True)])
        self.hidden = np.array(drawn) - self.shown

    def sources(self) -> tuple[np.ndarray, np.ndarray]:
        return (self.shown @ self.patterns).T, (self.hidden @ self.patterns).T


@pytest.mark.parametrize(
    ("layers", "channel", "part", "decoys_left"),
    [
        (A, Channel(Shape.INTERSECTION, 2), 0.040, 1.0),
        (A, Channel(Shape.INTERSECTION, 3), 0.040, 1.0),
        (A, Channel(Shape.INTERSECTION, 5), 0.040, 1.0),
        (D, Channel(Shape.INTERSECTION, 2), 0.022, 1.0),
        (D, Channel(Shape.INTERSECTION, 5), 0.022, 1.0),
        (C, Channel(Shape.MAJORITY, 3), 0.20, 1.0),
        (A, SINGLE, 0.040, 0.1),
        (marks(28), SINGLE, 1.0, 1.0),
        (marks(200), Channel(Shape.INTERLEAVE, 2), 1.0, 1.0),
    ],
    ids=lambda each: f"{each.shape}-{each.sources}" if isinstance(each, Channel) else None,
)
def test_leaks_of_this_size_name_a_source(
    layers: list[Layer], channel: Channel, part: float, decoys_left: float
) -> None:
    random = np.random.default_rng(20_260)
    decoder = Decoder(layers)
    named = 0
    for _ in range(TRIALS):
        leak = Leak(random, layers, channel, {"real": part, "decoy": part * decoys_left})
        unique = Unique(
            int(random.binomial(200 * channel.sources, held(channel)[1] * part * decoys_left)), 200
        )
        p = decoder.fit(leak.shown.sum(axis=1), unique).log10_p(*leak.sources(), NEEDED)
        named += int(p.min() <= NEEDED)
    assert named >= 0.95 * TRIALS


def test_a_leak_of_1_8_percent_names_its_one_source_with_its_unique_decoys() -> None:
    """200 unique decoys, any of which accuses; the layers for leaks that show none. Half the bound each."""
    random = np.random.default_rng(20_261)
    needed = NEEDED + log10(0.5)
    assert log10_binomial_tail(200, 0.018 * RECORDS * 2.0**-64, 1) <= needed
    decoder, named = Decoder(A), 0
    for _ in range(400):
        hits = int(random.binomial(200, 0.018))
        leak = Leak(random, A, SINGLE, {"real": 0.018, "decoy": 0.018})
        fit = decoder.fit(leak.shown.sum(axis=1), Unique(hits, 200))
        named += hits > 0 or bool(fit.log10_p(*leak.sources(), needed)[0] <= needed)
    assert named >= 0.95 * 400


def beside(
    layers: list[Layer], leak: Leak, accused: list[int]
) -> tuple[list[Layer], np.ndarray, np.ndarray, np.ndarray]:
    """The layers by how many of the accused hold them, what the leak shows of each, what sources hold."""
    held_by = leak.patterns[:, accused].sum(axis=1)
    cells = [held_by == k for k in range(len(accused) + 1)]
    shown = np.array([each * cell for each in leak.shown for cell in cells])
    hidden = np.array([each * cell for each in leak.hidden for cell in cells])
    positions = (shown + hidden).sum(axis=1).tolist()
    split = [
        layer._replace(positions=positions[len(cells) * at + k], held_by=k)
        for at, layer in enumerate(layers)
        for k in range(len(cells))
    ]
    return split, shown.sum(axis=1), (shown @ leak.patterns).T, (hidden @ leak.patterns).T


def all_named(layers: list[Layer], leak: Leak, needed: float) -> list[int]:
    """Who is accused, each time beside those accused before."""
    accused: list[int] = []
    while True:
        split, shown, among, besides = beside(layers, leak, accused)
        p = Decoder(split, accused=len(accused)).fit(shown).log10_p(among, besides, needed)
        p[accused] = 0
        found = np.flatnonzero(p <= needed).tolist()
        if not found:
            return accused
        accused += found
        if len(accused) == len(among):
            return accused


@pytest.mark.parametrize(
    "channel",
    [Channel(Shape.INTERLEAVE, 2), Channel(Shape.UNION, 2), Channel(Shape.INTERSECTION, 2)]
    + [Channel(shape, 3) for shape in (Shape.INTERLEAVE, Shape.UNION, Shape.MAJORITY, Shape.INTERSECTION)],
    ids=lambda each: f"{each.shape}-{each.sources}",
)
def test_a_whole_leak_names_all_of_two_or_three_sources(channel: Channel) -> None:
    random = np.random.default_rng(20_262)
    everyone = [
        len(all_named(C, Leak(random, C, channel, {"real": 1.0, "decoy": 1.0}), NEEDED)) == channel.sources
        for _ in range(40)
    ]
    assert np.mean(everyone) >= 0.95


def test_knowing_who_took_part_finds_others_that_could_not_be_found_before() -> None:
    random = np.random.default_rng(20_263)
    layers, channel = [Layer(0.35, 300, "decoy")], Channel(Shape.UNION, 3)
    alone, with_help = [], []
    for _ in range(50):
        leak = Leak(random, layers, channel, {"decoy": 1.0})
        shown, (among, besides) = leak.shown.sum(axis=1), leak.sources()
        alone.append(Decoder(layers).fit(shown).log10_p(among, besides)[2])
        split, shown, among, besides = beside(layers, leak, [0, 1])
        with_help.append(Decoder(split, accused=2).fit(shown).log10_p(among, besides)[2])
    assert np.median(with_help) < np.median(alone) - 3
