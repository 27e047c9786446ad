"""What was found of a data set in one text, and whether it is worth telling."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import log10
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.maths.likeness import Shape, shape_of
from trapstreet.core.maths.tails import log10_poisson_tail
from trapstreet.index import Joined, Lookup, Seen
from trapstreet.index.runs import runs
from trapstreet.index.seen import bits, count_kinds, kinds_in
from trapstreet.index.space import SPACED
from trapstreet.watch.domain.coincidence import counted
from trapstreet.watch.domain.foreign import RARE, Foreign
from trapstreet.watch.domain.sample import HitSample

U16 = NDArray[np.uint16]

NUMBERS_ALONE = 1e-6
"""Numbers alone are a finding if chance gives such a one in a whole scan with at most this probability."""

RECORDS_ALONE = 1e-3
"""The same for records without an e-mail address or the like. Their p-value rests on what a foreign record
would be, and a leak of a few lines must not be lost in a scan of thousands of texts."""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """Our data seen at a source.

    records    leaked records: at least two different fields of one record near each other, together too rare
               to be chance; each record once, and no decoys
    by_column  further records of which the text shows at least two fields far apart, each of a kind that it
               shows too often to be chance: first all addresses, then all phone numbers
    of         how many records the data set has
    share      of them, in [0, 1], those two and those of single values too many to be chance
    fields     how many of the records show each kind
    histogram  how many of all those show so many fields
    singles    values of ours that stand in no such record, and are no such decoy's, by kind
    expected   of how many records chance explains a number, by its kind
    p_value    of a text that has nothing to do with the data set to show this, at most
    decoys     how many decoys the text shows as it shows those records, or certainly;  certain  how many of
               them by more than a number and a name;  planted  how many by planting, the others being
               decoys of copies
    excerpts   a few of the places, masked
    which      a digest of the ids of the records that it shows: the same where another text shows the same
    shape      a sample of what it shows, by which a text that shows nearly the same is told
    """

    source: str
    path: str
    data_set: str
    records: int
    by_column: int
    of: int
    share: float
    fields: dict[Kind, int]
    histogram: dict[int, int]
    singles: dict[Kind, int]
    expected: dict[Kind, float]
    p_value: float
    decoys: int
    certain: int
    planted: dict[str, int]
    excerpts: list[str]
    sha256: str
    which: str = ""
    shape: Shape | None = None


Patterns = Mapping[tuple[int, bool], int]
"""How many records show each set of kinds (as bits), decoys (False) apart from others."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one text shows of one data set, before it is known how many texts there are. Small.

    near, fields  of the records that count: kinds near each other, and all kinds
    apart         of all others the anchors
    singles       of the values met that are in no such record, and no told decoy's
    decoys        how many decoys are told: they count as records do, or are certain;  certain  how many of
                  them are;  planted  how many are which planting's
    alive         records of the data set
    which         a digest of the ids of those records, or, where there are none, of all that is shown
    shape         a sample of the ids of all that is beyond doubt, those of decoys apart
    expected      of how many records chance explains a number, by its kind
    log10_p       per kind of the values met;  log10_p_records  of the records
    """

    near: Patterns
    fields: Patterns
    apart: Patterns
    singles: Mapping[Kind, int]
    decoys: int
    certain: int
    planted: Mapping[str, int]
    alive: int
    which: str
    shape: Shape
    expected: Mapping[Kind, float]
    log10_p: Mapping[Kind, float]
    log10_p_records: float


def shown(
    joined: Joined, *, foreign: Foreign, samples: Mapping[Kind, HitSample], lookup: Lookup
) -> tuple[Shown, Joined]:
    """What was met of a data set against what chance explains; and the records that count, with the rest."""
    everything = joined.records + joined.singles
    values = count_kinds(everything.anchors)
    counts, log10_p_records = counted(joined.records, values, foreign)
    records, rest = joined.records.take(counts), joined.records.take(~counts) + joined.singles
    judged = {kind: foreign.numbers(kind, samples[kind]) for kind in SPACED if kind in samples}
    rare = {
        kind: log10_poisson_tail(foreign.count(kind) * RARE, values[kind])
        for kind in values
        if kind not in SPACED
    }
    is_copy = np.array([owner.copy != "" for owner in lookup.owners], dtype=np.bool_)
    decoys = everything.take(is_copy[everything.owner] & (everything.certain | _first(counts, everything)))
    others = rest.take(~np.isin(rest.record, records.record))
    sure = records + decoys + rest.take(rest.alone)
    sure = sure if len(sure) else everything
    what = Shown(
        near=_patterns(records, records.near, is_copy),
        fields=_patterns(records, records.shown, is_copy),
        apart=_patterns(others, others.anchors, is_copy),
        singles=count_kinds(rest.anchors[~(is_copy[rest.owner] & rest.certain)]),
        decoys=len(decoys),
        certain=int(np.count_nonzero(decoys.certain)),
        planted=_planted(decoys, lookup),
        alive=foreign.spread.records,
        which=_digest(records + decoys if len(records) else everything),
        shape=shape_of(sure.record[~is_copy[sure.owner]], sure.record[is_copy[sure.owner]]),
        expected={
            kind: float(f"{each.expected * min(1.0, values.get(kind, 0) / samples[kind].distinct):.3g}")
            for kind, each in judged.items()
        },
        log10_p=rare | {kind: each.log10_p for kind, each in judged.items()},
        log10_p_records=log10_p_records,
    )
    return what, Joined(records, rest)


def _digest(seen: Seen) -> str:
    """RecordIds are keyed hashes: without the keys this tells nothing of a record."""
    return blake2b(np.unique(seen.record).astype("<u8").tobytes(), digest_size=16).hexdigest()


def _first(counts: NDArray[np.bool_], everything: Seen) -> NDArray[np.bool_]:
    """Which of the records count, and none of what follows them."""
    return np.append(counts, np.zeros(len(everything) - len(counts), dtype=np.bool_))


def _planted(decoys: Seen, lookup: Lookup) -> Counter[str]:
    owners = (lookup.owners[at].planting for at in decoys.owner.tolist())
    return Counter(filter(None, owners))


def _patterns(seen: Seen, kinds: U16, is_copy: NDArray[np.bool_]) -> Patterns:
    """Each record once, whichever of its states show it."""
    order = np.argsort(seen.record)
    first = runs(seen.record[order])
    if not len(first):
        return {}
    masks = np.bitwise_or.reduceat(kinds[order], first).astype(np.int64)
    counts = np.bincount(masks << 1 | ~is_copy[seen.owner[order][first]]).tolist()
    return {(sort >> 1, bool(sort & 1)): n for sort, n in enumerate(counts) if n}


def beyond_chance(what: Shown, tests: int) -> frozenset[Kind]:
    """The kinds of which more values are met than chance explains; tests is how often that is asked."""
    limit = log10(NUMBERS_ALONE / tests / len(SPACED))
    return frozenset(kind for kind, each in what.log10_p.items() if kind not in SPACED or each <= limit)


def worth_telling(what: Shown, tests: int) -> bool:
    """Whether this is a finding: a decoy, a rare value, numbers beyond chance, or records that are.

    tests  how many texts and data sets chance could have shown it in
    """
    few = bool(what.near) and what.log10_p_records <= log10(RECORDS_ALONE / tests)
    return few or what.certain > 0 or bool(beyond_chance(what, tests))


def described(what: Shown, tests: int) -> dict[str, Any]:
    """The figures of a finding: the fields of Finding by these names."""
    sure = bits(beyond_chance(what, tests))
    near, fields, apart = (_real(each) for each in (what.near, what.fields, what.apart))
    alone = {mask: n for mask, n in apart.items() if mask & sure}
    histogram: Counter[int] = Counter()
    for mask, n in fields.items():
        histogram[mask.bit_count()] += n
    for mask, n in alone.items():
        histogram[(mask & sure).bit_count()] += n
    lowest = min([what.log10_p_records, *what.log10_p.values()])
    return {
        "records": sum(near.values()),
        "by_column": sum(n for mask, n in alone.items() if (mask & sure).bit_count() > 1),
        "of": what.alive,
        "share": min(1.0, (sum(fields.values()) + sum(alone.values())) / max(1, what.alive)),
        "fields": _kinds(near),
        "histogram": dict(sorted(histogram.items())),
        "singles": dict(what.singles),
        "expected": dict(what.expected),
        "p_value": 10.0 ** max(-300.0, min(0.0, lowest + log10(1 + len(what.log10_p)))),
        "decoys": what.decoys,
        "certain": what.certain,
        "planted": dict(sorted(what.planted.items())),
        "which": what.which,
        "shape": what.shape,
    }


def _real(patterns: Patterns) -> dict[int, int]:
    """How many records show each set of kinds, without decoys."""
    return {mask: n for (mask, is_real), n in patterns.items() if is_real}


def _kinds(patterns: Mapping[int, int]) -> dict[Kind, int]:
    """How many of the records show each kind."""
    counts: Counter[Kind] = Counter()
    for mask, n in patterns.items():
        counts.update(dict.fromkeys(kinds_in(mask), n))
    return dict(sorted(counts.items()))
