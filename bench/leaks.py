"""Simulated leaks: what a coalition makes of the copies of one table.

The positions of a layer are alike, so a leak is drawn by patterns of holders: how many positions which
colluders hold (multinomial over the 2^c patterns), how many of each the coalition keeps (binomial). That is
the law of drawing every bit of every copy, for a thousandth of the work.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.decoder import Layer

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

MARK_CHANCES = (0.5, 0.2, 0.8, 0.07, 0.93)
"""The classes of marks: the first slot of a row is even, the second of one of the four biased classes."""

BIASED = (0.4, 0.4, 0.1, 0.1)
"""Which class a row's second slot is of."""

_KEPT: dict[str, Callable[[F64, int], F64]] = {
    "single": lambda k, c: k / c,
    "union": lambda k, c: np.sign(k),
    "interleave": lambda k, c: k / c,
    "majority": lambda k, c: (1 + np.sign(2 * k - c)) / 2,
    "minority": lambda k, c: np.where(k % c, (1 + np.sign(c - 2 * k)) / 2, k / c),
    "two or more": lambda k, c: np.where(k >= 2, 1.0, 0.0),
    "intersection": lambda k, c: np.where(k == c, 1.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Attack:
    """Copies mixed position by position; `stripped` is the share of the decoys that was removed."""

    shape: str
    copies: int = 1
    stripped: float = 0

    @property
    def kept(self) -> F64:
        """θ, shape (copies + 1,): chance that a position is kept which k of the copies hold."""
        return _KEPT[self.shape](np.arange(self.copies + 1.0), self.copies)

    def __str__(self) -> str:
        words = self.shape if self.copies == 1 else f"{self.shape} of {self.copies}"
        return f"{words}, {self.stripped:.0%} stripped" if self.stripped else words


@dataclass(frozen=True, slots=True)
class Design:
    """What is in each copy of a table: decoys of its own, decoys out of a shared pool, and what it lacks.

    chance    of a pool decoy to be in a copy; the pool has shared / chance decoys
    withheld  share of the real rows that a copy lacks
    bits      what a decoy of one's own is worth by the columns that survived
    """

    unique: int
    shared: int
    chance: float = 0.35
    withheld: float = 0.01
    rows: int = 68_000
    bits: float = 64

    @property
    def layers(self) -> tuple[Layer, ...]:
        pool = Layer(self.chance, round(self.shared / self.chance), "decoy")
        real = Layer(1 - self.withheld, self.rows, "real")
        return (pool, real) if self.shared else (real,)

    def coincidence(self, rows: float) -> float:
        """Chance that a leak of so many rows shows a given decoy that was never in it."""
        return float(rows * 2.0**-self.bits)

    def __str__(self) -> str:
        return f"{self.unique}+{self.shared} decoys, {self.withheld:.0%} withheld"


@dataclass(frozen=True, slots=True)
class Leaks:
    """T leaks of one attack by c copies on a table of G layers.

    layers   T tuples of G: a leak that shows so many marked rows has layers of its own
    shown    (T, G) positions that the leak shows
    among    (T, c, G) those of them that the colluder holds; besides, those that it holds of the rest
    hits     (T, c) decoys of their own
    """

    layers: list[tuple[Layer, ...]]
    shown: I64
    among: I64
    besides: I64
    hits: I64


def leaks(rng: np.random.Generator, trials: int, attack: Attack, design: Design, share: float) -> Leaks:
    """Leaks of a share of the rows, each kept or not by itself; O(trials · layers · 2^copies)."""
    thinned = {"decoy": share * (1 - attack.stripped), "real": share}
    hits = rng.binomial(design.unique, attack.kept[1] * thinned["decoy"], (trials, attack.copies))
    return _mixed(rng, attack, [design.layers] * trials, hits, thinned)


def marked_leaks(rng: np.random.Generator, trials: int, attack: Attack, rows: int) -> Leaks:
    """Leaks of so many rows with two marks each, and nothing else to go by."""
    biased = rng.multinomial(rows, BIASED, trials)
    layers = [
        tuple(Layer(p, int(m), "mark") for p, m in zip(MARK_CHANCES, (rows, *sizes), strict=True))
        for sizes in biased
    ]
    none = np.zeros((trials, attack.copies), dtype=np.int64)
    return _mixed(rng, attack, layers, none, {"mark": 1.0})


def shown_by(rng: np.random.Generator, trials: int, attack: Attack, design: Design, share: float) -> I64:
    """What leaks show, (trials, G), where nobody asks what the colluders hold; any number of copies."""
    shown = []
    for layer in design.layers:
        held = _binomial_law(attack.copies, layer.chance) @ attack.kept
        thinned = share * (1 - attack.stripped) if layer.kind == "decoy" else share
        shown.append(rng.binomial(layer.positions, min(1.0, float(held) * thinned), trials))
    return np.stack(shown, axis=1)


def innocents(
    rng: np.random.Generator, copies: int, layers: tuple[Layer, ...], shown: I64
) -> tuple[I64, I64]:
    """What copies hold that a leak has nothing of: among what it shows and besides, (copies, G) each."""
    chances = [layer.chance for layer in layers]
    besides = [layer.positions for layer in layers] - shown
    return (
        rng.binomial(shown, chances, (copies, len(layers))),
        rng.binomial(besides, chances, (copies, len(layers))),
    )


def _mixed(
    rng: np.random.Generator,
    attack: Attack,
    layers: list[tuple[Layer, ...]],
    hits: I64,
    thinned: dict[str, float],
) -> Leaks:
    patterns = np.arange(1 << attack.copies)[:, None] >> np.arange(attack.copies) & 1
    kept = attack.kept[patterns.sum(axis=1)]
    shown, among, besides = [], [], []
    for place, layer in enumerate(layers[0]):
        law = np.where(patterns, layer.chance, 1 - layer.chance).prod(axis=1)
        held = rng.multinomial([of[place].positions for of in layers], law / law.sum())
        leaked = rng.binomial(held, np.minimum(1, kept * thinned[layer.kind]))
        shown.append(leaked.sum(axis=1))
        among.append(leaked @ patterns)
        besides.append((held - leaked) @ patterns)
    return Leaks(layers, np.stack(shown, 1), np.stack(among, 2), np.stack(besides, 2), hits)


def _binomial_law(count: int, chance: float) -> F64:
    """P(Bin(count, chance) = k) for k = 0 .. count."""
    law = np.ones(1)
    for _ in range(count):
        law = np.convolve(law, [1 - chance, chance])
    return law
