"""Scan texts: match, join, report."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from trapstreet.core.fields import Kind
from trapstreet.core.model.objects import Unread, printable
from trapstreet.core.ports import Progress, Text
from trapstreet.index import Joined, Lookup, Match, Matcher, Matches, RecordJoin
from trapstreet.watch.domain.findings import Finding, found, masked

EXCERPTS = 3


class Scan(msgspec.Struct, frozen=True):
    """What a scan found, how much it looked at, and what it could not read."""

    findings: list[Finding]
    scanned: dict[str, int]
    unread: list[Unread]


def scan(objects: Iterable[Text | Unread], *, lookup: Lookup, matcher: Matcher, progress: Progress) -> Scan:
    """Look for the data sets of a lookup in texts. Memory grows with what is found, not with what is read."""
    findings: list[Finding] = []
    unread: list[Unread] = []
    scanned = {"objects": 0, "bytes": 0}
    for each in objects:
        if isinstance(each, Unread):
            unread.append(Unread(printable(each.path), each.why))
            continue
        search = _Search(lookup, matcher)
        for size in search.read(each):
            scanned["bytes"] += size
            progress(scanned["bytes"])
        scanned["objects"] += 1
        findings += search.findings(each)
    return Scan(findings, scanned, unread)


class _Search:
    """One text: its matches joined into records, and masked excerpts of the first places of each data set."""

    def __init__(self, lookup: Lookup, matcher: Matcher) -> None:
        self._lookup = lookup
        self._matcher = matcher
        self._join = RecordJoin(lookup)
        self._excerpts: dict[int, dict[tuple[int, int], dict[Kind, str]]] = defaultdict(dict)

    def read(self, text: Text) -> Iterator[int]:
        """Read the text to its end; yields the size of what was searched, stretch by stretch."""
        for matches in self._matcher.matches(text.chunks):
            self._join.add(matches)
            for match in matches.matches:
                self._remember(matches, match)
            yield matches.size

    def findings(self, text: Text) -> Iterator[Finding]:
        for number in self._join.data_sets():
            joined = self._join.joined(number)
            what = found(joined, self._lookup)
            if what is not None:
                records, singles, fields, decoys = what
                yield Finding(
                    source=printable(text.source),
                    path=printable(text.path),
                    data_set=self._lookup.data_sets[number].name,
                    records=records,
                    singles=singles,
                    fields=fields,
                    decoys=decoys,
                    excerpts=self._shown(number, joined),
                    sha256=text.sha256,
                )

    def _remember(self, matches: Matches, match: Match) -> None:
        """Keep the masked values of the first few records met."""
        excerpts = self._excerpts[self._lookup.owners[match.owner].data_set]
        state = (match.owner, match.record)
        if state in excerpts or len(excerpts) < 8 * EXCERPTS:
            shown = excerpts.setdefault(state, {})
            shown.setdefault(match.kind, f"{match.kind} {masked(matches.value(match))}")
            for kind in sorted(match.confirmed):
                shown.setdefault(kind, kind)

    def _shown(self, number: int, joined: Joined) -> list[str]:
        """Excerpts of records before those of single values."""
        excerpts = self._excerpts[number]
        best = [*joined.records, *joined.singles]
        return [" · ".join(excerpts[state].values()) for state in best if state in excerpts][:EXCERPTS]
