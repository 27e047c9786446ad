"""A leak: data of ours that lies somewhere, perhaps in many places, and is one alert."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from trapstreet.cases.domain.alerts import NewAlert, plain
from trapstreet.cases.domain.severity import of_finding
from trapstreet.core.maths.likeness import Shape
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.words import counted

NAMED = 3
"""Places that an alert names one by one; the case has all."""

KNOWN_LEAK = "known leak "
"""How the subject of a case begins that is about an old leak that was found again."""

_ANYBODY = ("everybody", "everybody who has the link")
"""Readers, as sources say it, among whom is the whole world."""

_LEAST_EXPECTED = 0.1
"""Values by chance that are worth a word."""


class Spot(msgspec.Struct, frozen=True):
    """Where a leak was seen.

    where   for people, safe to print: absolute where it is a file, and the way in ("/srv/x.zip!/a.csv")
    source  what was searched, as it was named;  sha256  of what lay there, "" where nobody knows
    readers  who may read it, in words, "" where nobody knows
    """

    where: str
    source: str
    sha256: str
    readers: str = ""


class Leak(msgspec.Struct, frozen=True):
    """Records of one data set, the same in each place where they were seen.

    records  leaked, alone and by column, of `of`;  share  of the data set, in [0, 1]
    certain  decoys beyond doubt;  planted  decoys by planting
    which    a digest of the records, "" where nobody knows;  spots  where it was seen just now, one at least
    shape    a sample of the records, None where nobody knows
    expected  numbers of ours that chance explains in such a text, by kind in words
    unread   why a part of what was found could not be read, "" where all was
    kept     a snapshot is kept, at least of its beginning;  unkept  why not, or not of all, "" for nothing
    old      the baseline that has all of this, "" for none
    lies     where those plantings lie that are in no table, but a watched source's control record
    """

    data_set: str
    records: int
    of: int
    share: float
    certain: int
    planted: Mapping[str, int]
    which: str
    spots: tuple[Spot, ...]
    shape: Shape | None = None
    expected: Mapping[str, float] = {}
    unread: str = ""
    kept: bool = False
    unkept: str = ""
    old: str = ""
    lies: Mapping[str, str] = {}

    @property
    def severity(self) -> Severity:
        """How soon somebody should look at it."""
        if self.old:
            return Severity.LOW
        anybody = any(each.readers in _ANYBODY for each in self.spots)
        return of_finding(records=self.records, share=self.share, certain=self.certain, anybody=anybody)

    @property
    def subject(self) -> str:
        """What its case is about, if it has none yet."""
        if self.old:
            return f"{KNOWN_LEAK}{self.old}"
        return next(iter(self.planted)) if len(self.planted) == 1 else f"data set {self.data_set}"


def of_leak(leak: Leak, source: str, *, places: int, spots: Sequence[Spot], begun: int, at: int) -> NewAlert:
    """The alert for data of ours that was found.

    places  how many it was seen in by now;  spots  the first of them;  begun  when it was seen first in the
            newest of those that it was seen in just now
    """
    what = _what(leak)
    several = f" in {places:,} places" if places > 1 else ""
    named = [plain(each.where) for each in spots[:NAMED]]
    more = places - len(named)
    first = spots[0]
    again = f"The known leak {plain(leak.old)} was found again" if leak.old else ""
    return NewAlert(
        subject=leak.subject,
        sort="kept" if leak.kept else "finding",
        source=source,
        kind="finding",
        severity=leak.severity,
        at=at,
        begun=begun,
        headline=f"{again or f'Data of {leak.data_set} was found'}{several}: {what}",
        happened=tuple(_happened(leak, what, named, more)),
        lay=f"{named[0]}, and {counted(places - 1, 'more place')}" if places > 1 else named[0],
        stake=f"The data set {leak.data_set}: {counted(leak.of, 'record')}.",
        facts=(
            ("data_set", leak.data_set),
            ("records", str(leak.records)),
            ("places", str(places)),
            ("path", named[0]),
            ("source", plain(first.source)),
            ("sha256", first.sha256),
            *((("readers", plain(first.readers)),) if first.readers else ()),
            *((("known_leak", plain(leak.old)),) if leak.old else ()),
        ),
    )


def _what(leak: Leak) -> str:
    if leak.records:
        return f"{leak.records:,} of its {counted(leak.of, 'record')}"
    if leak.certain:
        return counted(leak.certain, "decoy")
    return "values that are too many or too rare to be chance"


def _happened(leak: Leak, what: str, named: Sequence[str], more: int) -> list[str]:
    said = [f"Of the data set {leak.data_set} a text shows: {what} ({100 * leak.share:.3g} %)."]
    if leak.old:
        said.append(f"The baseline {plain(leak.old)} has all of it: nothing here is new.")
    if len(named) > 1:
        rest = f"; and {more:,} more" if more else ""
        said.append(f"The same lies in {len(named) + more:,} places: {'; '.join(named)}{rest}.")
    if leak.planted:
        said += _left_through(leak)
    elif leak.certain:
        said.append("Decoys of copies are among them: this left through a copy.")
    return [*said, *_circumstances(leak)]


def _left_through(leak: Leak) -> Iterator[str]:
    """What planted decoys tell."""
    if table := ", ".join(sorted(leak.planted.keys() - leak.lies.keys())):
        yield f"Decoys of planting {table} are among them: this left through the table itself."
    for planting, place in sorted(leak.lies.items()):
        yield f"Decoys of {planting} are among them, which lie nowhere but in {plain(place)}."


def _circumstances(leak: Leak) -> Iterator[str]:
    """Who may read it, what chance explains, what was not read, what is kept."""
    readers = list(dict.fromkeys(each.readers for each in leak.spots if each.readers))
    if readers:
        who = plain(readers[0])
        yield f"{who[0].upper()}{who[1:]} may read it there."
    expected = {kind: number for kind, number in leak.expected.items() if number >= _LEAST_EXPECTED}
    if expected:
        named = ", ".join(f"about {_about(number)} {plain(kind)}s" for kind, number in expected.items())
        yield f"Chance alone would show of ours in such a text: {named}."
    if leak.unread:
        yield f"Not all of it could be read, and more may be there: {plain(leak.unread)}."
    if leak.kept:
        yield "What lay there is kept, sealed: trapstreet case evidence gives it out, and logs that."
    if leak.unkept:
        yield f"{'Of what lay there' if leak.kept else 'What lay there was'} {plain(leak.unkept)}."


def _about(number: float) -> str:
    return f"{number:,.0f}" if number >= 9.95 else f"{number:.2g}"
