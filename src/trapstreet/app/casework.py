"""Alerts and cases for people: listed, shown, and what people do with them put on record."""

import os
import pwd
from collections.abc import Collection, Iterable, Sequence

import msgspec
from django.db import transaction
from django.db.models import Max

from trapstreet.app.clock import now
from trapstreet.app.kept import snapshots_shown, traces_shown
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Runbook, Spot, awareness, joined, runbook
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.notice import Severity
from trapstreet.index import is_planting
from trapstreet.render.cases import (
    AlertShown,
    AlertsListed,
    CaseListed,
    CaseShown,
    CasesListed,
    EntryShown,
    FoundShown,
    Told,
    moment,
)
from trapstreet.store import cases, leaks, uses
from trapstreet.store.cases import Entry
from trapstreet.store.leases import clock
from trapstreet.store.models import Alert, Case, Delivery

_WORST = ("dead", "waiting", "sent")

_PLACES = 1_000
"""Of a leak, that are shown one by one."""


def alerts_listed(
    workspace: Workspace, *, case: str | None = None, dead: bool = False, everything: bool = False
) -> AlertsListed:
    """Alerts that nobody looks after, the most severe first; or those of a case, those with a message that
    could not be told, or all."""
    found = Alert.objects.all()
    hidden = found.count()
    if case is not None:
        found = found.filter(case=cases.case_named(case))
    if dead:
        found = found.filter(deliveries__state=cases.DEAD).distinct()
    if not (everything or dead or case):
        found = found.filter(
            case__closed_at__isnull=True, acknowledged_at__isnull=True, severity__gt=Severity.INFO
        )
    rows = list(found.order_by("-severity", "-at"))
    known = workspace.settings.notify.keys()
    removed = {
        route: number
        for route, states in cases.states().items()
        if route not in known and (number := states.get(cases.WAITING, 0))
    }
    return AlertsListed(tuple(_alerts(workspace, rows)), hidden - len(rows), removed)


def cases_listed(workspace: Workspace, *, everything: bool = False) -> CasesListed:
    """Open cases in which somebody has to do something, the most severe first; or all."""
    found = Case.objects.all()
    hidden = found.count()
    if not everything:
        found = found.filter(closed_at__isnull=True, severity__gt=Severity.INFO)
    rows = list(found.order_by("closed_at", "-severity", "-opened_at"))
    return CasesListed(tuple(_case(workspace, row) for row in rows), hidden - len(rows))


def case_shown(workspace: Workspace, name: str) -> CaseShown:
    """Everything about a case."""
    case = cases.case_named(name)
    alerts = list(case.alerts.order_by("-severity", "at"))
    aware = case.aware_since
    snapshots = tuple(snapshots_shown(workspace, case))
    return CaseShown(
        case=_case(workspace, case),
        left=None if aware is None else awareness.deadline(aware, now()).left // 1_000_000,
        alerts=tuple(_with_places(workspace, alerts)),
        told=tuple(_told(case)),
        entries=tuple(_entries(workspace, case)),
        runbook=_runbook(case, {each.kind for each in alerts}, kept=any(each.there for each in snapshots)),
        snapshots=snapshots,
        traces=tuple(traces_shown(workspace, case)),
    )


def acknowledge(workspace: Workspace, names: Sequence[str], *, by: str, what: str = "") -> list[Alert]:
    """Somebody looks after some alerts: `a7`, or `k3` for all of a case. Those that were acknowledged before
    stay as they are."""
    at, done = now(), []
    with transaction.atomic():
        for case, alerts in _by_case(names, "acknowledged").items():
            new = [each for each in alerts if each.acknowledged_at is None]
            if not new:
                continue
            Alert.objects.filter(id__in=[each.id for each in new]).update(acknowledged_at=at)
            _write(workspace, case, "acknowledged", Entry(by, what, tuple(each.id for each in new)), at)
            done += new
    return done


def assign(workspace: Workspace, names: Sequence[str], *, to: str, by: str) -> list[Alert]:
    """Somebody is to look after some alerts, named as in `acknowledge`."""
    at, done = now(), []
    with transaction.atomic():
        for case, alerts in _by_case(names, "assigned").items():
            cases.assign(alerts, to, ring=workspace.ring)
            _write(workspace, case, "assigned", Entry(by, to, tuple(each.id for each in alerts)), at)
            done += alerts
    return done


def note(workspace: Workspace, name: str, *, by: str, what: str) -> Case:
    """Something that somebody wants to be remembered in a case, even in a closed one."""
    case = cases.case_named(name)
    with transaction.atomic():
        _write(workspace, case, "note", Entry(by, what), now())
    return case


def record_awareness(workspace: Workspace, name: str, *, by: str, since: int, what: str = "") -> Case:
    """Somebody decided since when (Unix µs) the organisation is aware of a breach. A later decision takes the
    place of an earlier one, which stays on record."""
    case = cases.case_named(name)
    with transaction.atomic():
        Case.objects.filter(id=case.id).update(aware_since=since)
        _write(workspace, case, "aware", Entry(by, what, at=since), now())
    case.aware_since = since
    return case


def close(workspace: Workspace, name: str, *, by: str, what: str = "") -> Case:
    """A case is over. What goes on of it tells nothing more, unless it gets worse; what is new opens another.

    Raises UnusableInput where it was closed before.
    """
    case, at = cases.case_named(name), now()
    with cases.raising():
        if not Case.objects.filter(id=case.id, closed_at__isnull=True).update(closed_at=at):
            raise UnusableInput(f"case k{case.id} was closed before", hint="trapstreet case note adds to it")
        _write(workspace, case, "closed", Entry(by, what), at)
    case.closed_at = at
    return case


