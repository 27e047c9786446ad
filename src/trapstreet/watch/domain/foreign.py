"""How many of our values a text would show if it had nothing to do with us.

Foreign numbers equal ours by chance, the more often the more of them a text holds and the denser ours lie
(index/space.py). So single numbers are counted against the number that chance explains.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate, chain
from math import log, log10, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind, Search, kinds
from trapstreet.core.maths.tails import log10_poisson_tail
from trapstreet.index import Lookup, Sketch
from trapstreet.index.sketch import KEPT
from trapstreet.index.space import SPACED
from trapstreet.watch.domain.sample import HitSample
from trapstreet.watch.domain.spread import Spread

F64 = NDArray[np.float64]

RARE = 2.0**-40
"""How likely somebody else's e-mail address, IBAN or card number is a registered one. Nobody has another's:
what coincides is an invented or a mistyped one, and there is room for far more than 10**12 of each (letters
of any name and domain; ten to thirty characters with two check digits; 16 digits with a checksum, of which an
issuer gives each once). How many records there are is left out of it: a true alarm missed is the worse."""

_LEVELS: F64 = 2.0 ** -np.array([1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0])
"""Densities up to which hits are counted against chance, one test for each: a few hits where ours lie thin
are not hidden by the many that chance gives where they lie dense."""

_SURE = log(3e12)
_SLACK = 1 / (1 - sqrt(2 * _SURE / (KEPT - 2)))
"""The bounds below fail once in 10**12: a sketch's count is not this much too low more often than that."""

_FEW = {Kind.PHONE: 1e-6}
_FEW_ELSE = 1e-3
"""How likely a foreign number is a given one of ours where too few are registered to know how they lie:
phone numbers share prefixes, reference numbers are often counted from one."""


_NUMBER = re.compile(rb"[A-Z]*([0-9]{5,})")
_NOT_ALNUM = bytes(byte for byte in range(256) if not bytes([byte]).isalnum())


class Numbers(NamedTuple):
    """How many of our values of a kind chance explains in a text, and log10 of the p-value of those seen."""

    expected: float
    log10_p: float


class Odds(NamedTuple):
    """How likely one foreign value is a given record's, and any record's; at most."""

    given: float
    any: float


