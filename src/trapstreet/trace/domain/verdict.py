"""Which copies took part: the exact test of unique decoys over all copies together.

The law of an innocent copy's hits is known whatever the thief did: its decoys were drawn under its own key,
and
each coincides with something in the leak with probability at most q0 (core.maths.entropy.coincidence). A copy
with d decoys therefore has P(Bin(d, q0) ≥ hits); that is compared with the copy's share of the bound. All
copies' shares together are at most the whole, so that P(any innocent copy is accused) is at most the bound.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10

import msgspec

from trapstreet.core.fields import Kind
from trapstreet.core.maths.entropy import Coincidence, Profile, coincidence
from trapstreet.core.maths.tails import log10_binomial_tail

Kinds = frozenset[Kind]


@dataclass(frozen=True, slots=True)
class CopyCode:
    """What is known of a copy's decoys without opening them."""

    copy: str
    decoys: int
    profiles: tuple[Profile, ...]


class Evidence(msgspec.Struct, frozen=True, tag_field="class", tag="design"):
    """Unique decoys: the leak shows `hits` of the copy's `of` decoys that have all of the fields.

    chance  q0: at most how likely one decoy of an innocent copy is to coincide with something in the leak
    """

    kind: str
    hits: int
    of: int
    fields: list[Kind]
    candidates: int
    chance: float
    log10_p: float


class Accusation(msgspec.Struct, frozen=True):
    """A copy that took part. log10_p is for this copy alone; weight is its share of the bound."""

    copy: str
    log10_p: float
    weight: float
    evidence: list[Evidence]

    def needed(self, bound: float) -> float:
        """-log10 of the p that this copy must not exceed to be accused."""
        return -log10(bound) - log10(self.weight)


def accuse(
    codes: Sequence[CopyCode],
    hits: Mapping[str, Mapping[Kinds, int]],
    *,
    columns: Mapping[Kind, Sequence[str]],
    candidates: Callable[[Kinds], int],
    tested: Collection[Kinds],
    weights: Mapping[str, float],
    bound: float,
) -> list[Accusation]:
    """The copies whose hits no innocent copy would have, surest first; [] is a good answer.

    hits        per copy and set of kinds: decoys that the leak shows by all of these kinds, near each other
    columns     per kind the data set's columns of it
    candidates  for a set of kinds an upper bound of the distinct tuples that the leak shows
    tested      sets of kinds, chosen by what the leak shows of real records only; testing several costs
                their number
    weights     per copy its share of the bound; over all copies that could be accused, in this data set and
                others, at most 1, and chosen without a look at any copy's decoys
    bound       on P(any innocent copy is accused)
    """
    tuples = {kinds: candidates(kinds) for kinds in tested}
    decoys = sum(code.decoys for code in codes)
    accused = []
    for code in codes:
        met = {kinds: count for kinds, count in hits.get(code.copy, {}).items() if kinds in tuples}
        if not met:
            continue
        others = decoys - code.decoys
        evidence = [
            _evidence(code, kinds, count, columns=columns, candidates=tuples[kinds], others=others)
            for kinds, count in met.items()
        ]
        best = min(evidence, key=lambda each: each.log10_p)
        log10_p = min(0.0, best.log10_p + log10(len(tuples)))
        weight = weights[code.copy]
        if log10_p <= log10(bound) + log10(weight):
            accused.append(Accusation(code.copy, ceil(log10_p * 1000) / 1000, weight, [best]))
    return sorted(accused, key=lambda each: each.log10_p)


def kinds_to_test(shown: Mapping[Kinds, int], records: int, present: Collection[Kind]) -> list[Kinds]:
    """The sets of one or two kinds that decoys are judged by: those that 5 % of the real records show.

    shown    how many of the leak's real records show each set;  records  how many there are
    present  kinds of which the leak shows any candidate: what is tested where it holds no real record
    Only the leak's real records decide, never the decoys: the choice leaves an innocent copy's law alone.
    """
    if records:
        return sorted((kinds for kinds, count in shown.items() if 20 * count >= records), key=sorted)
    singles = [frozenset((kind,)) for kind in present]
    pairs = [frozenset((a, b)) for a in present for b in present if a < b]
    return sorted([*singles, *pairs], key=sorted)


def not_only_source(accused: Sequence[Accusation], codes: Sequence[CopyCode]) -> list[str]:
    """Copies that cannot be the only source: another copy's decoys are in the leak, at the same bound."""
    if not accused:
        return []
    only = accused[0].copy if len(accused) == 1 else None
    return [code.copy for code in codes if code.copy != only]


def _evidence(
    code: CopyCode,
    kinds: Kinds,
    hits: int,
    *,
    columns: Mapping[Kind, Sequence[str]],
    candidates: int,
    others: int,
) -> Evidence:
    choices = [columns.get(kind, ()) for kind in sorted(kinds)]
    could = coincidence(code.profiles, choices, candidates, others=others)
    if hits > could.decoys:  # the profiles do not explain it, so nothing is known of its chance
        could = Coincidence(hits, 1.0)
    return Evidence(
        kind="unique decoys",
        hits=hits,
        of=could.decoys,
        fields=sorted(kinds),
        candidates=candidates,
        chance=could.q0,
        log10_p=log10_binomial_tail(could.decoys, could.q0, hits),
    )
