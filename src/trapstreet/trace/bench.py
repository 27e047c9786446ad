"""The copies of one data set, judged by what a leak shows of it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain, groupby
from math import log10
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.maths.codebits import PRESENCE
from trapstreet.core.maths.decoder import Unique
from trapstreet.core.model.p_table import MarkCode, PTable, chance
from trapstreet.core.model.table import Row
from trapstreet.index import DataSetIndex, count_held, held_in
from trapstreet.keys.ring import KeyRing
from trapstreet.store import copies as stored
from trapstreet.store.models import Copy, Pool
from trapstreet.trace.domain import code, marks
from trapstreet.trace.domain.code import Coded, CodeEvidence
from trapstreet.trace.domain.marks import Spelled
from trapstreet.trace.domain.observed import Positions
from trapstreet.trace.domain.shown import Shown
from trapstreet.trace.domain.verdict import (
    Accusation,
    CopyCode,
    Kinds,
    accuse,
    log10_one_hit,
    not_only_source,
    own_part,
    smallest_group,
)
from trapstreet.trace.domain.windows import Window

U64 = NDArray[np.uint64]


Reread = Callable[[str, U64], Mapping[int, Row]]
"""The rows that the source of a data set (its id) holds now of these records, by RecordId: none where it
cannot be read."""


class Judged(NamedTuple):
    """The accused, surest first; the plantings that the leak has decoys of, likewise; where there is no
    accused, the smallest group of which one took part; the copies that cannot be the only source; at which
    positions those that are accused by their codes were judged; and how the leak spells the marks of those
    that are accused by these."""

    accused: list[Accusation]
    places: list[Accusation]
    group: list[str]
    not_only_source: list[str]
    positions: dict[str, Positions]
    spellings: dict[str, list[Spelled]]


GROUPS = 0.01
"""The part of the bound that naming a group of innocent copies may err by."""

FURTHER = 0.1
"""The part of what a code may err by that is kept for copies beside those that are accused already."""

MOST_KNOWN = 5
"""Copies beside which others are looked for."""

_NOTHING: Mapping[str, Sequence[CodeEvidence]] = MappingProxyType({})
_ALONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Group:
    """Copies whose codes follow one law at the same share of the bound.

    own_decoys    that such a copy has on average
    log10_weight  of the bound times the share that each has of it;  own_part  of that for its own decoys
    """

    copies: Sequence[Copy]
    keys: Sequence[bytes] = field(repr=False)
    table: PTable
    own_decoys: int
    log10_weight: float
    own_part: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Judges the copies of a data set at a bound, by their own decoys, by their codes and by their marks.

    pools    its shared decoys, by pool
    tested   sets of kinds that decoys are judged by
    weights  per copy and planting its share of the bound
    copies   that the workspace ever issued, of any data set, and plantings
    planted  the plantings in the data set's table
    windows  the text round the records that the leak shows first, by RecordId
    """

    data_set: DataSetIndex
    pools: Mapping[str, Pool]
    what: Shown
    windows: Mapping[int, Window] = field(repr=False)
    candidates: Callable[[Kinds], int]
    tested: Collection[Kinds]
    weights: Mapping[str, float]
    copies: int
    planted: Sequence[CopyCode]
    bound: float
    ring: KeyRing
    reread: Reread

    def judge(self, issued: Sequence[Copy], versions: Mapping[str, Set[int]]) -> Judged:
        """The verdict on all copies of the data set; versions are per copy those of its editions."""
        codes = [CopyCode(copy.id, copy.decoys, stored.profiles_of(copy)) for copy in issued]
        groups = [self._group(alike, issued) for alike in _alike(issued, versions, self.weights)]
        own = {copy.id: group.own_part for group in groups for copy in group.copies}
        sources = {each.copy for each in self._accuse(codes, own)}
        coded: dict[str, list[CodeEvidence]] = defaultdict(list)
        lacking: list[str] = []
        positions: dict[str, Positions] = {}
        spellings: dict[str, list[Spelled]] = {}
        cells = self._cells(issued)
        rounds: list[tuple[_Group, Coded, float]] = []
        leaked = self._leaked(frozenset(versions[group.copies[0].id]) for group in groups)
        spelling: dict[tuple[MarkCode, ...], list[Spelled]] = {}
        for group in groups:
            shown = self._coded(group, *leaked[frozenset(versions[group.copies[0].id])], sources)
            codes_of_marks = shown.table.marks
            if codes_of_marks not in spelling:
                read = marks.read(codes_of_marks, self.data_set.columns, cells, self.windows)
                spelling[codes_of_marks] = read
            spelled = spelling[codes_of_marks]
            part = (1 - group.own_part) / (2 if spelled and shown.parts() else 1)
            rounds.append((group, shown, part))
            found = code.evidence(shown, group.log10_weight, part * (1 - FURTHER))
            lacking += code.not_only_source(shown, group.log10_weight)
            by_marks = marks.evidence(spelled, shown.copies, shown.keys, group.log10_weight, part)
            spellings |= dict.fromkeys(by_marks, spelled)
            for copy, evidence in chain(found.items(), by_marks.items()):
                coded[copy].append(evidence)
        accused = self._accuse(codes, own, coded)
        for group, shown, part in rounds:
            known = {each.copy for each in accused} & set(shown.copies)
            if 0 < len(known) <= MOST_KNOWN:
                further = code.evidence(shown, group.log10_weight, part * FURTHER, accused=known)
                for copy, found_beside in further.items():
                    coded[copy].append(found_beside)
            by_code = {copy for copy in shown.copies if any(e.kind == "code" for e in coded.get(copy, ()))}
            positions |= dict.fromkeys(by_code, Positions.of(shown))
        accused = self._accuse(codes, own, coded)
        places = self._accuse(self.planted, besides=codes)
        others = not_only_source([*accused, *places], [copy.id for copy in issued])
        group_of = [] if accused else self._smallest_group(codes)
        return Judged(accused, places, group_of, sorted({*others, *lacking}), positions, spellings)

    def _accuse(
        self,
        codes: Sequence[CopyCode],
        own: Mapping[str, float] = _ALONE,
        coded: Mapping[str, Sequence[CodeEvidence]] = _NOTHING,
        *,
        besides: Sequence[CopyCode] | None = None,
    ) -> list[Accusation]:
        """besides  who else has decoys: the plantings, unless others are named"""
        elsewhere = self.planted if besides is None else besides
        return accuse(
            codes,
            self.what.hits(),
            columns=self._columns(),
            candidates=self.candidates,
            tested=self.tested,
            weights=self.weights,
            bound=self.bound * (1 - GROUPS),
            coded=coded,
            own=own,
            pooled=self._pooled() + sum(each.decoys for each in elsewhere),
        )

    def _pooled(self) -> int:
        """How many shared decoys there are."""
        return sum(pool.decoys for pool in self.pools.values())

    def _smallest_group(self, codes: Sequence[CopyCode]) -> list[str]:
        return smallest_group(
            codes,
            self.what.hits(),
            columns=self._columns(),
            candidates=self.candidates,
            tested=self.tested,
            copies=self.copies,
            bound=self.bound * GROUPS,
            pooled=self._pooled() + sum(each.decoys for each in self.planted),
        )

    def _group(self, alike: Sequence[Copy], issued: Sequence[Copy]) -> "_Group":
        """Copies whose codes follow one law, with what they may err by.

        It rests on how many decoys they have in all, which is what was asked for, and on how shared decoys
        are drawn. How many of a copy's decoys are its own its code decides, and that must not weigh.
        """
        first, keys = alike[0], self.ring.code_keys(copy.id for copy in alike)
        table = stored.p_table_of(first)
        decoys, pooled = np.array([copy.decoys for copy in alike]), 0.0
        pool = self._pool(first)
        if pool and table.pool:
            ids = stored.record_ids_of(pool)
            decoys += count_held(keys, ids, slot=PRESENCE, threshold=table.pool.threshold)
            pooled = chance(table.pool.threshold) * len(ids)
        asked = int(decoys.max())
        log10_weight = log10(self.bound * (1 - GROUPS)) + log10(self.weights[first.id])
        one = log10_one_hit(
            stored.profiles_of(pool or first),
            asked,
            columns=self._columns(),
            candidates=self.candidates,
            tested=self.tested,
            others=asked * len(issued) + self._pooled() + sum(each.decoys for each in self.planted),
        )
        return _Group(alike, keys, table, round(asked - pooled), log10_weight, own_part(one, log10_weight))

    def _columns(self) -> dict[Kind, list[str]]:
        columns: dict[Kind, list[str]] = defaultdict(list)
        for column in self.data_set.columns:
            columns[column.kind].append(column.name)
        return columns

    def _cells(self, issued: Sequence[Copy]) -> Mapping[int, Row]:
        """The rows of the source whose text was kept, if any copy has marks."""
        if not self.windows or not any(stored.p_table_of(copy).marks for copy in issued):
            return {}
        return self.reread(self.data_set.data_set, np.array(sorted(self.windows), dtype=np.uint64))

    def _coded(self, group: "_Group", rows: U64, alive: int, sources: Set[str]) -> Coded:
        """What the leak shows of the positions of the copies.

        rows     leaked records that they could hold;  alive  how many there are in all
        sources  copies that are accused by their own decoys
        A record whose key is a shared decoy's, too, is no position of its own.
        """
        pool, ids = self._pool(group.copies[0]), [copy.id for copy in group.copies]
        record_ids = stored.record_ids_of(pool) if pool else np.empty(0, dtype=np.uint64)
        shown = self.what.decoys_of(pool.id) if pool else record_ids
        hits = sum(len(self.what.decoys_of(copy)) for copy in ids if copy in sources)
        return Coded(
            table=group.table,
            copies=ids,
            keys=group.keys,
            pool=record_ids,
            pool_shown=np.isin(record_ids, shown),
            rows=np.setdiff1d(rows, record_ids, assume_unique=True),
            alive=alive,
            unique=Unique(hits, group.own_decoys),
        )

    def _leaked(self, sets: Iterable[frozenset[int]]) -> dict[frozenset[int], tuple[U64, int]]:
        """For each set of versions the leaked records that any of them had, ascending, and how many records
        the largest had."""
        wanted = set(sets)
        rows = np.unique(self.what.real.record)
        masks = {each: np.zeros(len(rows), dtype=np.bool_) for each in wanted}
        sizes = dict.fromkeys(wanted, 0)
        for number, (there, alive) in enumerate(held_in(rows, self.data_set.versions), start=1):
            for each in wanted:
                if number in each:
                    masks[each] |= there
                    sizes[each] = max(sizes[each], alive)
        return {each: (rows[masks[each]], max(sizes[each], int(masks[each].sum()))) for each in wanted}

    def _pool(self, copy: Copy) -> Pool | None:
        return self.pools.get(copy.pool_id or "")


def _alike(
    issued: Sequence[Copy], versions: Mapping[str, Set[int]], weights: Mapping[str, float]
) -> list[list[Copy]]:
    """The copies that have a code, those together whose codes follow one law at the same share of the
    bound."""
    laws = [
        ((bytes(copy.p_table), copy.pool_id or "", sorted(versions[copy.id]), weights[copy.id]), copy)
        for copy in issued
        if stored.p_table_of(copy).codes
    ]
    laws.sort(key=itemgetter(0))
    return [[copy for _, copy in group] for _, group in groupby(laws, key=itemgetter(0))]
