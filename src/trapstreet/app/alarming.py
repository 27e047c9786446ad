"""The alarm: what was heard, found or is wrong becomes alerts, and alerts are told."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from trapstreet.app.delivering import Delivered, deliver, test_alert
from trapstreet.app.errors import known_error
from trapstreet.app.leaks import alarm_findings
from trapstreet.app.settings import routes_of
from trapstreet.app.working import Seen
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Route, Tellings, Use, alerts, escalate, raise_alert
from trapstreet.core.model.notice import Severity
from trapstreet.index import is_planting
from trapstreet.sightings import Label
from trapstreet.store import cases, sightings, uses
from trapstreet.store.leases import clock
from trapstreet.store.models import Case, SuppressionJob
from trapstreet.store.uses import Changed, Whom

__all__ = [
    "Delivered",
    "alarm_findings",
    "deliver",
    "raise_alerts",
    "raise_trouble",
    "test_alert",
]

_AT_ONCE = 2_000
"""Incidents, or entries of the log, of one look."""

_ALONE = 30
"""Parties that have an alert each, of those that use an owner's decoys by a channel within a day."""
_DAY = 86_400_000_000
"""Microseconds."""

_PASSED_OVER = 200
"""Entries of the log that are no alerts before it is written down that they were looked at: to write keeps
others waiting."""


