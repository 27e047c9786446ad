"""Alerts raised: each in its case, with a delivery for every route that is to tell it, in one transaction."""

from collections.abc import Sequence

from trapstreet.cases.domain.alerts import NewAlert
from trapstreet.cases.domain.routes import Route
from trapstreet.core.model.notice import Severity
from trapstreet.keys.ring import KeyRing
from trapstreet.store import cases
from trapstreet.store.models import Alert, Case

PAUSE = 3_600_000_000
"""Microseconds between two messages of one case by one route, unless it got worse."""


class Tellings:
    """How far routes told the alerts of cases: looked up once for each case, kind and route, and kept up
    while more alerts are raised in the same transaction."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, str], cases.Telling] = {}

    def of(self, alert: Alert, route: str) -> cases.Telling:
        """What the route was to tell so far of the alert's case and kind."""
        key = alert.case_id, alert.kind, route
        if key not in self._known:
            self._known[key] = cases.telling(*key)
        return self._known[key]

    def add(self, alert: Alert, route: str, due: int) -> None:
        """The route is to tell this one, too."""
        before = self.of(alert, route)
        self._known[alert.case_id, alert.kind, route] = cases.Telling(
            severity=max(before.severity, alert.severity),
            waits=min(before.waits or due, due),
            begun=before.begun,
        )


def raise_alert(
    new: NewAlert,
    routes: Sequence[Route],
    *,
    ring: KeyRing,
    at: int,
    whatever: bool = False,
    tellings: Tellings | None = None,
) -> bool:
    """Enter an alert; whether it is told: it is new, or worse than before. Within `cases.raising`.

    whatever  every route tells it, whatever its rules;  tellings  of those raised in the same transaction
    What goes on is the same alert with new figures. What began before its case was closed, and is no worse,
    stays in that case.
    """
    case = cases.open_case(new.subject)
    if case is None:
        closed = cases.earlier_case(new.subject)
        if closed is not None and _was_over(new, closed):
            _bring_up_to_date(new, closed, ring)
            return False
        case = cases.begin_case(new.subject, new.severity, ring=ring, at=at)
    source = f"k{case.id} {new.source}"
    alert = cases.alert_of(source)
    if alert is not None and new.severity <= alert.severity:
        _bring_up_to_date(new, case, ring)
        return False
    reason = "worse" if alert else "new"
    alert = alert or cases.begin_alert(case, source, at=at)
    alert.acknowledged_at = None  # somebody knew of what was not so bad
    _enter(alert, new, ring)
    tellings = tellings or Tellings()
    for route in routes:
        if whatever or route.tells(new.kind, new.severity):
            _deliver(alert, route, tellings, reason=reason, at=at, now=whatever)
    return True


def escalate(routes: Sequence[Route], *, at: int) -> int:
    """What nobody acknowledged in time is told by the routes that are for that; how many. Within
    `cases.raising`."""
    passed_on = 0
    names = {route.name for route in routes}
    for route in routes:
        if route.escalates not in names:
            continue
        since = at - route.after
        for alert in cases.unheard(route.name, route.escalates, since=since, severity=route.escalate_least):
            bundle = f"k{alert.case_id} escalated"
            cases.deliver_by(alert, route.escalates, reason="escalated", bundle=bundle, due_at=at, at=at)
            passed_on += 1
    return passed_on


def _was_over(new: NewAlert, closed: Case) -> bool:
    """Whether this is what somebody closed the case of, and no worse."""
    return new.begun <= (closed.closed_at or 0) and new.severity <= closed.severity


def _bring_up_to_date(new: NewAlert, case: Case, ring: KeyRing) -> None:
    """The figures of an alert that goes on; it is never less severe than it was."""
    alert = cases.alert_of(f"k{case.id} {new.source}")
    if alert is not None and new.at >= alert.at:
        _enter(alert, new, ring)


def _enter(alert: Alert, new: NewAlert, ring: KeyRing) -> None:
    severity = Severity(max(new.severity, alert.severity))
    notice = new.notice(
        id=f"a{alert.id}", case=f"k{alert.case_id}", raised=alert.raised_at, severity=severity
    )
    cases.enter(alert, notice, ring=ring)


def _deliver(alert: Alert, route: Route, tellings: Tellings, *, reason: str, at: int, now: bool) -> None:
    """A case speaks at once where it got worse, or of the first of a kind that nobody has acknowledged; else
    once an hour for all that is new in it."""
    severity, before = Severity(alert.severity), tellings.of(alert, route.name)
    due = at if now else route.due(severity, at)
    digest = route.digest is not None and severity < Severity.CRITICAL and not now
    if not digest and reason == "new" and severity <= before.severity:
        due = max(due, (before.begun or 0) + PAUSE)
        due = min(due, before.waits or due)  # what waits may wait for a digest
    bundle = "digest" if digest else f"k{alert.case_id}"
    cases.deliver_by(alert, route.name, reason=reason, bundle=bundle, due_at=due, at=at)
    tellings.add(alert, route.name, due)
