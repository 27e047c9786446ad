"""Scan texts: match, join, weigh against chance, report."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

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
from trapstreet.watch.domain.findings import Finding, shown, worth_telling
from trapstreet.watch.domain.foreign import Foreign
from trapstreet.watch.domain.parts import Draft, Part
from trapstreet.watch.domain.public import Public
from trapstreet.watch.domain.sample import HitSample
from trapstreet.watch.domain.spread import Spread
from trapstreet.watch.domain.ways import Ways
from trapstreet.watch.turns import Coming, Here, Workers, in_turn, workers

_PENDING = 16
_SHORT = 1 << 16
"""Shorter texts take no less time side by side: most of it is spent in Python, under its lock."""
_LONG = 1 << 21
"""Texts of one stretch and more the matcher searches with threads of its own."""


class SetAside(msgspec.Struct, frozen=True):
    """What was not counted.

    public  places where a value stands that the workspace calls public, or that examples are full of
    shared  per data set the values that more records share than could be told apart: not searched for
    """

    public: dict[Kind, int]
    shared: dict[str, dict[Kind, int]]


class Scan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a scan found, how much it looked at, what it set aside and what it could not read.

    stopped  whether it was stopped before it had looked at everything
    """

    findings: list[Finding]
    scanned: dict[str, int]
    set_aside: SetAside
    unread: list[Unread]
    stopped: bool = False


def scan(
    objects: Iterable[Text | Unread],
    *,
    lookup: Lookup,
    matcher: Matcher,
    public: Public,
    threads: int = 1,
    so_far: Callable[[int], None] = lambda count: None,
) -> Scan:
    """Look for the data sets of a lookup in texts. Memory grows with what is found, not with what is read.

    What chance could have shown in so many texts is known at the end only, so all findings come then. With
    several threads, texts of middling size are searched side by side, of which two for each thread wait; what
    is found is the same.
    so_far  told how many texts look like a finding, each time that one more does: at the end there may be
            fewer
    """
    return scan_on(objects, lookup=lookup, matcher=matcher, public=public, threads=threads, so_far=so_far)[0]


def scan_on(
    objects: Iterable[Text | Unread],
    *,
    lookup: Lookup,
    matcher: Matcher,
    public: Public,
    threads: int = 1,
    so_far: Callable[[int], None] = lambda count: None,
    before: int = 0,
) -> tuple[Scan, int]:
    """A scan that goes on from earlier ones, and in how many of its texts chance could have shown a data set,
    once for each data set.

    before  that number of all earlier ones: what is worth telling is beyond the chance of all together
    """
    part = search(objects, TextSearch(lookup, matcher, public), threads=threads, so_far=so_far)
    return told(part, lookup, before=before), part.tests


def search(
    objects: Iterable[Text | Unread],
    by: "TextSearch",
    *,
    threads: int = 1,
    so_far: Callable[[int], None] = lambda count: None,
) -> Part:
    """What the texts show, before it is known what chance could have shown in all texts. As `scan`."""
    part, aside, likely = Part(), Counter[Kind](), 0
    with workers(threads) as pool:
        for each in in_turn(_searches(objects, by, pool, part.unread), ahead=2 * threads):
            part.texts += 1
            part.size += each.size
            part.tests += each.offers_numbers * by.data_sets
            aside += each.aside
            part.drafts += each.drafts
            if any(worth_telling(draft.what, max(1, part.tests)) for draft in each.drafts):
                likely += 1
                so_far(likely)
    part.aside = dict(aside)
    return part


def told(whole: Part, lookup: Lookup, *, before: int = 0) -> Scan:
    """The scan that all its parts together are: what is worth telling is beyond the chance of all."""
    tests = max(1, before + whole.tests)
    findings = [each.finding(tests) for each in whole.drafts if worth_telling(each.what, tests)]
    scanned = {"objects": whole.texts, "bytes": whole.size}
    return Scan(findings, scanned, SetAside(dict(sorted(whole.aside.items())), _shared(lookup)), whole.unread)


def _searches(
    objects: Iterable[Text | Unread], search: "TextSearch", pool: Workers, unread: list[Unread]
) -> Iterator[Coming["_Searched"]]:
    """The search of each text, in the pool where that is quicker; what is unread goes into the list.

    The text's chunks are taken here: the next text comes once they are read.
    """
    here = Here()
    for each in objects:
        if isinstance(each, Unread):
            unread.append(each.printable())
            continue
        chunks = each.chunks
        head, size = [], 0
        while size < _LONG and (chunk := next(chunks, None)) is not None:
            head.append(chunk)
            size += len(chunk)
        if _SHORT <= size < _LONG:
            yield pool.submit(search.of, each, head)
        else:
            yield here.submit(search.of, each, chain(head, chunks))


