"""Which copies took part: exact tests of their own decoys and of their codes, over all copies together.

The law of an innocent copy's hits is known whatever the thief did: its decoys were drawn under its own key,
and each coincides with something in the leak with probability at most q0 (core.maths.entropy.coincidence). A
copy with d decoys therefore has P(Bin(d, q0) ≥ hits). That, or the p-value of its code, is compared with its
part of the copy's share of the bound. All copies' shares together are at most the whole, so that P(any
innocent copy is accused) is at most the bound.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, comb, log10
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.structs import replace

from trapstreet.core.fields import Kind
from trapstreet.core.maths.entropy import Coincidence, Profile, coincidence
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.trace.domain.code import CodeEvidence

Kinds = frozenset[Kind]

_NOTHING: Mapping[str, Any] = MappingProxyType({})

_LEAST = -1e6
"""log10 of a p-value that is as good as zero: where chance cannot explain it at all."""

_LEAST_PART = 1e-3
_TINY = 1e-300

LARGEST_GROUP = 5


@dataclass(frozen=True, slots=True)
class CopyCode:
    """What is known of a copy's decoys without opening them."""

    copy: str
    decoys: int
    profiles: tuple[Profile, ...]


class DecoyEvidence(msgspec.Struct, frozen=True, tag_field="class", tag="design"):
    """Decoys of its own: the leak shows `hits` of the copy's `of` decoys that have all of the fields.

    chance  q0: at most how likely one decoy of an innocent copy is to coincide with something in the leak
    share   of the bound, that it may err by
    """

    kind: str
    hits: int
    of: int
    fields: list[Kind]
    candidates: int
    chance: float
    log10_p: float
    share: float = 0.0


Evidence = DecoyEvidence | CodeEvidence


class Accusation(msgspec.Struct, frozen=True):
    """A copy that took part.

    log10_p   for this copy alone, by the strongest evidence
    weight    its share of the bound
    evidence  each of which is enough by itself, the strongest first
    """

    copy: str
    log10_p: float
    weight: float
    evidence: list[Evidence]

    def needed(self, bound: float) -> float:
        """-log10 of the p that the strongest evidence must not exceed."""
        return -log10(bound) - log10(self.evidence[0].share)


def accuse(
    codes: Sequence[CopyCode],
    hits: Mapping[str, Mapping[Kinds, int]],
    *,
    columns: Mapping[Kind, Sequence[str]],
    candidates: Callable[[Kinds], int],
    tested: Collection[Kinds],
    weights: Mapping[str, float],
    bound: float,
    coded: Mapping[str, Sequence[CodeEvidence]] = _NOTHING,
    own: Mapping[str, float] = _NOTHING,
    pooled: int = 0,
) -> list[Accusation]:
    """The copies whose hits or codes no innocent copy would have, surest first; [] is a good answer.

    hits        per copy and set of kinds: decoys that the leak shows by all of these kinds, near each other
    columns     per kind the data set's columns of it
    candidates  for a set of kinds an upper bound of the distinct tuples that the leak shows
    tested      sets of kinds, chosen by what the leak shows of real records only; testing several costs
                their number
    weights     per copy its share of the bound; over all copies that could be accused, in this data set and
                others, at most 1, and chosen in the same way
    bound       on P(any innocent copy is accused)
    pooled      decoys that copies share
    coded       what the leak says of the codes of copies
    own         per copy with a code the part of its share of the bound that its own decoys may err by, in
                (0, 1); the code has the rest. Chosen without a look at any copy's decoys or code
    """
    tuples = {kinds: candidates(kinds) for kinds in tested}
    decoys = pooled + sum(code.decoys for code in codes)
    accused = []
    for code in codes:
        weight, part = weights[code.copy], own.get(code.copy, 1.0)
        found: list[tuple[float, Evidence]] = []
        met = {kinds: count for kinds, count in hits.get(code.copy, {}).items() if kinds in tuples}
        if met:
            others = decoys - code.decoys
            evidence = [
                _evidence(code, kinds, n, columns=columns, candidates=tuples[kinds], others=others)
                for kinds, n in met.items()
            ]
            best = min(evidence, key=lambda each: each.log10_p)
            found.append((min(0.0, best.log10_p + log10(len(tuples))), replace(best, share=weight * part)))
        found += [
            (each.log10_p, replace(each, share=weight * each.share)) for each in coded.get(code.copy, ())
        ]
        enough = [(p, each) for p, each in found if p <= log10(bound) + log10(each.share)]
        if enough:
            enough.sort(key=lambda each: each[0] - log10(each[1].share))
            log10_p = ceil(max(enough[0][0], _LEAST) * 1000) / 1000
            accused.append(Accusation(code.copy, log10_p, weight, [each for _, each in enough]))
    return sorted(accused, key=lambda each: each.log10_p)


