"""Trace leaks: read them, join their records, judge every copy."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from trapstreet.core.fields import Kind
from trapstreet.core.maths.entropy import Profile
from trapstreet.core.ports import Text
from trapstreet.index import Candidates, DataSetIndex, Lookup, Matcher, RecordJoin
from trapstreet.store import catalogue
from trapstreet.store.models import Copy, Version
from trapstreet.trace.domain.dating import Dating, VersionSeen, date
from trapstreet.trace.domain.observed import Observed, observe
from trapstreet.trace.domain.shown import Shown, shown
from trapstreet.trace.domain.verdict import Accusation, CopyCode, accuse, kinds_to_test, not_only_source
from trapstreet.trace.domain.weights import copies_then, weights


class Records(msgspec.Struct, frozen=True):
    """How many different records of the data set the leak shows, and how many others stand beside them."""

    matched: int
    foreign: int


class DataSetTrace(msgspec.Struct, frozen=True):
    """What a leak says of one data set.

    versions  those in which what the leak shows of some record began
    dating    when it was current
    copies_then  how many copies were made from versions that the leak can be a copy of; 0 where that tells
              none from the others
    bound     on P(any innocent copy is accused)
    copies    how many copies the workspace has handed out, of any data set: the bound holds over all of them
    """

    data_set: str
    records: Records
    fields: dict[Kind, int]
    decoys: int
    versions: list[int]
    dating: Dating
    verdict: Literal["accused", "group", "no verdict"]
    accused: list[Accusation]
    group: list[str]
    not_only_source: list[str]
    copies_then: int
    bound: float
    copies: int


class Trace(msgspec.Struct, frozen=True):
    """The data sets that a leak shows (none: not our data), and what each verdict was decided from."""

    data_sets: list[DataSetTrace]
    observed: list[Observed]


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
    results, observed = [], []
    for number, what in recognised.items():
        data_set = lookup.data_sets[number]
        own = [copy for copy in copies if copy.data_set_id == data_set.data_set]
        results.append(_judge(candidates, data_set, what, own, copies=everyone, bound=bound))
        observed.append(
            observe(
                data_set.data_set,
                what,
                candidates,
                tested=kinds_to_test(what.sets(), len(what.real), candidates.present()),
                accused=results[-1].accused,
                decoys=sum(copy.decoys for copy in own),
            )
        )
    return Trace(results, observed)


def _judge(
    candidates: Candidates,
    data_set: DataSetIndex,
    what: Shown,
    issued: Sequence[Copy],
    *,
    copies: int,
    bound: float,
) -> DataSetTrace:
    columns: dict[Kind, list[str]] = defaultdict(list)
    for column in data_set.columns:
        columns[column.kind].append(column.name)
    codes = [_code(copy) for copy in issued]
    dating = date(what.spans, [_seen(each) for each in catalogue.versions_of(data_set.data_set)])
    then = copies_then({copy.id: copy.version.number for copy in issued}, dating.versions)
    accused = accuse(
        codes,
        what.hits(),
        columns=columns,
        candidates=candidates.met_by,
        tested=kinds_to_test(what.sets(), len(what.real), candidates.present()),
        weights=weights([copy.id for copy in issued], then, copies=copies),
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
        versions=what.spans.versions(),
        dating=dating,
        verdict="accused" if accused else "no verdict",
        accused=accused,
        group=[],
        not_only_source=not_only_source(accused, codes),
        copies_then=len(then),
        bound=bound,
        copies=copies,
    )


def _seen(version: Version) -> VersionSeen:
    return VersionSeen(version.registered_at, version.checked_at, version.reread)


def _code(copy: Copy) -> CopyCode:
    return CopyCode(copy.id, copy.decoys, msgspec.convert(copy.profiles, tuple[Profile, ...]))
