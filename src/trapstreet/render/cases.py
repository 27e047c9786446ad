"""Cases and alerts in plain words: what happened, who looks after it, what to do, how long there is."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from trapstreet.cases import Runbook, awareness
from trapstreet.core.model.objects import printable
from trapstreet.core.model.words import counted
from trapstreet.render.kept import SnapshotShown, TraceShown, evidence_lines
from trapstreet.render.words import minute

_PLACES = 10
"""Where a leak lies that are shown one by one."""


class FoundShown(msgspec.Struct, frozen=True):
    """Where a leak lies: absolute where it is a file, and the way into it.

    source  what was searched;  sha256  of what lay there;  first, last  when it was seen there
    """

    where: str
    source: str
    sha256: str
    first: datetime
    last: datetime


class AlertShown(msgspec.Struct, frozen=True):
    """An alert.

    severity  a word;  deliveries  by route, the worst state of any: "dead", "waiting", "sent"
    why       by route, why the last attempt failed
    acknowledged  when, None until somebody did;  assigned  to whom
    places, found  of a leak, in how many places it lies, and the first of them; only in what a case shows
    """

    alert: str
    case: str
    kind: str
    severity: str
    at: datetime
    raised: datetime
    headline: str
    happened: tuple[str, ...]
    lay: str
    stake: str
    facts: dict[str, str]
    acknowledged: datetime | None
    assigned: str | None
    deliveries: dict[str, str]
    why: dict[str, str]
    places: int = 0
    found: tuple[FoundShown, ...] = ()


class AlertsListed(msgspec.Struct, frozen=True):
    """Alerts, the most severe first.

    hidden   how many there are that were not asked for
    removed  messages that wait for routes which the settings no longer have, by route
    """

    alerts: tuple[AlertShown, ...]
    hidden: int
    removed: dict[str, int]


class CaseListed(msgspec.Struct, frozen=True):
    """A case: what it is about, and the headline of its worst alert.

    open_alerts  how many nobody has acknowledged;  authority_by  the end of the 72 hours
    """

    case: str
    subject: str
    severity: str
    headline: str
    alerts: int
    open_alerts: int
    opened: datetime
    last: datetime
    closed: datetime | None
    aware_since: datetime | None
    authority_by: datetime | None
    earlier: str | None


class CasesListed(msgspec.Struct, frozen=True):
    """Cases, the most severe first; `hidden` were not asked for."""

    cases: tuple[CaseListed, ...]
    hidden: int


class EntryShown(msgspec.Struct, frozen=True):
    """What somebody did in a case: `about` is the time that it speaks of."""

    at: datetime
    kind: str
    by: str
    what: str
    alerts: tuple[str, ...]
    about: datetime | None


class Told(msgspec.Struct, frozen=True):
    """A message that was sent: by which route, and what it told."""

    at: datetime
    route: str
    alerts: tuple[str, ...]


class CaseShown(msgspec.Struct, frozen=True):
    """Everything about a case.

    left  seconds until the end of the 72 hours, below 0 when they are over
    """

    case: CaseListed
    left: int | None
    alerts: tuple[AlertShown, ...]
    told: tuple[Told, ...]
    entries: tuple[EntryShown, ...]
    runbook: Runbook
    snapshots: tuple[SnapshotShown, ...] = ()
    traces: tuple[TraceShown, ...] = ()


def moment(microseconds: int) -> datetime:
    """A time in Unix µs."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def alert_lines(listed: AlertsListed, *, none: str = "No alerts that nobody looks after.") -> Iterator[str]:
    """Alerts for people; `none` is said where there are no such ones."""
    for each in listed.alerts:
        when, what = minute(each.at), printable(each.headline)
        yield f"{each.alert}  {each.severity.upper()}  {each.case}  {when}  {what}"
        yield f"    {'; '.join(alert_state(each))}"
    if not listed.alerts:
        yield none
    if listed.hidden:
        yield f"{counted(listed.hidden, 'alert')} more: trapstreet alert list --all"
    for route, number in listed.removed.items():
        yield (
            f"NOT TOLD  {counted(number, 'message')} for the route {printable(route)}, which trapstreet.toml "
            "no longer has: write it again to have them told."
        )


def case_lines(listed: CasesListed) -> Iterator[str]:
    """Cases for people."""
    for each in listed.cases:
        state = f"closed {minute(each.closed)}" if each.closed else f"last {minute(each.last)}"
        yield f"{each.case}  {each.severity.upper()}  {printable(each.headline)}"
        open_alerts = f"{each.open_alerts} of {counted(each.alerts, 'alert')} not acknowledged"
        yield f"    opened {minute(each.opened)}, {state}; {open_alerts}{_clock(each)}"
    if not listed.cases:
        yield "No open cases."
    if listed.hidden:
        more = counted(listed.hidden, "case")
        yield f"{more} more, closed or nothing to act on: trapstreet case list --all"