def own_part(log10_one_hit: float, log10_needed: float) -> float:
    """The part of a copy's share of the bound that its own decoys get beside a code: just what one hit
    needs, at most half.

    log10_one_hit  p-value of a single hit, by the kinds that tell most;  log10_needed  of the copy's share
    """
    needed = 10 ** min(0.0, log10_one_hit - log10_needed)
    return min(0.5, max(_LEAST_PART, 1.001 * needed))


def log10_one_hit(
    profiles: Sequence[Profile],
    decoys: int,
    *,
    columns: Mapping[Kind, Sequence[str]],
    candidates: Callable[[Kinds], int],
    tested: Collection[Kinds],
    others: int,
) -> float:
    """log10 of a bound on the p-value of one hit among so many decoys, by the tested kinds that tell most;
    0.0 where none tells anything."""
    most = 1.0
    for kinds in tested:
        choices = [columns.get(kind, ()) for kind in sorted(kinds)]
        could = coincidence(profiles, choices, candidates(kinds), others=others)
        if could.decoys:
            most = min(most, decoys * could.q0 * len(tested))
    return log10(max(most, _TINY))


def smallest_group(
    codes: Sequence[CopyCode],
    hits: Mapping[str, Mapping[Kinds, int]],
    *,
    columns: Mapping[Kind, Sequence[str]],
    candidates: Callable[[Kinds], int],
    tested: Collection[Kinds],
    copies: int,
    bound: float,
    pooled: int = 0,
) -> list[str]:
    """The smallest set of two to LARGEST_GROUP copies of which at least one took part; [] if there is none.

    copies  that could be in such a set, of any data set
    bound   on P(all copies of a named set are innocent); the other parameters as for `accuse`
    All decoys of g innocent copies together show P(Bin(Σ d, q0) ≥ hits), which is held against a share of
    the bound over all sets of that size, for each size and each set of kinds that is tested.
    """
    decoys = pooled + sum(code.decoys for code in codes)
    tests = log10(max(1, len(tested))) + log10(LARGEST_GROUP - 1)
    for size in range(2, min(LARGEST_GROUP, copies) + 1):
        log10_bound = log10(bound) - tests - log10(comb(copies, size))
        for kinds in tested:
            met = [(n, code) for code in codes if (n := hits.get(code.copy, {}).get(kinds, 0))]
            most = sorted(met, key=lambda each: -each[0])[:size]
            if len(most) < size:
                continue
            found = [
                _evidence(
                    code, kinds, n, columns=columns, candidates=candidates(kinds), others=decoys - code.decoys
                )
                for n, code in most
            ]
            q0 = max(each.chance for each in found)
            together = sum(each.of for each in found), sum(n for n, _ in most)
            if log10_binomial_tail(together[0], q0, together[1]) <= log10_bound:
                return sorted(code.copy for _, code in most)
    return []


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


def not_only_source(accused: Sequence[Accusation], copies: Sequence[str]) -> list[str]:
    """The copies that cannot be the only source: the leak shows decoys that another copy alone has, at the
    same bound."""
    sources = {each.copy for each in accused if any(isinstance(e, DecoyEvidence) for e in each.evidence)}
    return [copy for copy in copies if sources - {copy}]


def _evidence(
    code: CopyCode,
    kinds: Kinds,
    hits: int,
    *,
    columns: Mapping[Kind, Sequence[str]],
    candidates: int,
    others: int,
) -> DecoyEvidence:
    choices = [columns.get(kind, ()) for kind in sorted(kinds)]
    could = coincidence(code.profiles, choices, candidates, others=others)
    if hits > could.decoys:  # the profiles do not explain it, so nothing is known of its chance
        could = Coincidence(hits, 1.0)
    return DecoyEvidence(
        kind="unique decoys",
        hits=hits,
        of=could.decoys,
        fields=sorted(kinds),
        candidates=candidates,
        chance=could.q0,
        log10_p=log10_binomial_tail(could.decoys, could.q0, hits),
    )
