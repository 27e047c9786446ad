"""How often a leak names one of those who mixed their copies.

The unique decoys that a leak shows are counted: a binomial. What the shared decoys, the withheld rows and the
marks add is simulated through the decoder that traces leaks (core/maths/decoder.py), only for leaks whose
unique decoys accuse nobody: so the sum of the two errs far less than a count of named leaks would.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10, sqrt

import msgspec
import numpy as np

from trapstreet.core.maths.channels import F64, I64, Channel, Shape, held
from trapstreet.core.maths.decoder import Decoder, Layer, Unique
from trapstreet.core.maths.tails import fewest_hits, log10_binomial_tail
from trapstreet.share.domain.coding import CHANCE

CERTAIN = 0.999
"""Probability from which a leak names somebody, whatever else may be added."""

_EVEN = ((0.5, 1.0),)
_BIASED = ((0.2, 0.4), (0.8, 0.4), (0.07, 0.1), (0.93, 0.1))
"""Chances of a 1 in marks, and the part of the slots that has each."""

_LEAKS, _COALITIONS = 16, 25
"""Simulated for a point: leaks, and for each as many draws of what the copies hold."""

_SEED = 20_261


@dataclass(frozen=True, slots=True)
class Design:
    """The code that the copies of a data set get.

    unique         decoys of a copy that no other has
    pool           decoys each of which is in a copy with the same chance, in (0, 1)
    withheld       share of the real rows that a copy lacks, in [0, 1)
    marks_per_row  values of a row that show a bit: the first even, the second biased, and so on
    bits           what a unique decoy is worth by the columns that are expected to survive
    """

    unique: int
    pool: int = 0
    chance: float = CHANCE
    withheld: float = 0.0
    marks_per_row: int = 0
    bits: float = 64.0

    @property
    def decoys(self) -> float:
        """Of a copy, on average."""
        return self.unique + self.pool * self.chance


class Point(msgspec.Struct, frozen=True):
    """A leak of so many rows names at least one of those who took part, with at least this probability.

    error  two standard errors of the simulation; 0 where nothing was simulated, or all leaks came out alike
    """

    leaked_rows: int
    named: float
    error: float


class Coalition:
    """Leaks of c copies that are mixed by one channel, each copy with its share of the bound.

    The positions of a layer are alike. So, given how many of them the leak shows, the colluders' bits there
    are drawn by the 2^c patterns in which they can hold one: as exact as drawing every bit.
    """

    def __init__(self, design: Design, rows: int, channel: Channel, share: float) -> None:
        self.rows, self.channel = rows, channel
        self._design, self._share = design, share
        self._patterns = np.arange(1 << channel.sources)[:, None] >> np.arange(channel.sources) & 1
        self._holders = self._patterns.sum(axis=1)

    def named(self, leaked: int, *, marked: bool) -> Point:
        """O(leaks · layers · coalitions) and a decoder's fit for each leak: 0.15 s."""
        part = leaked / self.rows
        layers = list(self._marks(part) if marked else self._presence())
        own = _own_part(self._design, leaked, self._share) if layers else 1.0
        needed = fewest_hits(
            self._design.unique, _coincidence(self._design, leaked), log10(own * self._share)
        )
        shown = part * float(held(self.channel)[1])
        """The chance of a unique decoy to be in the leak."""
        one = 0.0 if needed is None else 10 ** log10_binomial_tail(self._design.unique, shown, needed)
        by_hits = 1 - (1 - one) ** self.channel.sources
        if by_hits >= CERTAIN or not layers:
            return Point(leaked, by_hits, 0.0)
        most = self._design.unique if needed is None else needed - 1
        found = self._found(layers, part, most, log10((1 - own) * self._share))
        error = 2 * float(found.std()) / sqrt(_LEAKS)
        return Point(leaked, by_hits + (1 - by_hits) * float(found.mean()), (1 - by_hits) * error)

    def _presence(self) -> Iterator[tuple[Layer, Channel]]:
        design = self._design
        if design.pool:
            yield Layer(design.chance, design.pool, "decoy"), self.channel
        if design.withheld:
            yield Layer(1 - design.withheld, self.rows, "real"), self.channel

    def _marks(self, part: float) -> Iterator[tuple[Layer, Channel]]:
        mixed = self.channel
        if mixed.shape in (Shape.UNION, Shape.INTERSECTION):
            mixed = Channel(Shape.INTERLEAVE, mixed.sources)
        kept = part * self.rows * float(self._law(1 - self._design.withheld) @ self._kept(self.channel))
        biased = self._design.marks_per_row // 2
        for classes, slots in ((_EVEN, self._design.marks_per_row - biased), (_BIASED, biased)):
            for chance, of_them in classes if slots else ():
                yield Layer(chance, round(kept * slots * of_them), "mark"), mixed

    def _found(
        self, layers: list[tuple[Layer, Channel]], part: float, most_hits: int, log10_bound: float
    ) -> F64:
        """For each leak the share of coalitions of which the layers accuse a copy: (leaks,).

        most_hits  of each copy's unique decoys, for more would have accused it
        """
        random = np.random.default_rng(_SEED)
        by_layer = [self._drawn(random, layer, channel, part) for layer, channel in layers]
        shown, among, besides = (np.stack(each, axis=-1) for each in zip(*by_layer, strict=True))
        unique = self._design.unique
        lone = random.binomial(unique, part * held(self.channel)[1], (_LEAKS, self.channel.sources))
        hits = np.minimum(lone, most_hits).sum(axis=1)
        decoder = Decoder([layer for layer, _ in layers])
        found = np.zeros(_LEAKS)
        for leak in range(_LEAKS):
            fit = decoder.fit(shown[leak], Unique(int(hits[leak]), unique))
            held_among, held_besides = (each[leak].reshape(-1, len(layers)) for each in (among, besides))
            accused = fit.log10_p(held_among, held_besides, log10_bound) <= log10_bound
            found[leak] = accused.reshape(_COALITIONS, -1).any(axis=1).mean()
        return found

    def _drawn(
        self, random: np.random.Generator, layer: Layer, channel: Channel, part: float
    ) -> tuple[I64, I64, I64]:
        """How many positions leaks show, (leaks,), and how many of those and of the others the colluders
        hold, (leaks, coalitions, c). Marks are of leaked rows; a leak of so many rows shows so many."""
        law = self._law(layer.chance)
        kept = self._kept(channel) * (1.0 if layer.kind == "mark" else part)
        seen = min(1.0, float(law @ kept))
        if layer.kind == "real":
            shown = np.full(_LEAKS, round(layer.positions * seen))
        else:
            shown = random.binomial(layer.positions, seen, _LEAKS)
        among = self._held(random, shown, law * kept)
        return shown, among, self._held(random, layer.positions - shown, law * (1 - kept))

    def _law(self, chance: float) -> F64:
        """Of the patterns in a position that a copy holds with this chance: (2^c,)."""
        return np.asarray(chance**self._holders * (1 - chance) ** (self.channel.sources - self._holders))

    def _kept(self, channel: Channel) -> F64:
        """Chance that the coalition keeps a position with this pattern: (2^c,)."""
        kept: F64 = held(channel)[self._holders]
        return kept

    def _held(self, random: np.random.Generator, positions: I64, law: F64) -> I64:
        """Where no pattern is possible there is no position either."""
        chances = law / law.sum() if law.any() else self._law(0.5)
        drawn = random.multinomial(positions[:, None], chances, (_LEAKS, _COALITIONS))
        bits: I64 = drawn @ self._patterns
        return bits


def _coincidence(design: Design, leaked: int) -> float:
    """Chance that a leak shows a given decoy that was never in it."""
    return float(min(1.0, leaked * 2.0**-design.bits))


def _own_part(design: Design, leaked: int, share: float) -> float:
    """The part of a copy's share of the bound that its unique decoys may err by, beside its layers: what one
    hit needs, at most half."""
    one_hit = 10 ** log10_binomial_tail(design.unique, _coincidence(design, leaked), 1)
    return min(0.5, max(1.001 * one_hit / share, 1e-9))
