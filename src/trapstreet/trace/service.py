"""Trace leaks: read them, join their records, judge every copy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.ports import Text
from trapstreet.index import Candidates, DataSetIndex, Lookup, Matcher, Met, RecordJoin
from trapstreet.keys.ring import KeyRing
from trapstreet.store import catalogue, plantings
from trapstreet.store.models import Copy, Pool, Version
from trapstreet.trace.bench import Bench, Judged, Reread
from trapstreet.trace.domain.dating import Dating, VersionSeen, date
from trapstreet.trace.domain.foreign import Foreign
from trapstreet.trace.domain.observed import Observed, observe
from trapstreet.trace.domain.shown import Shown, shown
from trapstreet.trace.domain.verdict import Accusation, CopyCode, Evidence, kinds_to_test
from trapstreet.trace.domain.weights import copies_then, weights
from trapstreet.trace.domain.windows import Window, Windows

U64 = NDArray[np.uint64]


class Records(msgspec.Struct, frozen=True):
    """How many different records of the data set the leak shows, and how many others stand beside them:
    values of the kind that most of those show, which are no part of any record or decoy of ours."""

    matched: int
    foreign: int


class Place(msgspec.Struct, frozen=True):
    """A table, or a watched source, that a leak came out of: it shows decoys that lie there and in no copy.

    decoys    of the planting that the leak shows, told as records are;  of  how many it has
    lies      where they lie, if not in the data set's table: the record of a watched source; else ""
    log10_p   of chance, for the fields that tell most; null where it cannot be held to the bound
    evidence  what that rests on
    """

    planting: str
    decoys: int
    of: int
    log10_p: float | None
    evidence: list[Evidence]
    lies: str = ""


class DataSetTrace(msgspec.Struct, frozen=True):
    """What a leak says of one data set.

    places    plantings in the data set's own table that the leak has decoys of: it came from there
    versions  those in which what the leak shows of some record began
    dating    when it was current
    group     where no copy is accused by itself: the smallest set of copies of which at least one took part
    copies_then  how many copies were made from versions that the leak can be a copy of; 0 where that tells
              none from the others
    bound     on P(any innocent copy is accused)
    copies    how many copies the workspace has handed out, of any data set;  plantings  how many it has in
              tables: the bound holds over all of them together
    """

    data_set: str
    records: Records
    fields: dict[Kind, int]
    decoys: int
    versions: list[int]
    dating: Dating
    verdict: Literal["accused", "group", "place", "no verdict"]
    accused: list[Accusation]
    places: list[Place]
    group: list[str]
    not_only_source: list[str]
    copies_then: int
    bound: float
    copies: int
    plantings: int


class Trace(msgspec.Struct, frozen=True):
    """The data sets that a leak shows (none: not our data), what each verdict was decided from, and the
    RecordIds, ascending, of the records that leaked of each; and by planting those of its decoys."""

    data_sets: list[DataSetTrace]
    observed: list[Observed]
    affected: list[U64]
    touched: dict[str, U64]


def trace(
    texts: Iterable[Text],
    *,
    lookup: Lookup,
    matcher: Matcher,
    ring: KeyRing,
    reread: Reread,
    bound: float,
) -> Trace:
    """Judge all copies of the data sets that the texts, taken as one leak, show.

    reread  asked where a recognised data set has copies with marks
    Memory grows with the different records (20 bytes) and candidates (24 bytes for each) in the leak.
    """
    leak = _read(texts, lookup, matcher)
    judging = _Judging(leak, ring, reread, bound, catalogue.count_copies(), plantings.count_in_tables())
    found = [
        judging.judge(lookup.data_sets[number], what, leak.windows.of(number))
        for number in leak.met.data_sets()
        if (what := shown(leak.met, leak.candidates, lookup, number))
    ]
    return Trace(
        [each.result for each in found],
        [each.observed for each in found],
        [each.affected for each in found],
        {planting: ids for each in found for planting, ids in each.touched.items()},
    )


class _Leak(NamedTuple):
    """What all texts show: their records, what could have been a decoy, the text round the records, and what
    is nobody's of ours."""

    met: Met
    candidates: Candidates
    windows: Windows
    foreign: Foreign


def _read(texts: Iterable[Text], lookup: Lookup, matcher: Matcher) -> _Leak:
    join, candidates, windows, foreign = RecordJoin(lookup), Candidates(), Windows(lookup), Foreign()
    for text in texts:
        for matches in matcher.matches(text.chunks, candidates=True):
            foreign.add(matches, join.add(matches))
            candidates.add(matches)
            windows.add(matches)
        join.end_text()
        candidates.end_text()
        foreign.end_text()
    return _Leak(join.met(), candidates, windows, foreign)