def retry(names: Sequence[str]) -> int:
    """Messages that could not be told, of some alerts or of all, are tried again at once; how many."""
    ids = None if not names else {each.id for alerts in _by_case(names, "tried").values() for each in alerts}
    return cases.revive(ids, at=clock())


def this_user() -> str:
    """The system's user, for entries that nobody else signs."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _write(workspace: Workspace, case: Case, kind: str, entry: Entry, at: int) -> None:
    cases.write_entry(case, kind, entry, ring=workspace.ring, at=at)


def _by_case(names: Iterable[str], done: str) -> dict[Case, list[Alert]]:
    """Alerts by their case: `a7` is one, `k3` all of a case. done: what is to be done with all or none."""
    found: dict[Case, list[Alert]] = {}
    try:
        for name in names:
            if name.strip().lower().startswith("k"):
                case = cases.case_named(name)
                found.setdefault(case, []).extend(case.alerts.all())
            else:
                alert = cases.alert_named(name)
                found.setdefault(alert.case, []).append(alert)
    except UnusableInput as error:
        raise UnusableInput(error.message, hint=f"{error.hint}; nothing was {done}") from error
    return {case: list({each.id: each for each in alerts}.values()) for case, alerts in found.items()}


def _alerts(workspace: Workspace, rows: Sequence[Alert]) -> Iterable[AlertShown]:
    for row in rows:
        notice = cases.notice_of(row, workspace.ring)
        deliveries = list(row.deliveries.order_by("id"))
        states: dict[str, str] = {}
        for each in deliveries:
            states[each.route] = min(states.get(each.route, each.state), each.state, key=_WORST.index)
        yield AlertShown(
            alert=f"a{row.id}",
            case=f"k{row.case_id}",
            kind=row.kind,
            severity=Severity(row.severity).word,
            at=moment(row.at),
            raised=moment(row.raised_at),
            headline=notice.headline,
            happened=notice.happened,
            lay=notice.lay,
            stake=notice.stake,
            facts=dict(notice.facts),
            acknowledged=None if row.acknowledged_at is None else moment(row.acknowledged_at),
            assigned=cases.assigned_to(row, workspace.ring) or None,
            deliveries=states,
            why={each.route: each.error for each in deliveries if each.error},
        )


def _with_places(workspace: Workspace, rows: Sequence[Alert]) -> Iterable[AlertShown]:
    """Alerts, those of leaks with where these lie."""
    for row, shown in zip(rows, _alerts(workspace, rows), strict=True):
        places = tuple(_places(workspace, row)) if row.kind == "finding" else ()
        yield msgspec.structs.replace(shown, places=leaks.count(row) if places else 0, found=places)


def _places(workspace: Workspace, row: Alert) -> Iterable[FoundShown]:
    for each in leaks.seen(row, _PLACES, ring=workspace.ring):
        spot = msgspec.msgpack.decode(each.content, type=Spot)
        yield FoundShown(spot.where, spot.source, spot.sha256, moment(each.first), moment(each.last))


def _case(workspace: Workspace, row: Case) -> CaseListed:
    worst = row.alerts.order_by("-severity", "-at").first()
    earlier = cases.earlier_case(row)
    aware = row.aware_since
    return CaseListed(
        case=f"k{row.id}",
        subject=row.subject,
        severity=Severity(row.severity).word,
        headline=cases.notice_of(worst, workspace.ring).headline if worst else "",
        alerts=row.alerts.count(),
        open_alerts=row.alerts.filter(acknowledged_at__isnull=True).count(),
        opened=moment(row.opened_at),
        last=moment(row.alerts.aggregate(last=Max("at"))["last"] or row.opened_at),
        closed=None if row.closed_at is None else moment(row.closed_at),
        aware_since=None if aware is None else moment(aware),
        authority_by=None if aware is None else moment(awareness.deadline(aware, 0).at),
        earlier=f"k{earlier.id}" if earlier else None,
    )


def _told(case: Case) -> Iterable[Told]:
    """The messages about a case that were sent, in order."""
    sent = Delivery.objects.filter(alert__case=case, state=cases.SENT).order_by("sent_at", "id")
    messages: dict[tuple[int, str], list[int]] = {}
    for at, route, alert in sent.values_list("sent_at", "route", "alert"):
        messages.setdefault((at or 0, route), []).append(alert)
    for (at, route), alerts in messages.items():
        yield Told(moment(at), route, tuple(f"a{number}" for number in alerts))


def _entries(workspace: Workspace, case: Case) -> Iterable[EntryShown]:
    for row in case.entries.all():
        entry = cases.entry_of(row, workspace.ring)
        yield EntryShown(
            at=moment(row.at),
            kind=row.kind,
            by=entry.by,
            what=entry.what,
            alerts=tuple(f"a{number}" for number in entry.alerts),
            about=None if entry.at is None else moment(entry.at),
        )


def _runbook(case: Case, kinds: Collection[str], *, kept: bool) -> Runbook:
    """What to do about a case's subject, and about a finding where there is one; kept  with a snapshot"""
    found = "kept" if kept else "finding"
    sorts = [_sort(case).replace("finding", found)] + [found] * ("finding" in kinds)
    return joined(runbook(sort) for sort in dict.fromkeys(sorts))


def _sort(case: Case) -> str:
    subject = case.subject
    if is_planting(subject):
        return "table" if uses.standing(subject).kind == "record" else "bait"
    if uses.standing(subject).data_set:
        return "copy"
    first = subject.partition(" ")[0]
    return "finding" if first in ("data", "known") else first
