"""Trace leaks: read them, join their records, judge every copy."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log10
from typing import Literal

import msgspec

from trapstreet.core.fields import Kind
from trapstreet.core.maths.entropy import Profile
from trapstreet.core.ports import Text
from trapstreet.index import Candidates, DataSetIndex, Lookup, Matcher, RecordJoin
from trapstreet.store import catalogue
from trapstreet.store.models import Copy, Version
from trapstreet.trace.domain.dating import VersionSeen, Window, intersect
from trapstreet.trace.domain.shown import Shown, shown
from trapstreet.trace.domain.verdict import Accusation, CopyCode, accuse, kinds_to_test, not_only_source


class Records(msgspec.Struct, frozen=True):
    """How many different records of the data set the leak shows, and how many others stand beside them."""

    matched: int
    foreign: int


class DataSetTrace(msgspec.Struct, frozen=True):
    """What a leak says of one data set.

    copies  how many copies the workspace has handed out, of any data set: the bound holds over all of them
    bound   on P(any innocent copy is accused)
    """

    data_set: str
    records: Records
    fields: dict[Kind, int]
    decoys: int
    versions: list[int]
    taken: Window | None
    verdict: Literal["accused", "group", "no verdict"]
    accused: list[Accusation]
    group: list[str]
    not_only_source: list[str]
    bound: float
    copies: int

    @property
    def needed(self) -> float:
        """-log10 of the p that a copy must not exceed to be accused."""
        return log10(max(1, self.copies)) - log10(self.bound)


class Trace(msgspec.Struct, frozen=True):
    """The data sets that a leak shows; none: not our data."""

    data_sets: list[DataSetTrace]


def trace(texts: Iterable[Text], *, lookup: Lookup, matcher: Matcher, bound: float) -> Trace:
    """Judge all copies of the data sets that the texts, taken as one leak, show.

    Memory grows with the different records (20 bytes) and candidates (16 bytes for each) in the leak.
    """
    join, candidates = RecordJoin(lookup), Candidates()
    for text in texts:
        for matches in matcher.matches(text.chunks, candidates=True):
            join.add(matches)
            candidates.add(matches)
        join.end_text()
        candidates.end_text()
    met = join.met()
    recognised = {
        number: what for number in met.data_sets() if (what := shown(met, candidates, lookup, number))
    }
    copies = catalogue.copies_of([lookup.data_sets[number].data_set for number in recognised])
    everyone = catalogue.count_copies()
    results = []
    for number, what in recognised.items():
        own = [_code(copy) for copy in copies if copy.data_set_id == lookup.data_sets[number].data_set]
        results.append(_judge(candidates, lookup.data_sets[number], what, own, copies=everyone, bound=bound))
    return Trace(results)


def _judge(
    candidates: Candidates,
    data_set: DataSetIndex,
    what: Shown,
    codes: Sequence[CopyCode],
    *,
    copies: int,
    bound: float,
) -> DataSetTrace:
    columns: dict[Kind, list[str]] = defaultdict(list)
    for column in data_set.columns:
        columns[column.kind].append(column.name)
    accused = accuse(
        codes,
        what.hits(),
        columns=columns,
        candidates=candidates.met_by,
        tested=kinds_to_test(what.sets(), len(what.real), candidates.present()),
        copies=max(1, copies),
        bound=bound,
    )
    leading = what.leading()
    decoys = what.decoys_met()
    matched = len(what.real)
    return DataSetTrace(
        data_set=data_set.name,
        records=Records(matched, max(0, candidates.things(leading) - matched - decoys) if leading else 0),
        fields=what.fields(),
        decoys=decoys,
        versions=sorted({since for since, _ in what.states}),
        taken=intersect(what.states, [_seen(each) for each in catalogue.versions_of(data_set.data_set)]),
        verdict="accused" if accused else "no verdict",
        accused=accused,
        group=[],
        not_only_source=not_only_source(accused, codes),
        bound=bound,
        copies=copies,
    )


def _seen(version: Version) -> VersionSeen:
    return VersionSeen(version.registered_at, version.checked_at, version.reread)


def _code(copy: Copy) -> CopyCode:
    return CopyCode(copy.id, copy.decoys, msgspec.convert(copy.profiles, tuple[Profile, ...]))