@dataclass(frozen=True, slots=True)
class _Suspects:
    """All that a leak of one data set can have come from.

    versions  per copy the numbers of those that it was handed out of;  planted  decoys in the table itself
    """

    copies: list[Copy]
    versions: dict[str, set[int]]
    pools: dict[str, Pool]
    planted: list[CopyCode]

    @classmethod
    def of(cls, data_set: str) -> Self:
        copies, editions = catalogue.copies_of([data_set]), catalogue.editions_of([data_set])
        planted = [
            CopyCode(each.id, each.decoys, plantings.profiles_of(each))
            for each in plantings.plantings_of([data_set])
        ]
        versions = {copy.id: editions[copy.id] for copy in copies}
        return cls(copies, versions, catalogue.pools_of([data_set]), planted)

    @property
    def decoys(self) -> int:
        return (
            sum(each.decoys for each in self.copies)
            + sum(each.decoys for each in self.pools.values())
            + sum(each.decoys for each in self.planted)
        )

    def weights(self, then: Sequence[str], everyone: int) -> dict[str, float]:
        """What part of the bound each has, where the leak's date leaves these copies."""
        places = [each.copy for each in self.planted]
        likely = [*then, *places] if then else []
        return weights([*(copy.id for copy in self.copies), *places], likely, copies=everyone)


class _Judgement(NamedTuple):
    """A data set's part of a trace."""

    result: DataSetTrace
    observed: Observed
    affected: U64
    touched: dict[str, U64]


@dataclass(frozen=True, slots=True)
class _Judging:
    """Judges what a leak shows of a data set; `copies` and `plantings` are how many there are of any."""

    leak: _Leak
    ring: KeyRing
    reread: Reread
    bound: float
    copies: int
    plantings: int

    def judge(self, data_set: DataSetIndex, what: Shown, windows: Mapping[int, Window]) -> _Judgement:
        """What the leak shows of a data set, held against all that it can have come from."""
        candidates = self.leak.candidates
        suspects = _Suspects.of(data_set.data_set)
        tested = kinds_to_test(what.sets(), len(what.real), candidates.present())
        tuples = {kinds: candidates.met_by(kinds) for kinds in tested}
        dating = date(what.spans, [_seen(each) for each in catalogue.versions_of(data_set.data_set)])
        then = copies_then(suspects.versions, dating.versions)
        bench = Bench(
            data_set,
            suspects.pools,
            what,
            windows,
            tuples.__getitem__,
            tested=tested,
            weights=suspects.weights(then, self.copies + self.plantings),
            copies=self.copies + self.plantings,
            planted=suspects.planted,
            bound=self.bound,
            ring=self.ring,
            reread=self.reread,
        )
        judged = bench.judge(suspects.copies, suspects.versions)
        result = self._result(
            data_set.name,
            what=what,
            dating=dating,
            judged=judged,
            planted=suspects.planted,
            copies_then=len(then),
        )
        return _Judgement(
            result,
            observe(
                data_set.data_set,
                what,
                candidates,
                tested=tested,
                accused=judged.accused,
                decoys=suspects.decoys,
                positions=judged.positions,
                spellings=judged.spellings,
            ),
            np.unique(what.real.record),
            {each.planting: what.told_of(each.planting) for each in result.places},
        )

    def _result(
        self,
        name: str,
        *,
        what: Shown,
        dating: Dating,
        judged: Judged,
        planted: Sequence[CopyCode],
        copies_then: int,
    ) -> DataSetTrace:
        places = _places(planted, what, judged)
        return DataSetTrace(
            data_set=name,
            records=_records(what, self.leak.foreign),
            fields=what.fields(),
            decoys=what.decoys_met(),
            versions=what.spans.versions(),
            dating=dating,
            verdict=_verdict(judged, places),
            accused=judged.accused,
            places=places,
            group=judged.group,
            not_only_source=judged.not_only_source,
            copies_then=copies_then,
            bound=self.bound,
            copies=self.copies,
            plantings=self.plantings,
        )


def _verdict(judged: Judged, places: Sequence[Place]) -> Literal["accused", "group", "place", "no verdict"]:
    if judged.accused:
        return "accused"
    return "group" if judged.group else "place" if places else "no verdict"


def _places(planted: Sequence[CopyCode], what: Shown, judged: Judged) -> list[Place]:
    sure = {each.copy: each for each in judged.places}
    elsewhere = plantings.elsewhere([each.copy for each in planted])
    places = []
    for each in planted:
        decoys, held = len(what.told_of(each.copy)), sure.get(each.copy)
        if decoys and (held or len(what.decoys_of(each.copy))):
            places.append(
                Place(
                    each.copy,
                    decoys,
                    each.decoys,
                    held.log10_p if held else None,
                    held.evidence if held else [],
                    elsewhere.get(each.copy, ""),
                )
            )
    return places


def _records(what: Shown, foreign: Foreign) -> Records:
    leading = what.leading()
    others = foreign.count(leading, numbers_only=what.numbers_only) if leading else 0
    return Records(len(what.real), others)


def _seen(version: Version) -> VersionSeen:
    return VersionSeen(version.registered_at, version.checked_at, version.reread)