def raise_alerts(workspace: Workspace, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Alerts for all that changed since the last look, and what nobody acknowledged in time passed on; how
    many have to be told. Several may do so at once.

    goes_on  asked between two looks, each of which takes some tenths of a second; if not, the rest waits
    Owners of decoys have a look in turn, and one that had none yet is next: a flood on the decoys of one
    keeps those of another waiting for one look.
    """
    routes, told, looks = _routes(workspace), 0, dict[str, int]()
    while True:
        told += _look_elsewhere(workspace, routes)
        waiting = uses.owners_waiting()
        if not waiting:
            return told
        owner = min(waiting, key=lambda each: (looks.get(each, 0), waiting[each]))
        told += _look_at(workspace, owner, routes)
        looks[owner] = max(looks.values(), default=0) + 1
        if not goes_on():
            return told


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
        source, severity=severity, headline=headline, happened=happened, steps=steps, at=clock()
    )
    with cases.raising():
        return raise_alert(trouble, _routes(workspace), ring=workspace.ring, at=clock())


def _routes(workspace: Workspace) -> list[Route]:
    return [route for route, _ in routes_of(workspace.settings)]


class _Subject(NamedTuple):
    """The owner of some decoys, and what is known of them all.

    id     as incidents have it;  case, closed  its open case, and the last one that was closed
    known  the highest severity of those that were closed, 0 without any
    since  what was over by then is not looked at any more (Unix µs);  together, joint  as in Use
    """

    id: str
    owner: alerts.Owner
    case: Case | None
    closed: Case | None
    known: int
    since: int
    together: int
    joint: float


def _look_at(workspace: Workspace, owner: str, routes: Sequence[Route]) -> int:
    """Alerts for the first of an owner's incidents that changed; how many have to be told."""
    changed = uses.waiting(owner, _AT_ONCE)
    joint = _joint(workspace, owner)  # the first one is slow: nobody waits for it
    with cases.raising():
        at, tellings, told = clock(), Tellings(), 0
        subject, done = _subject(owner, joint), list[Changed]()
        for whom, settled in _turn(subject, changed, at=at):
            done += settled
            if new := _sighted_somehow(workspace, subject, whom):
                told += raise_alert(new, routes, ring=workspace.ring, at=at, tellings=tellings)
        uses.settle(done)
    return told


def _joint(workspace: Workspace, owner: str) -> float:
    """The joint evidence of an owner; 0 where it cannot be worked out, which keeps no use from being told."""
    from trapstreet.app.weighing import joint_evidence  # and all that decoys are made of

    try:
        return joint_evidence(workspace, [owner])[owner].log10_e
    except Exception as error:
        if known_error(error):
            raise
        raise_trouble(
            workspace,
            "joint evidence",
            severity=Severity.MEDIUM,
            headline="Joint evidence cannot be worked out",
            happened=(f"A bug ({type(error).__name__}): alerts are raised without it, and may seem milder.",),
            steps=("Look at each alert by itself.", "Report the bug."),
        )
        return 0.0


def _subject(owner: str, joint: float) -> _Subject:
    case = cases.open_case(owner)
    closed = cases.earlier_case(case or owner)
    since = (closed.closed_at or 0) if closed else 0
    together = uses.used_by_somebody(owner, since=since)
    known = cases.worst_closed(owner)
    return _Subject(owner, _owner(owner), case, closed, known, since, together, joint)


def _turn(subject: _Subject, changed: Sequence[Changed], *, at: int) -> Iterator[tuple[Whom, list[Changed]]]:
    """Who gets an alert at this look, and the incidents that it settles: by channel first parties by
    themselves, then all others together. Of more parties than so many with an alert, some wait."""
    case = subject.case or subject.closed
    raised = cases.raised_for(case) if case else {}
    by_channel: dict[str, dict[str, list[Changed]]] = {}
    for each in changed:
        by_channel.setdefault(each.channel, {}).setdefault(each.party, []).append(each)
    for channel, parties in by_channel.items():
        prefix = f"{channel} {subject.id} "
        own = {
            source.removeprefix(prefix): when for source, when in raised.items() if source.startswith(prefix)
        }
        own.pop(alerts.CROWD, None)
        lately = sum(when > at - _DAY for when in own.values()) if subject.case else 0
        known = islice((party for party in parties if party in own), _ALONE)
        new = islice((party for party in parties if party not in own), max(0, _ALONE - lately))
        alone = [*known, *new]
        for party in alone:
            yield Whom(subject.id, channel, subject.since, party), parties[party]
        but = frozenset(own) | frozenset(alone)
        if rest := [each for party, some in parties.items() if party not in but for each in some]:
            yield Whom(subject.id, channel, subject.since, but=but), rest


def _sighted_somehow(workspace: Workspace, subject: _Subject, whom: Whom) -> alerts.NewAlert | None:
    """As `_sighted`; what cannot be judged keeps nothing else from being told, and is told itself."""
    try:
        return _sighted(workspace, subject, whom)
    except Exception as error:
        if known_error(error):
            raise
        return alerts.of_trouble(
            f"unjudged {whom.owner} {whom.channel}",
            severity=Severity.HIGH,
            headline=f"Decoys of {whom.owner} were used ({whom.channel}), and trapstreet could not judge it",
            happened=(f"A bug ({type(error).__name__}) kept this use from being judged; it is kept.",),
            steps=("Look at it: trapstreet sighting list.", "Report the bug."),
            at=clock(),
        )


def _sighted(workspace: Workspace, subject: _Subject, whom: Whom) -> alerts.NewAlert | None:
    """The alert for what one party, or all others together, did with an owner's decoys by one channel since a
    case of theirs was closed last; None where that is nothing.

    With what they did before, where that is worse than any case that was closed: it was heard of later.
    """
    since = _done(workspace, subject, whom)
    if not subject.closed:
        return since
    ever = _done(workspace, subject, whom._replace(since=0))
    known = max(subject.known, since.severity if since else 0)
    return ever if ever and ever.severity > known else since


def _done(workspace: Workspace, subject: _Subject, whom: Whom) -> alerts.NewAlert | None:
    """The alert for all that they did; None for nothing."""
    done, shown = uses.done_by(whom), uses.telling(whom)
    if done is None or shown is None:
        return None
    seen, why = sightings.seen_of(shown, workspace.ring)
    label = msgspec.msgpack.decode(why, type=Label)
    use = Use(
        owner=whom.owner,
        channel=whom.channel,
        decoys=done.decoys,
        hits=done.hits,
        first=done.first,
        last=done.last,
        score=done.score,
        spared=msgspec.structs.replace(label, score=done.score).spares,
        expected=done.expected,
        named=done.named,
        together=subject.together,
        joint=subject.joint,
        place=msgspec.msgpack.decode(seen, type=Seen).place,
        label=label,
    )
    if whom.party:
        return alerts.of_sighting(use, subject.owner, party=whom.party, begun=done.begun)
    return alerts.of_crowd(use, subject.owner, parties=done.parties, begun=done.begun)


def _look_elsewhere(workspace: Workspace, routes: Sequence[Route]) -> int:
    """Alerts for what is no use of a decoy, and escalations; how many have to be told."""
    told = 0
    while (found := _look_at_log(workspace, routes)) is not None:
        told += found
    told += _look_at_damaged(workspace, routes)
    if any(route.escalates for route in routes):
        with cases.raising():
            told += escalate(routes, at=clock())
    return told


def _owner(owner: str) -> alerts.Owner:
    standing = uses.standing(owner)
    if is_planting(owner):
        sort = "table" if standing.kind == "record" else "bait"
        name = owner.partition("-")[0]
        return alerts.Owner(name, sort, standing.place, standing.decoys, standing.data_set, standing.rows)
    name = f"copy {owner}" if standing.kind == "copy" else "several copies"
    place = f"a copy of {standing.data_set}" if standing.kind == "copy" else f"copies of {standing.data_set}"
    return alerts.Owner(name, "copy", place, standing.decoys, standing.data_set, standing.rows)


def _look_at_log(workspace: Workspace, routes: Sequence[Route]) -> int | None:
    """Alerts for what the log says next of suppression; None at its end."""
    before = cases.looked_at("log")
    found = list(cases.suppression_alerts(before, _AT_ONCE))
    calls = [call for _, call in found if call is not None]
    if not calls and len(found) < _PASSED_OVER:
        return None
    with cases.raising():
        if cases.looked_at("log") != before:
            return 0  # somebody else was quicker
        told = 0
        for call in calls:
            told += raise_alert(_called(call), routes, ring=workspace.ring, at=clock())
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
    if cases.last_damaged() <= cases.looked_at("damaged"):  # old ones may be gone
        return 0
    with cases.raising():
        cases.look_on("damaged", cases.last_damaged())
        new = alerts.of_damage(records=sightings.count_damaged(), at=clock())
        return int(raise_alert(new, routes, ring=workspace.ring, at=clock()))
