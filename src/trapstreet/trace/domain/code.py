"""What a leak says of the codes of copies: the shared decoys and the real rows that it shows, against those
that each copy holds.

A copy's code bits are drawn under its own key. Those of a copy that took no part are independent of the leak,
so the law of its score is known exactly (core.maths.decoder; docs/attribution.md, section 12).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from math import comb, log10
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.codebits import PRESENCE, code_bits
from trapstreet.core.maths.decoder import Decoder, Fit, Layer, Unique
from trapstreet.core.maths.tails import fewest_hits
from trapstreet.core.model.p_table import PTable, chance
from trapstreet.index import count_held

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
Bools = NDArray[np.bool_]

NOISE = 2e-3
"""The share of rows that may be linked to the wrong record."""

_SAMPLE = 4096
_FINALISTS = 64


class LayerShown(msgspec.Struct, frozen=True):
    """Positions of a copy's code with the same chance: how many there are, how many of them the leak shows,
    and how many of these the copy holds."""

    kind: Literal["shared decoys", "rows"]
    chance: float
    positions: int
    shown: int
    held: int


class MarkShown(msgspec.Struct, frozen=True):
    """A mark of a column: in how many cells of the leak it can be read, and how many of these the copy spells
    in the same way; an innocent copy about `expected`."""

    mark: str
    column: str
    cells: int
    agree: int
    expected: float


class CodeEvidence(msgspec.Struct, frozen=True, tag_field="class", tag="design"):
    """The code of a copy, or its marks: log10_p is the chance that an innocent copy's agree as well with the
    leak, and share what part of the bound they may err by.

    beside  copies accused before, whose codes say what this one adds
    """

    kind: Literal["code", "marks"]
    layers: list[LayerShown] | list[MarkShown]
    log10_p: float
    share: float = 0.0
    beside: tuple[str, ...] = ()


class Part(NamedTuple):
    """Positions of a code with the same chance of a 1, and of which as many of the copies accused before have
    a 1.

    threshold      of the code bits
    shown, hidden  RecordIds of those that the leak shows, and of those that it does not; of real rows the
                   latter are only counted, in `size`, which is that of all
    """

    kind: Literal["decoy", "real"]
    threshold: int
    shown: U64
    hidden: U64
    size: int
    held_by: int = 0

    @property
    def layer(self) -> Layer:
        return Layer(chance(self.threshold), self.size, self.kind, self.held_by)


@dataclass(frozen=True, slots=True)
class Coded:
    """Copies whose codes follow one law, and what the leak shows of the positions.

    table       their p-table
    copies      their ids, and keys their code keys, in the same order
    pool        RecordIds of the shared decoys; pool_shown  which of them are in the leak
    rows        RecordIds, ascending, of the leaked records that they could hold; alive  how many there are in
                all
    unique      decoys of their own: hits of those that these accuse, and how many a copy has on average
    """

    table: PTable
    copies: Sequence[str]
    keys: Sequence[bytes] = field(repr=False)
    pool: U64
    pool_shown: Bools
    rows: U64
    alive: int
    unique: Unique

    def parts(self, accused: Sequence[bytes] = ()) -> list[Part]:
        """The positions by their chances, and by how many of the accused, given by their code keys, hold
        them; how many hidden rows these hold is what is likely."""
        found = []
        if self.table.pool:
            t = self.table.pool.threshold
            holders = _holders(accused, self.pool, t)
            for k in range(len(accused) + 1):
                shown, hidden = (self.pool[(holders == k) & at] for at in (self.pool_shown, ~self.pool_shown))
                found.append(Part("decoy", t, shown, hidden, len(shown) + len(hidden), k))
        if self.table.withholds:
            t, besides = self.table.rows, self.alive - len(self.rows)
            holders = _holders(accused, self.rows, t)
            for k in range(len(accused) + 1):
                likely = comb(len(accused), k) * chance(t) ** k * (1 - chance(t)) ** (len(accused) - k)
                shown, hidden = self.rows[holders == k], round(besides * likely)
                found.append(Part("real", t, shown, self.rows[:0], len(shown) + hidden, k))
        return found


def evidence(
    coded: Coded, log10_weight: float, part: float, *, accused: Collection[str] = ()
) -> dict[str, CodeEvidence]:
    """The copies whose codes agree with the leak better than the bound lets an innocent copy's, with what
    they show of it.

    log10_weight  of the bound times the share that each of these copies has of it;  part  of that for this
    accused       copies of these that took part for sure: others are looked for beside them, at most five
    Where more than 4,096 rows leaked, a sample of them chooses the copies that are held against all: a copy
    that is not judged is not accused, so the choice costs nothing but power, and hardly any. 2.6 ns (AVX-512)
    for a copy and a row of the first sample, some four times that in all for the largest leaks.
    """
    known = [key for copy, key in zip(coded.copies, coded.keys, strict=True) if copy in accused]
    parts = coded.parts(known)
    shown = np.array([len(each.shown) for each in parts], dtype=np.int64)
    if not shown.any():
        return {}
    decoder = Decoder([each.layer for each in parts], noise=NOISE, accused=len(known))
    fit, log10_needed = decoder.fit(shown, coded.unique), log10_weight + log10(part)
    others = np.array([at for at, copy in enumerate(coded.copies) if copy not in accused], dtype=np.int64)
    judged = _likeliest(coded, others, parts, fit)
    among, besides = _counts([coded.keys[at] for at in judged.tolist()], parts)
    log10_p = fit.log10_p(among, besides, log10_needed)
    return {
        coded.copies[judged[at]]: CodeEvidence(
            "code", list(_shown(parts, among[at])), float(log10_p[at]), part, tuple(sorted(accused))
        )
        for at in np.flatnonzero(log10_p <= log10_needed).tolist()
    }


def not_only_source(coded: Coded, log10_bound: float) -> list[str]:
    """The copies that lack so much of what the leak shows that they cannot be its only source.

    A copy that is the only source lacks what was linked to the wrong record, and nothing else: at most a
    share of NOISE. log10_bound is that of being wrong about one copy.
    """
    parts = [_sampled(each, _SAMPLE) for each in coded.parts()]
    if not parts:
        return []
    among, _ = _counts(coded.keys, parts)
    shown = sum(len(each.shown) for each in parts)
    most = fewest_hits(shown, NOISE, log10_bound)
    if most is None:
        return []
    return [coded.copies[at] for at in np.flatnonzero(shown - among.sum(axis=1) >= most).tolist()]


def _likeliest(coded: Coded, left: I64, parts: Sequence[Part], fit: Fit) -> I64:
    """The copies that are worth counting out, by ever larger samples of the rows; each round costs as much
    as the first."""
    size, most = _SAMPLE, len(left)
    while size < len(coded.rows) and len(left) > _FINALISTS and coded.table.withholds:
        sample = [_sampled(each, size) for each in parts]
        among, besides = _counts([coded.keys[at] for at in left.tolist()], sample)
        scale = [len(each.shown) / max(1, len(some.shown)) for each, some in zip(parts, sample, strict=True)]
        likely = fit.log_e(np.rint(among * np.array(scale)).astype(np.int64), besides)
        size *= 16
        keep = max(_FINALISTS, most * _SAMPLE // size)
        left = np.sort(left[np.argsort(-likely, kind="stable")[:keep]])
    return left


def _sampled(part: Part, size: int) -> Part:
    """The same with every so-manieth of the rows that the leak shows; all of them where they are decoys."""
    if part.kind == "decoy":
        return part
    return part._replace(shown=part.shown[:: max(1, -(-len(part.shown) // size))])


def _counts(keys: Sequence[bytes], parts: Sequence[Part]) -> tuple[I64, I64]:
    """(among, besides), each (R, G): what copies hold of the positions that the leak shows and does not."""
    among, besides = (
        np.stack([_held(keys, ids, each.threshold) for each, ids in which], axis=1)
        for which in ([(each, each.shown) for each in parts], [(each, each.hidden) for each in parts])
    )
    return among, besides


def _shown(parts: Sequence[Part], held: I64) -> Iterator[LayerShown]:
    """One entry for each kind."""
    kinds: dict[str, Literal["shared decoys", "rows"]] = {"decoy": "shared decoys", "real": "rows"}
    for kind in dict.fromkeys(each.kind for each in parts):
        own = [(each, n) for each, n in zip(parts, held.tolist(), strict=True) if each.kind == kind]
        yield LayerShown(
            kinds[kind],
            chance(own[0][0].threshold),
            sum(each.size for each, _ in own),
            sum(len(each.shown) for each, _ in own),
            sum(n for _, n in own),
        )


def _holders(keys: Sequence[bytes], record_ids: U64, threshold: int) -> I64:
    """How many of the copies hold each record."""
    bits = [code_bits(key, record_ids, slot=PRESENCE, threshold=threshold) for key in keys]
    return np.sum(bits, axis=0) if bits else np.zeros(len(record_ids), dtype=np.int64)


def _held(keys: Sequence[bytes], record_ids: U64, threshold: int) -> I64:
    return count_held(keys, record_ids, slot=PRESENCE, threshold=threshold)
