"""The alarm: what was heard, found or is wrong becomes alerts, and alerts are told."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from trapstreet.app.clock import now
from trapstreet.app.delivering import Delivered, deliver, test_alert
from trapstreet.app.errors import known_error
from trapstreet.app.settings import routes_of
from trapstreet.app.weighing import joint_evidence
from trapstreet.app.working import Seen
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Route, Use, alerts, escalate, raise_alert
from trapstreet.core.model.notice import Severity
from trapstreet.index import is_planting
from trapstreet.sightings import Joint, Label
from trapstreet.store import cases, sightings, uses
from trapstreet.store.models import DataSet, Incident, SuppressionJob
from trapstreet.watch import Finding

__all__ = [
    "Delivered",
    "alarm_findings",
    "deliver",
    "raise_alerts",
    "raise_trouble",
    "test_alert",
]

_AT_ONCE = 200
"""Incidents, or entries of the log, of one transaction."""


def raise_alerts(workspace: Workspace) -> int:
    """Alerts for all that changed since the last look, and what nobody acknowledged in time passed on; how
    many have to be told. Several may do so at once."""
    routes = _routes(workspace)
    told = 0
    for look in (_look_at_incidents, _look_at_log):
        while (found := look(workspace, routes)) is not None:
            told += found
    told += _look_at_damaged(workspace, routes)
    with cases.raising():
        return told + escalate(routes, at=now())


def alarm_findings(workspace: Workspace, findings: Iterable[Finding]) -> int:
    """Alerts for what a scan found; how many have to be told: what was found before is no alert again, nor is
    a data set in the very file that it was registered from."""
    routes, told = _routes(workspace), 0
    sources = dict(DataSet.objects.values_list("name", "source"))
    rest = (each for each in findings if not _same_file(each.path, sources.get(each.data_set, "")))
    while some := list(islice(rest, _AT_ONCE)):
        with cases.raising():
            told += sum(raise_alert(_found(each), routes, ring=workspace.ring, at=now()) for each in some)
    return told


def _same_file(path: str, other: str) -> bool:
    return bool(other) and Path(path).resolve() == Path(other).resolve()


def _found(finding: Finding) -> alerts.NewAlert:
    return alerts.of_found(
        data_set=finding.data_set,
        path=finding.path,
        sha256=finding.sha256,
        source=finding.source,
        records=finding.records + finding.by_column,
        of=finding.of,
        share=finding.share,
        certain=finding.certain,
        planted=finding.planted,
        at=now(),
    )


def raise_trouble(
    workspace: Workspace,
    source: str,
    *,
    severity: Severity,
    headline: str,
    happened: Sequence[str],
    steps: Sequence[str],
) -> bool:
    """An alert for something that keeps trapstreet from watching or telling; whether it has to be told: the
    same `source` is one alert until its case is closed."""
    trouble = alerts.of_trouble(
        source, severity=severity, headline=headline, happened=happened, steps=steps, at=now()
    )
    with cases.raising():
        return raise_alert(trouble, _routes(workspace), ring=workspace.ring, at=now())


def _routes(workspace: Workspace) -> list[Route]:
    return [route for route, _ in routes_of(workspace.settings)]


def _look_at_incidents(workspace: Workspace, routes: Sequence[Route]) -> int | None:
    """Alerts for the next incidents that changed; None where there are none."""
    before = cases.looked_at("incidents")
    groups, upto = uses.changed(before, _AT_ONCE)
    if not groups:
        return None
    joint = joint_evidence(workspace, {owner for owner, *_ in groups})  # slow: nobody waits for it
    with cases.raising():
        if cases.looked_at("incidents") != before:
            return 0  # somebody else was quicker
        told = 0
        for group in groups:
            new = _sighted_somehow(workspace, group, joint[group[0]])
            if new is not None:
                told += raise_alert(new, routes, ring=workspace.ring, at=now())
        cases.look_on("incidents", upto)
    return told


def _sighted_somehow(workspace: Workspace, group: uses.Group, joint: Joint) -> alerts.NewAlert | None:
    """As `_sighted`; what cannot be judged keeps nothing else from being told, and is told itself."""
    try:
        return _sighted(workspace, group, joint)
    except Exception as error:
        if known_error(error):
            raise
        owner, channel, _ = group
        return alerts.of_trouble(
            f"unjudged {owner} {channel}",
            severity=Severity.HIGH,
            headline=f"Decoys of {owner} were used ({channel}), and trapstreet could not judge it",
            happened=(f"A bug ({type(error).__name__}) kept this use from being judged; it is kept.",),
            steps=("Look at it: trapstreet sighting list.", "Report the bug."),
            at=now(),
        )


def _sighted(workspace: Workspace, group: uses.Group, joint: Joint) -> alerts.NewAlert | None:
    """The alert for what one party does with an owner's decoys by one channel, since a case of theirs was
    closed last."""
    owner, channel, party = group
    open_case = cases.open_case(owner)
    before = cases.earlier_case(open_case or owner)
    since = before.closed_at or 0 if before else 0
    found = uses.incidents_of(group, since=since)
    shown = uses.telling(group, since=since)
    if shown is None:
        return None
    seen, why = sightings.seen_of(shown, workspace.ring)
    label = msgspec.msgpack.decode(why, type=Label)
    weighed = [each for each in found if not each.expected] or found
    use = Use(
        owner=owner,
        channel=channel,
        decoys=tuple(sorted({_decoy(each) for each in found})),
        hits=sum(each.count for each in found),
        first=min(each.first for each in found),
        last=max(each.last for each in found),
        score=min(each.score for each in weighed),
        spared=all(msgspec.structs.replace(label, score=each.score).spares for each in weighed),
        expected=all(each.expected for each in found),
        named=any(each.named for each in weighed),
        together=uses.used_by_somebody(owner, since=since),
        joint=joint.log10_e,
        place=msgspec.msgpack.decode(seen, type=Seen).place,
        label=label,
    )
    begun = max(each.first for each in found)
    return alerts.of_sighting(use, _owner(owner), party=party, begun=begun)


def _owner(owner: str) -> alerts.Owner:
    standing = uses.standing(owner)
    if is_planting(owner):
        sort = "table" if standing.kind == "record" else "bait"
        name = owner.partition("-")[0]
        return alerts.Owner(name, sort, standing.place, standing.decoys, standing.data_set, standing.rows)
    name = f"copy {owner}" if standing.kind == "copy" else "several copies"
    place = f"a copy of {standing.data_set}" if standing.kind == "copy" else f"copies of {standing.data_set}"
    return alerts.Owner(name, "copy", place, standing.decoys, standing.data_set, standing.rows)


def _decoy(incident: Incident) -> int:
    return int(incident.token.rpartition("/")[2])


def _look_at_log(workspace: Workspace, routes: Sequence[Route]) -> int | None:
    """Alerts for what the log says next of suppression; None at its end."""
    told = 0
    with cases.raising():
        found = list(cases.suppression_alerts(cases.looked_at("log"), 10 * _AT_ONCE))
        if not found:
            return None
        for _, call in found:
            if call is not None:
                told += raise_alert(_called(call), routes, ring=workspace.ring, at=now())
        cases.look_on("log", found[-1][0])
    return told


def _called(call: cases.Called) -> alerts.NewAlert:
    job = SuppressionJob.objects.select_related("data_set").filter(id=call.job).first()
    return alerts.of_call(
        call.what,
        job=job.name if job else "",
        data_set=job.data_set.name if job else "",
        by=call.by,
        at=call.at,
    )


def _look_at_damaged(workspace: Workspace, routes: Sequence[Route]) -> int:
    """An alert where records of spools were kept aside since the last look."""
    with cases.raising():
        upto = cases.last_damaged()
        if upto == cases.looked_at("damaged"):
            return 0
        cases.look_on("damaged", upto)
        new = alerts.of_damage(records=sightings.count_damaged(), at=now())
        return int(raise_alert(new, routes, ring=workspace.ring, at=now()))
