"""Scan texts: match, join, weigh against chance, report."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from trapstreet.core.fields import Kind
from trapstreet.core.model.objects import Unread, printable
from trapstreet.core.ports import Text
from trapstreet.index import Lookup, Matcher, Matches, RecordJoin, Sketch
from trapstreet.index.matcher import CODE
from trapstreet.index.runs import distinct
from trapstreet.index.space import SPACED
from trapstreet.watch.domain.excerpts import Excerpts
from trapstreet.watch.domain.findings import Finding, Shown, described, shown, worth_telling
from trapstreet.watch.domain.foreign import Foreign
from trapstreet.watch.domain.public import Public
from trapstreet.watch.domain.sample import HitSample
from trapstreet.watch.domain.spread import Spread

_PENDING = 16


class SetAside(msgspec.Struct, frozen=True):
    """What was not counted.

    public  places where a value stands that the workspace calls public, or that examples are full of
    shared  per data set the values that more records share than could be told apart: not searched for
    """

    public: dict[Kind, int]
    shared: dict[str, dict[Kind, int]]


class Scan(msgspec.Struct, frozen=True):
    """What a scan found, how much it looked at, what it set aside and what it could not read."""

    findings: list[Finding]
    scanned: dict[str, int]
    set_aside: SetAside
    unread: list[Unread]


def scan(objects: Iterable[Text | Unread], *, lookup: Lookup, matcher: Matcher, public: Public) -> Scan:
    """Look for the data sets of a lookup in texts. Memory grows with what is found, not with what is read.

    What chance could have shown in so many texts is known at the end only, so all findings come then.
    """
    spreads = [Spread(lookup, number) for number in range(len(lookup.data_sets))]
    drafts: list[_Draft] = []
    unread: list[Unread] = []
    scanned = {"objects": 0, "bytes": 0}
    aside: Counter[Kind] = Counter()
    tests = 0
    for each in objects:
        if isinstance(each, Unread):
            unread.append(Unread(printable(each.path), each.why))
            continue
        search = _Search(lookup, matcher, public)
        for size in search.read(each):
            scanned["bytes"] += size
        scanned["objects"] += 1
        tests += search.offers_numbers * len(lookup.data_sets)
        aside += search.aside
        drafts += search.drafts(each, spreads)
    findings = [each.finding(tests) for each in drafts if worth_telling(each.what, max(1, tests))]
    return Scan(findings, scanned, SetAside(dict(sorted(aside.items())), _shared(lookup)), unread)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What may become a finding."""

    source: str
    path: str
    data_set: str
    what: Shown
    excerpts: list[str]
    sha256: str

    def finding(self, tests: int) -> Finding:
        return Finding(
            source=self.source,
            path=self.path,
            data_set=self.data_set,
            excerpts=self.excerpts,
            sha256=self.sha256,
            **described(self.what, max(1, tests)),
        )


class _Search:
    """One text: its matches joined into records, samples of its candidates and hits, and a few excerpts."""

    def __init__(self, lookup: Lookup, matcher: Matcher, public: Public) -> None:
        self._lookup = lookup
        self._matcher = matcher
        self._public = public
        self._data_set = np.array([owner.data_set for owner in lookup.owners], dtype=np.int64)
        self._join = RecordJoin(lookup)
        self._sketches: dict[Kind, list[Sketch]] = defaultdict(list)
        self._samples: dict[int, dict[Kind, HitSample]] = defaultdict(lambda: defaultdict(HitSample))
        self._excerpts = Excerpts(lookup)
        self._size = 0
        self.aside: Counter[Kind] = Counter()

    def read(self, text: Text) -> Iterator[int]:
        """Read the text to its end; yields the size of what was searched, stretch by stretch."""
        for matches in self._matcher.matches(text.chunks):
            self._size += matches.size
            for kind, sketch in matches.sketches.items():
                self._sketches[kind].append(sketch)
                if len(self._sketches[kind]) > _PENDING:
                    self._sketches[kind] = [Sketch.union(self._sketches[kind])]
            if len(matches):
                kept, aside = self._public.set_aside(matches)
                self.aside += aside
                self._excerpts.add(kept, self._join.add(kept))
                self._sample(kept)
            yield matches.size

    @property
    def offers_numbers(self) -> bool:
        """Whether the text has anything that could equal a number of ours by chance."""
        return any(len(each.fingerprints) for kind in SPACED for each in self._sketches.get(kind, ()))

    def drafts(self, text: Text, spreads: Sequence[Spread]) -> Iterator[_Draft]:
        """What the text shows of each data set that it shows anything of, once it is read."""
        met = self._join.met()
        sketches = {kind: Sketch.union(each) for kind, each in self._sketches.items()}
        for number in met.data_sets():
            foreign = Foreign(sketches, self._size, spread=spreads[number], lookup=self._lookup)
            what, weighed = shown(
                met.joined(number), foreign=foreign, samples=self._samples[number], lookup=self._lookup
            )
            if worth_telling(what, 1):
                yield _Draft(
                    source=printable(text.source),
                    path=printable(text.path),
                    data_set=self._lookup.data_sets[number].name,
                    what=what,
                    excerpts=self._excerpts.of(number, weighed),
                    sha256=text.sha256,
                )

    def _sample(self, matches: Matches) -> None:
        data_set = self._data_set[matches.owner]
        for number in distinct(data_set).tolist():
            for kind in SPACED:
                at = np.flatnonzero((matches.kind == CODE[kind]) & (data_set == number))
                if len(at):
                    self._samples[number][kind].add(matches, at)


def _shared(lookup: Lookup) -> dict[str, dict[Kind, int]]:
    shared: dict[str, dict[Kind, int]] = {}
    for data_set in lookup.data_sets:
        counts: Counter[Kind] = Counter()
        for version in data_set.versions:
            counts += Counter(version.header.set_aside)
        if counts:
            shared[data_set.name] = dict(sorted(counts.items()))
    return shared
