"""Trace leaks: read them, join their records, judge every copy."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.ports import Text
from trapstreet.index import Candidates, Lookup, Matcher, RecordJoin
from trapstreet.keys.ring import KeyRing
from trapstreet.store import catalogue, plantings
from trapstreet.store.models import Planting, Version
from trapstreet.trace.bench import Bench, Judged, Reread
from trapstreet.trace.domain.dating import Dating, VersionSeen, date
from trapstreet.trace.domain.observed import Observed, observe
from trapstreet.trace.domain.shown import Shown, shown
from trapstreet.trace.domain.verdict import Accusation, CopyCode, Evidence, kinds_to_test
from trapstreet.trace.domain.weights import copies_then, weights
from trapstreet.trace.domain.windows import Windows

U64 = NDArray[np.uint64]


class Records(msgspec.Struct, frozen=True):
    """How many different records of the data set the leak shows, and how many others stand beside them."""

    matched: int
    foreign: int


class Place(msgspec.Struct, frozen=True):
    """A table that a leak came out of: it shows decoys that were planted there and lie in no copy.

    decoys    of the planting that the leak shows, by more than a number;  of  how many it has
    log10_p   of chance, for the fields that tell most; null where it cannot be held to the bound
    evidence  what that rests on
    """

    planting: str
    decoys: int
    of: int
    log10_p: float | None
    evidence: list[Evidence]


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
    Memory grows with the different records (20 bytes) and candidates (16 bytes for each) in the leak.
    """
    join, candidates, windows = RecordJoin(lookup), Candidates(), Windows(lookup)
    for text in texts:
        for matches in matcher.matches(text.chunks, candidates=True):
            join.add(matches)
            candidates.add(matches)
            windows.add(matches)
        join.end_text()
        candidates.end_text()
    met = join.met()
    recognised = {
        number: what for number in met.data_sets() if (what := shown(met, candidates, lookup, number))
    }
    ids = [lookup.data_sets[number].data_set for number in recognised]
    copies, editions = catalogue.copies_of(ids), catalogue.editions_of(ids)
    copied, planted = catalogue.count_copies(), plantings.count_in_tables()
    everyone = copied + planted
    in_tables = plantings.plantings_of(ids)
    results, observed, affected = [], [], []
    touched: dict[str, U64] = {}
    for number, what in recognised.items():
        data_set = lookup.data_sets[number]
        own = [copy for copy in copies if copy.data_set_id == data_set.data_set]
        tested = kinds_to_test(what.sets(), len(what.real), candidates.present())
        versions = {copy.id: editions[copy.id] for copy in own}
        pools = catalogue.pools_of([data_set.data_set])
        tuples = {kinds: candidates.met_by(kinds) for kinds in tested}
        dating = date(what.spans, [_seen(each) for each in catalogue.versions_of(data_set.data_set)])
        then = copies_then(versions, dating.versions)
        places = [_code(each) for each in in_tables if each.data_set_id == data_set.data_set]
        own_places = [each.copy for each in places]
        bench = Bench(
            data_set,
            pools,
            what,
            windows.of(number),
            tuples.__getitem__,
            tested=tested,
            weights=weights(
                [*(copy.id for copy in own), *own_places],
                [*then, *own_places] if then else [],
                copies=everyone,
            ),
            copies=everyone,
            planted=places,
            bound=bound,
            ring=ring,
            reread=reread,
        )
        judged = bench.judge(own, versions)
        found = _places(places, what, judged)
        result = DataSetTrace(
            data_set=data_set.name,
            records=_records(what, candidates),
            fields=what.fields(),
            decoys=what.decoys_met(),
            versions=what.spans.versions(),
            dating=dating,
            verdict=_verdict(judged, found),
            accused=judged.accused,
            places=found,
            group=judged.group,
            not_only_source=judged.not_only_source,
            copies_then=len(then),
            bound=bound,
            copies=copied,
            plantings=planted,
        )
        results.append(result)
        affected.append(np.unique(what.real.record))
        touched |= {each.planting: what.decoys_of(each.planting) for each in found}
        observed.append(
            observe(
                data_set.data_set,
                what,
                candidates,
                tested=tested,
                accused=result.accused,
                decoys=sum(each.decoys for each in own)
                + sum(each.decoys for each in pools.values())
                + sum(each.decoys for each in places),
                positions=judged.positions,
                spellings=judged.spellings,
            )
        )
    return Trace(results, observed, affected, touched)


def _verdict(judged: Judged, places: Sequence[Place]) -> Literal["accused", "group", "place", "no verdict"]:
    if judged.accused:
        return "accused"
    return "group" if judged.group else "place" if places else "no verdict"


def _places(planted: Sequence[CopyCode], what: Shown, judged: Judged) -> list[Place]:
    sure = {each.copy: each for each in judged.places}
    places = []
    for each in planted:
        if decoys := len(what.decoys_of(each.copy)):
            held = sure.get(each.copy)
            places.append(
                Place(
                    each.copy,
                    decoys,
                    each.decoys,
                    held.log10_p if held else None,
                    held.evidence if held else [],
                )
            )
    return places


def _code(planting: Planting) -> CopyCode:
    return CopyCode(planting.id, planting.decoys, plantings.profiles_of(planting))


def _records(what: Shown, candidates: Candidates) -> Records:
    leading, matched = what.leading(), len(what.real)
    others = candidates.things(leading) - matched - what.decoys_met() if leading else 0
    return Records(matched, max(0, others))


def _seen(version: Version) -> VersionSeen:
    return VersionSeen(version.registered_at, version.checked_at, version.reread)