class Foreign:
    """The candidates of one text, seen as foreign to one data set.

    sketches  of the candidates of the text, by kind;  size  of the text in bytes
    """

    def __init__(self, sketches: Mapping[Kind, Sketch], size: int, *, spread: Spread, lookup: Lookup) -> None:
        self.size = max(1, size)
        self.spread = spread
        self._sketches = sketches
        self._lookup = lookup
        self._densities = cache(self._densities_of)
        self.odds = cache(self._odds)

    def count(self, kind: Kind) -> float:
        """How many different candidates of a kind there are, at most."""
        sketch = self._sketch(kind)
        return sketch.distinct() * (1.0 if len(sketch.fingerprints) < KEPT else _SLACK)

    def _odds(self, kind: Kind) -> Odds:
        records = max(1, self.spread.records)
        if kind not in SPACED:
            return Odds(RARE, RARE)
        if not self.spread.spaces(kind):
            given = _FEW.get(kind, _FEW_ELSE)
            return Odds(given, min(1.0, records * given) if kind in _FEW else 1.0)
        sampled = np.minimum(1.0, self._densities(kind).sum(axis=0))
        density = min(1.0, upper_mean(sampled, 1.0) / self.spread.learnt(kind))
        return Odds(density / records, density)

    def numbers(self, kind: Kind, sample: HitSample) -> Numbers:
        """Whether the text shows more of our numbers of a kind than foreign numbers explain.

        Hits are Poisson with the mean (different candidates) times (mean density), both as the sketch tells,
        at most. p covers the levels of density. Numbers of versions whose space is not known, and of copies,
        do not count. Where one number stands in several columns ("C-200417" and "200417"), foreign numbers
        meet all of them or none: it is one hit, that of the densest.
        """
        spaces = self.spread.spaces(kind)
        if not spaces:
            return Numbers(0.0, 0.0)
        densities = self._densities(kind)
        values, hits = self._hit_densities(kind, sample)
        numbers = _densest(map(_number, values), hits)
        lowest = 0.0
        for level in _LEVELS.tolist():
            thin = np.where(densities <= level, densities, 0.0).sum(axis=0)
            mean = sample.share * self.count(kind) * upper_mean(thin, level * len(spaces))
            lowest = min(lowest, log10_poisson_tail(mean, int(np.count_nonzero(numbers <= level))))
        return Numbers(self._expected(kind, hits), min(0.0, lowest + log10(len(_LEVELS))))

    def _expected(self, kind: Kind, hits: F64) -> float:
        """How many hits chance explains. Where every value may be ours, it explains those that are met."""
        densities, distinct = self._densities(kind).sum(axis=0), self._sketch(kind).distinct()
        full = densities >= 1.0
        met = min(distinct * float(full.mean()), float(np.count_nonzero(hits >= 1.0)))
        return met + distinct * float(np.where(full, 0.0, densities).mean())

    def _hit_densities(self, kind: Kind, sample: HitSample) -> tuple[list[bytes], F64]:
        """The hits of versions whose space is known, as they are written, and how dense ours lie there. Which
        form of the value met tells the sketch, or else each that can have: the densest counts. 10 µs for each
        of those."""
        sketch = self._sketch(kind)
        met = {
            fingerprint: [form]
            for fingerprint, form in zip(sketch.fingerprints.tolist(), sketch.forms.tolist(), strict=True)
        }
        others = {
            fingerprint: hit.value for fingerprint, hit in sample.hits.items() if fingerprint not in met
        }
        met |= zip(others, _forms(kind, list(others.values()), self._lookup.search(kind)), strict=True)
        values: list[bytes] = []
        densities = [np.empty(0)]
        for owner, space in self.spread.spaces(kind).items():
            own = [each for each, hit in sample.hits.items() if hit.owner == owner and met[each]]
            if own:
                forms = [met[each] for each in own]
                first = np.cumsum([0, *map(len, forms[:-1])])
                densities.append(np.maximum.reduceat(space.density([*chain(*forms)]), first))
                values += [sample.hits[each].value for each in own]
        return values, np.concatenate(densities)

    def _sketch(self, kind: Kind) -> Sketch:
        return self._sketches.get(kind, Sketch.empty())

    def _densities_of(self, kind: Kind) -> F64:
        return self.spread.densities(kind, self._sketch(kind).forms.tolist())


def upper_mean(sampled: F64, most: float) -> float:
    """The mean over all candidates of values in [0, most] is at most this, but for once in 10**12.

    sampled  the values of those in the sketch; they are all there are if there are fewer than KEPT
    Source: Audibert, Munos & Szepesvári, Exploration-exploitation tradeoff using variance estimates, 2009,
    theorem 1 (the empirical Bernstein bound).
    """
    if not len(sampled):
        return 0.0
    mean = float(sampled.mean())
    if len(sampled) < KEPT:
        return mean
    return mean + sqrt(2 * float(sampled.var()) * _SURE / len(sampled)) + 3 * most * _SURE / len(sampled)


def _number(value: bytes) -> bytes:
    """The digits of what is written as letters and at least five digits; anything else as it is."""
    code = value.translate(None, _NOT_ALNUM).upper()
    found = _NUMBER.fullmatch(code)
    return found[1] if found else code


def _densest(numbers: Iterable[bytes], densities: F64) -> F64:
    """The largest density of each different number."""
    densest: dict[bytes, float] = {}
    for number, density in zip(numbers, densities.tolist(), strict=True):
        densest[number] = max(density, densest.get(number, 0.0))
    return np.array([*densest.values()])


def _forms(kind: Kind, values: Sequence[bytes], search: Search) -> list[list[bytes]]:
    """All forms by which each of some pieces of text can have met: they are read as the lines of one text."""
    forms: list[list[bytes]] = [[] for _ in values]
    begins = [*accumulate((len(value) + 1 for value in values), initial=0)]
    for candidate in kinds()[kind].find(b"\n".join(values), search):
        forms[bisect_right(begins, candidate.start) - 1] += candidate.forms
    return forms