@dataclass(frozen=True, slots=True)
class _Searched:
    """What the search of one text gave.

    size            of what was searched, in bytes
    offers_numbers  whether it has anything that could equal a number of ours by chance
    """

    size: int
    offers_numbers: bool
    aside: Counter[Kind]
    drafts: list[Draft]


class TextSearch:
    """Searches texts, any number of them at once.

    data_sets  how many there are
    """

    def __init__(self, lookup: Lookup, matcher: Matcher, public: Public) -> None:
        self._lookup = lookup
        self._matcher = matcher
        self._public = public
        self.data_sets = len(lookup.data_sets)
        self._spreads = [Spread(lookup, number) for number in range(len(lookup.data_sets))]

    def of(self, text: Text, chunks: Iterable[bytes]) -> _Searched:
        """Search the text to the end of its chunks."""
        sketches: dict[Kind, list[Sketch]] = defaultdict(list)
        aside: Counter[Kind] = Counter()
        ours: _Ours | None = None
        size = 0
        for matches in self._matcher.matches(chunks):
            size += matches.size
            for kind, sketch in matches.sketches.items():
                if len(sketch.fingerprints):
                    sketches[kind].append(sketch)
                    if len(sketches[kind]) > _PENDING:
                        sketches[kind] = [Sketch.union(sketches[kind])]
            if len(matches):
                kept, public = self._public.set_aside(matches)
                aside += public
                if not ours:
                    ours = _Ours(self._lookup, text)
                    text.will_tell()
                ours.add(kept)
        offers_numbers = any(kind in sketches for kind in SPACED)
        drafts = [*self._drafts(text, ours, sketches, size)] if ours else []
        return _Searched(size, offers_numbers, aside, drafts)

    def _drafts(
        self, text: Text, ours: "_Ours", sketches: Mapping[Kind, Sequence[Sketch]], size: int
    ) -> Iterator[Draft]:
        """What the text shows of each data set that it shows anything of."""
        met = ours.join.met()
        whole = {kind: Sketch.union(each) for kind, each in sketches.items()}
        for number in met.data_sets():
            foreign = Foreign(whole, size, spread=self._spreads[number], lookup=self._lookup)
            what, weighed = shown(
                met.joined(number), foreign=foreign, samples=ours.samples[number], lookup=self._lookup
            )
            if worth_telling(what, 1):
                yield Draft(
                    source=printable(text.source),
                    path=printable(text.path + ours.ways.of(number)),
                    data_set=self._lookup.data_sets[number].name,
                    what=what,
                    excerpts=ours.excerpts.of(number, weighed),
                    sha256=text.sha256,
                )


class _Ours:
    """What one text shows of ours: its matches joined into records, a sample of its hits, a few excerpts, and
    how it is encoded."""

    def __init__(self, lookup: Lookup, text: Text) -> None:
        self._data_set = np.array([owner.data_set for owner in lookup.owners], dtype=np.int64)
        self.join = RecordJoin(lookup)
        self.samples: dict[int, dict[Kind, HitSample]] = defaultdict(lambda: defaultdict(HitSample))
        self.excerpts = Excerpts(lookup)
        self.ways = Ways(text.trail)

    def add(self, matches: Matches) -> None:
        """Take the next stretch."""
        self.excerpts.add(matches, self.join.add(matches))
        data_set = self._data_set[matches.owner]
        self.ways.add(matches, data_set)
        for number in distinct(data_set).tolist():
            for kind in SPACED:
                at = np.flatnonzero((matches.kind == CODE[kind]) & (data_set == number))
                if len(at):
                    self.samples[number][kind].add(matches, at)


def _shared(lookup: Lookup) -> dict[str, dict[Kind, int]]:
    shared: dict[str, dict[Kind, int]] = {}
    for data_set in lookup.data_sets:
        counts: Counter[Kind] = Counter()
        for version in data_set.versions:
            counts += Counter(version.header.set_aside)
        if counts:
            shared[data_set.name] = dict(sorted(counts.items()))
    return shared
