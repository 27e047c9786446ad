"""Innocent copies against leaks of every make, also such as no hypothesis describes: bounds hold.

tests/property/test_decoder_bounds.py enumerates small codes in full; here codes have their real size.
"""

from math import lgamma

import numpy as np
import pytest

from trapstreet.core.maths.channels import Channel, Shape, held
from trapstreet.core.maths.decoder import Decoder, Layer, Unique
from trapstreet.core.maths.tails import log10_binomial_tail

pytestmark = pytest.mark.slow

RECORDS = 68_000
LAYERS = [Layer(0.35, 1_714, "decoy"), Layer(0.7, 107, "decoy"), Layer(0.99, RECORDS, "real")]
WITH_MARKS = [*LAYERS, *(Layer(p, 300, "mark") for p in (0.5, 0.2, 0.8, 0.07, 0.93))]
INNOCENT = 1_000


def mixed(shape: Shape, sources: int, part: float, decoys_left: float = 1.0) -> list[float]:
    """Shares of the layers' positions that show 1."""
    channel = Channel(shape, sources)
    k = np.arange(sources + 1)
    shares = []
    for layer in WITH_MARKS:
        ways = np.array([1, *np.cumprod((sources - k[:-1]) / (k[:-1] + 1))])
        kept = ways * layer.chance**k * (1 - layer.chance) ** (sources - k) @ held(channel)
        thinned = {"real": part, "decoy": part * decoys_left, "mark": 1.0}[layer.kind]
        shares.append(float(thinned * kept))
    return shares


ATTACKS = {
    "single": mixed(Shape.SINGLE, 1, 0.05),
    "all of one": mixed(Shape.SINGLE, 1, 1.0),
    "union of 2": mixed(Shape.UNION, 2, 0.3),
    "interleaving of 2": mixed(Shape.INTERLEAVE, 2, 0.3),
    "intersection of 2": mixed(Shape.INTERSECTION, 2, 0.3),
    "majority of 3": mixed(Shape.MAJORITY, 3, 1.0),
    "two of 5": mixed(Shape.TWO_OR_MORE, 5, 1.0),
    "interleaving of 20": mixed(Shape.INTERLEAVE, 20, 1.0),
    "minority of 7": mixed(Shape.MINORITY, 7, 1.0),
    "decoys stripped": mixed(Shape.SINGLE, 1, 0.5, 0.1),
    "all rare decoys, no others": [1.0, 0.0, 0.02, 0.0, 1.0, 0.0, 1.0, 0.0],
    "only what few copies lack": [0.0, 1.0, 0.0005, 1.0, 0.0, 0.0, 0.0, 1.0],
    "foreign rows": [0.0, 0.0, 3_000 / RECORDS, 0.5, 0.5, 0.5, 0.5, 0.5],
}


@pytest.mark.parametrize(("layers", "leaks"), [(LAYERS, 20), (WITH_MARKS, 5)], ids=["rows", "rows and marks"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_p_and_e_values_of_innocent_copies_keep_their_bounds(
    attack: str, layers: list[Layer], leaks: int
) -> None:
    random = np.random.default_rng([4, *attack.encode()])
    chances = np.array([layer.chance for layer in layers])
    positions = np.array([layer.positions for layer in layers])
    decoder = Decoder(layers)
    p, log_e = [], []
    for _ in range(leaks):
        shown = random.binomial(positions, ATTACKS[attack][: len(layers)])
        fit = decoder.fit(shown, Unique(int(random.integers(300)), 100))
        among = random.binomial(shown, chances, size=(INNOCENT, len(layers)))
        besides = random.binomial(positions - shown, chances, size=(INNOCENT, len(layers)))
        p.append(fit.log10_p(among, besides))
        log_e.append(fit.log_e(among, besides))
    drawn = INNOCENT * leaks
    for bound in (0.5, 0.1, 0.01, 0.001):
        below = int((np.concatenate(p) <= np.log10(bound)).sum())
        assert log10_binomial_tail(drawn, bound, below) > -5
        above = int((np.concatenate(log_e) >= -np.log(bound)).sum())
        assert log10_binomial_tail(drawn, bound, above) > -5


def binomial(count: int, chance: float) -> np.ndarray:
    """P(Bin(count, chance) = k) for k = 0 .. count."""
    k = np.arange(count + 1)
    logs = np.cumsum(np.log(np.maximum(k, 1)))
    ways = lgamma(count + 1) - logs - logs[::-1]
    return np.exp(ways + k * np.log(chance) + (count - k) * np.log1p(-chance))


@pytest.mark.parametrize(
    "shown",
    [(10, 33_700), (11, 3_420), (120, 67_980)],
    ids=["half of one copy, decoys stripped", "a twentieth of one copy", "majority of three"],
)
def test_the_chance_to_accuse_an_innocent_copy_counted_out_is_within_the_bound_and_not_far(
    shown: tuple[int, int],
) -> None:
    pool, log10_bound = 429, -5.0
    fit = Decoder([Layer(0.35, pool, "decoy"), Layer(0.99, RECORDS, "real")]).fit(np.array(shown))
    in_pool, hidden, rows = (
        binomial(shown[0], 0.35),
        binomial(pool - shown[0], 0.35),
        binomial(shown[1], 0.99),
    )
    some, least = np.flatnonzero(hidden > 1e-12), int(np.argmax(rows > 1e-12))
    others, kept = (each.ravel() for each in np.meshgrid(some, np.arange(least, len(rows)), indexing="ij"))
    besides = np.stack([others, np.zeros_like(others)], axis=1)
    accused = 0.0
    for few in np.flatnonzero(in_pool > 1e-12):
        p = fit.log10_p(np.stack([np.full_like(kept, few), kept], axis=1), besides, log10_bound)
        accused += in_pool[few] * (hidden[others] * rows[kept])[p <= log10_bound].sum()
    assert 0.7 < accused / 10**log10_bound < 1
