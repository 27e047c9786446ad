"""A leak: data of ours that lies somewhere, perhaps in many places, and is one alert."""

from collections.abc import Mapping, Sequence

import msgspec

from trapstreet.cases.domain.alerts import NewAlert, plain
from trapstreet.cases.domain.severity import of_finding
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.words import counted

NAMED = 3
"""Places that an alert names one by one; the case has all."""


class Spot(msgspec.Struct, frozen=True):
    """Where a leak was seen.

    where   for people, safe to print: absolute where it is a file, and the way in ("/srv/x.zip!/a.csv")
    source  what was searched, as it was named;  sha256  of what lay there, "" where nobody knows
    """

    where: str
    source: str
    sha256: str


class Leak(msgspec.Struct, frozen=True):
    """Records of one data set, the same in each place where they were seen.

    records  leaked, alone and by column, of `of`;  share  of the data set, in [0, 1]
    certain  decoys beyond doubt;  planted  decoys by planting
    which    a digest of the records, "" where nobody knows;  spots  where it was seen just now, one at least
    """

    data_set: str
    records: int
    of: int
    share: float
    certain: int
    planted: Mapping[str, int]
    which: str
    spots: tuple[Spot, ...]

    @property
    def severity(self) -> Severity:
        """How soon somebody should look at it."""
        return of_finding(records=self.records, share=self.share, certain=self.certain)

    @property
    def subject(self) -> str:
        """What its case is about, if it has none yet."""
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
    return NewAlert(
        subject=leak.subject,
        sort="finding",
        source=source,
        kind="finding",
        severity=leak.severity,
        at=at,
        begun=begun,
        headline=f"Data of {leak.data_set} was found{several}: {what}",
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
    if len(named) > 1:
        rest = f"; and {more:,} more" if more else ""
        said.append(f"The same lies in {len(named) + more:,} places: {'; '.join(named)}{rest}.")
    if leak.planted:
        plantings = ", ".join(sorted(leak.planted))
        said.append(f"Decoys of planting {plantings} are among them: this left through the table itself.")
    elif leak.certain:
        said.append("Decoys of copies are among them: this left through a copy.")
    return said
