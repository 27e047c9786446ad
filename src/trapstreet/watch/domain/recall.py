"""What is remembered of objects, against data sets that were not known when they were read."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import log10
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.maths.tails import log10_poisson_tail
from trapstreet.index import Lookup
from trapstreet.index.runs import among, distinct, runs
from trapstreet.index.space import SPACED
from trapstreet.watch.domain.anything import KINDS
from trapstreet.watch.domain.recollection import Recollection

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Bools = NDArray[np.bool_]

NEEDLESS = 1_000
"""Objects that are read again for nothing in one recall, about, whatever chance shows."""

_NUMBERS = np.array([kind in SPACED for kind in KINDS])
_SAMPLED = 1 << 16


class Recalled(NamedTuple):
    """An object that has to be read again, named as it was given, and what it shows."""

    name: Any
    shows: list[Recollection]


class _Hits(NamedTuple):
    """What was met, a column each: object's number, place in KINDS, fingerprint, table, record's number."""

    object: U32
    kind: U8
    fingerprint: U64
    table: U32
    number: U32

    def take(self, at: Any) -> "_Hits":
        return _Hits._make(column[at] for column in self)

    @classmethod
    def joined(cls, parts: Sequence["_Hits"]) -> "_Hits":
        return cls._make(np.concatenate(column) for column in zip(*parts, strict=True))


class Recall:
    """Asks what is remembered for some segments, objects after objects, and answers at the end.

    lookup  of those segments alone;  public  sorted fingerprints that count for nobody
    Memory: 21 bytes for each value that meets, and what one call takes. bench/rematch.py has the figures.
    """

    def __init__(self, lookup: Lookup, public: U64) -> None:
        self._lookup, self._public = lookup, public
        self._parts: list[_Hits] = []
        self._counts: list[NDArray[np.uint16]] = []
        self._met: list[NDArray[Any]] = []
        self._different = [_Different() for _ in KINDS]
        self.objects = 0

    def add(self, names: NDArray[Any], epoch: int, prints: U64, counts: NDArray[np.uint16]) -> None:
        """Take objects: names of any type, their fingerprints one after the other, and how many of each kind
        each has, shape (n, 6)."""
        n = len(counts)
        flat = counts.astype(np.intp).ravel()
        kinds = np.tile(np.arange(len(KINDS), dtype=np.uint8), n)
        for kind, different in enumerate(self._different):
            if _NUMBERS[kind]:
                different.add(prints[np.repeat(kinds == kind, flat)])
        at, table, number = self._lookup.find(epoch, prints)
        private = ~among(prints[at], self._public)
        at, table, number = at[private], table[private], number[private]
        if len(at):
            ends = np.cumsum(flat)
            place = np.searchsorted(ends, at, side="right")
            met, object_ = np.unique(place // len(KINDS), return_inverse=True)
            object_ += sum(map(len, self._met))
            self._parts.append(_Hits(object_.astype(np.uint32), kinds[place], prints[at], table, number))
            self._counts.append(counts[met])
            self._met.append(names[met])
        self.objects += n

    def again(self) -> Iterator[Recalled]:
        """The objects that have to be read again, in the order in which they were given.

        One that shows a rare value (e-mail address, IBAN, card number), a decoy, or two values of a record;
        and one whose numbers are beyond chance, of which some NEEDLESS are not worth it.
        """
        if not self._parts:
            return
        hits, counts = _Hits.joined(self._parts), np.concatenate(self._counts)
        met = np.concatenate(self._met)
        hits = hits.take(np.lexsort((hits.kind, hits.number, hits.table, hits.object)))
        is_decoy = self._is_copy()[self._owners(hits)]
        sure = ~_NUMBERS[hits.kind] | is_decoy | _of_one_record(hits)
        chance = self._chance(hits, counts)
        limit = log10(min(1.0, NEEDLESS / self.objects))
        wanted = np.zeros(len(counts), dtype=np.bool_)
        wanted[hits.object[sure]] = True
        wanted |= chance <= limit
        first = np.append(runs(hits.object), len(hits.object))
        for start, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
            number = int(hits.object[start])
            if wanted[number]:
                of = slice(start, end)
                yield Recalled(met[number], self._shown(hits.take(of), is_decoy[of], float(chance[number])))

    def _chance(self, hits: _Hits, counts: NDArray[np.uint16]) -> NDArray[np.float64]:
        """Per object log10 of the chance that as many of its numbers meet, for the kind that is least likely.

        How often a number meets is what is seen of all: different ones that do, among different ones.
        """
        lowest = np.zeros(len(counts))
        known: dict[tuple[int, int, int], float] = {}
        for kind in np.flatnonzero(_NUMBERS).tolist():
            own = hits.take(hits.kind == kind)
            if not len(own.object):
                continue
            rate = len(distinct(own.fingerprint)) / max(1.0, self._different[kind].count())
            order = np.lexsort((own.fingerprint, own.object))
            fresh = np.diff(own.object[order], prepend=-1) != 0
            fresh |= np.diff(own.fingerprint[order], prepend=~own.fingerprint[order][:1]) != 0
            objects, found = np.unique(own.object[order][fresh], return_counts=True)
            for number, n, k in zip(
                objects.tolist(), counts[objects, kind].tolist(), found.tolist(), strict=True
            ):
                if (kind, n, k) not in known:
                    known[kind, n, k] = log10_poisson_tail(n * rate, k)
                lowest[number] = min(lowest[number], known[kind, n, k])
        return lowest

    def _shown(self, hits: _Hits, is_decoy: Bools, log10_p: float) -> list[Recollection]:
        owners = self._owners(hits)
        shown = []
        data_sets = np.array([self._lookup.owners[owner].data_set for owner in owners.tolist()])
        for each in distinct(data_sets).tolist():
            own = data_sets == each
            mine = hits.take(own & ~is_decoy)
            several = _of_one_record(mine)
            rest = mine.take(~several)
            decoys = hits.take(own & is_decoy)
            ids, false_ids = self._ids(mine), self._ids(decoys)
            records = self._ids(mine.take(several))
            counted = distinct(np.concatenate([records, false_ids])) if len(records) else None
            everything = distinct(np.concatenate([ids, false_ids]))
            shown.append(
                Recollection(
                    data_set=self._lookup.data_sets[each].name,
                    records=len(records),
                    singles=_singles(rest),
                    decoys=len(false_ids),
                    planted=self._planted(decoys),
                    log10_p=log10_p,
                    certain=bool(len(decoys.kind)) or bool((~_NUMBERS[mine.kind]).any()),
                    which=_digest(everything if counted is None else counted),
                )
            )
        return shown

    def _planted(self, decoys: _Hits) -> dict[str, int]:
        of: dict[str, set[tuple[int, int]]] = {}
        for owner, table, number in zip(
            self._owners(decoys).tolist(), decoys.table.tolist(), decoys.number.tolist(), strict=True
        ):
            if planting := self._lookup.owners[owner].planting:
                of.setdefault(planting, set()).add((table, number))
        return {planting: len(each) for planting, each in sorted(of.items())}

    def _owners(self, hits: _Hits) -> U32:
        owners = np.zeros(len(hits.table), dtype=np.uint32)
        for each in distinct(hits.table).tolist():
            at, held = hits.table == each, self._lookup.tables[each].owners
            owners[at] = held if isinstance(held, int) else held[hits.number[at]]
        return owners

    def _ids(self, hits: _Hits) -> U64:
        ids = np.zeros(len(hits.table), dtype=np.uint64)
        for each in distinct(hits.table).tolist():
            at = hits.table == each
            ids[at] = self._lookup.tables[each].record_ids[hits.number[at]]
        return distinct(ids)

    def _is_copy(self) -> Bools:
        return np.array([owner.copy != "" for owner in self._lookup.owners], dtype=np.bool_)


class _Different:
    """How many different fingerprints there are, off by 1 % at most where there are very many."""

    def __init__(self) -> None:
        self._kept: U64 = np.empty(0, dtype=np.uint64)
        self._limit = np.uint64(2**64 - 1)

    def add(self, prints: U64) -> None:
        new = prints[prints <= self._limit]
        if len(new):
            self._kept = distinct(np.concatenate([self._kept, new]))[:_SAMPLED]
            if len(self._kept) == _SAMPLED:
                self._limit = self._kept[-1]

    def count(self) -> float:
        if len(self._kept) < _SAMPLED:
            return float(len(self._kept))
        return (_SAMPLED - 1) / (float(self._kept[-1]) / 2.0**64)


def _of_one_record(hits: _Hits) -> Bools:
    """Which hits have another of another kind of the same record in the same object; in their order."""
    same = np.ones(max(0, len(hits.object) - 1), dtype=np.bool_)
    for column in (hits.object, hits.table, hits.number):
        same &= column[1:] == column[:-1]
    group = np.cumsum(np.append(True, ~same)) - 1 if len(hits.object) else np.empty(0, dtype=np.intp)
    if not len(group):
        return np.zeros(0, dtype=np.bool_)
    first = runs(group)
    several = np.maximum.reduceat(hits.kind, first) > np.minimum.reduceat(hits.kind, first)
    found: Bools = several[group]
    return found


def _singles(hits: _Hits) -> dict[Kind, int]:
    counts = {}
    for kind in distinct(hits.kind).tolist():
        counts[KINDS[kind]] = len(distinct(hits.fingerprint[hits.kind == kind]))
    return counts


def _digest(ids: U64) -> str:
    """As findings have it: the same data told twice is one."""
    return blake2b(ids.astype("<u8").tobytes(), digest_size=16).hexdigest()