def shown_lines(shown: CaseShown) -> Iterator[str]:
    """A case with all that is known and all that is to be done."""
    case = shown.case
    yield f"Case {case.case}: {case.severity.upper()}, about {printable(case.subject)}"
    state = f"closed {minute(case.closed)}" if case.closed else "open"
    yield f"Opened {minute(case.opened)}; {state}." + (
        f" There was case {case.earlier} about the same." if case.earlier else ""
    )
    yield from aware_lines(shown)
    yield ""
    yield "What happened"
    for each in shown.alerts:
        yield f"  {each.alert}  {each.severity.upper()}  {printable(each.headline)}"
        yield from (f"      {printable(line)}" for line in (*each.happened, each.stake) if line)
        yield from (f"      {line}" for line in found_lines(each, case.case))
        yield f"      {'; '.join(alert_state(each))}"
    yield from evidence_lines(shown.traces, shown.snapshots)
    if shown.entries:
        yield ""
        yield "What was done"
        yield from (f"  {minute(each.at)}  {entry_words(each)}" for each in shown.entries)
    for title, steps in chapters(shown.runbook):
        yield ""
        yield title
        yield from (f"  {number}. {step}" for number, step in enumerate(steps, start=1))


def found_lines(alert: AlertShown, case: str) -> Iterator[str]:
    """Where the leak of an alert lies, and since when that is known; the first places one by one."""
    for each in alert.found[:_PLACES]:
        yield f"Found in {each.where}, {when(each)}"
    if more := alert.places - len(alert.found[:_PLACES]):
        yield f"Found in {counted(more, 'more place')}: trapstreet case export {case} --out FILE.html"


def when(found: FoundShown) -> str:
    """When a leak was seen in a place, first and last."""
    first, last = minute(found.first), minute(found.last)
    return first if first == last else f"{first} to {last}"


def chapters(book: Runbook) -> Iterator[tuple[str, Sequence[str]]]:
    """The parts of a runbook that say something, with their titles."""
    titled = (
        ("Keep now what is lost later", book.preserve),
        ("Who decides", book.decide),
        ("Leave alone", book.leave),
        ("What comes next", book.then),
    )
    yield from ((title, steps) for title, steps in titled if steps)


def entry_words(entry: EntryShown) -> str:
    """What somebody did, in a sentence."""
    by, what, alerts = printable(entry.by), printable(entry.what), ", ".join(entry.alerts)
    match entry.kind:
        case "aware":
            since = minute(entry.about or entry.at)
            return f"{by} recorded that the organisation is aware since {since}." + (
                f" {what}" if what else ""
            )
        case "acknowledged":
            return f"{by} acknowledged {alerts}." + (f" {what}" if what else "")
        case "assigned":
            return f"{by} gave {alerts} to {what}."
        case "closed":
            return f"{by} closed the case." + (f" {what}" if what else "")
        case _:
            return f"{by}: {what}"


def aware_lines(shown: CaseShown) -> Iterator[str]:
    """Since when the organisation is aware, and until when the authority is to be told."""
    case = shown.case
    if case.aware_since is None or case.authority_by is None or shown.left is None:
        yield (
            "Nobody has recorded that the organisation is aware of a breach: trapstreet case aware "
            f"{case.case} --by NAME starts the 72 hours."
        )
        return
    left = awareness.in_words(shown.left * 1_000_000)
    yield (
        f"Aware since {minute(case.aware_since)}: the authority is to be told until "
        f"{minute(case.authority_by)}, {left}."
    )


def alert_state(alert: AlertShown) -> Iterator[str]:
    """Who looks after an alert, and whether it reached people."""
    yield "not acknowledged" if alert.acknowledged is None else f"acknowledged {minute(alert.acknowledged)}"
    if alert.assigned:
        yield f"given to {printable(alert.assigned)}"
    for route, state in alert.deliveries.items():
        why = f" ({printable(alert.why[route])})" if alert.why.get(route) else ""
        words = {"sent": "told by", "waiting": "waits for", "dead": "NOT TOLD by"}[state]
        yield f"{words} {printable(route)}{why}"
    if not alert.deliveries:
        yield "no route tells it"


def _clock(case: CaseListed) -> str:
    if case.aware_since is None or case.authority_by is None or case.closed:
        return ""
    return f"; authority until {minute(case.authority_by)}"
