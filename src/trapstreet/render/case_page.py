"""The page of a case: one HTML file for those who work on it, with nothing from outside."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from trapstreet.cases import Draft
from trapstreet.core.model.objects import printable
from trapstreet.core.model.words import counted
from trapstreet.render.cases import (
    CaseShown,
    alert_state,
    aware_lines,
    chapters,
    entry_words,
    when,
)
from trapstreet.render.kept import snapshot_lines
from trapstreet.render.words import minute

_HOURS = 72 * 3_600


class Event(msgspec.Struct, frozen=True):
    """Something in a case's timeline; `person`: somebody did it."""

    at: datetime
    what: str
    person: bool = False


def case_page(shown: CaseShown, letters: Sequence[Draft], *, made_at: datetime) -> str:
    """The page as HTML; everything that came from a hit or a person is escaped. 16 kB, and 1 an alert;
    0.2 a place of a leak."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("trapstreet.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"minute": minute, "printable": printable}
    return environment.get_template("case.html").render(
        shown=shown,
        made_at=made_at,
        aware=list(aware_lines(shown)),
        gone=None if shown.left is None else max(0, min(100, round(100 - 100 * shown.left / _HOURS))),
        timeline=timeline(shown),
        chapters=list(chapters(shown.runbook)),
        drafts=letters,
        counted=counted,
        state=alert_state,
        pieces=_pieces,
        when=when,
        snapshot_lines=snapshot_lines,
    )


def timeline(shown: CaseShown) -> list[Event]:
    """What happened and what was done, in order."""
    return sorted(_events(shown), key=lambda event: event.at)


def _events(shown: CaseShown) -> Iterator[Event]:
    for each in shown.alerts:
        yield Event(each.at, f"{each.headline} ({each.alert}; the last time)")
        yield Event(each.raised, f"Alert {each.alert} was raised: {each.severity}")
    for told in shown.told:
        yield Event(told.at, f"Told by {told.route}: {', '.join(told.alerts)}")
    for entry in shown.entries:
        yield Event(entry.at, entry_words(entry), person=True)
    if shown.case.authority_by is not None:
        yield Event(shown.case.authority_by, "The 72 hours of GDPR Art. 33 end")


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is a gap."""
    for each in re.split(r"(\[TO FILL IN: [^\]]*\])", text):
        yield each, each.startswith("[TO FILL IN: ")
