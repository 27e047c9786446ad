"""Alerts for what changed in the rights of a place."""

from collections.abc import Sequence

from trapstreet.access import Drifted
from trapstreet.app.drift_elsewhere import told_elsewhere
from trapstreet.app.settings import routes_of
from trapstreet.app.workspace import Workspace
from trapstreet.cases import alerts, drift, raise_alert
from trapstreet.store import cases

MOST = 20
"""Causes of changes, of one look, that have an alert each; all others that are worth one share one."""


def raised(
    workspace: Workspace, place: str, changes: Sequence[tuple[int, Drifted]], *, at: int
) -> list[tuple[int, Drifted, str]]:
    """Changes since when (Unix µs), each with the alert that it raises, or raised when another place was
    looked at, "" for none; those of one cause raise one. Within `cases.raising`."""
    names = told_elsewhere(place, changes, workspace.ring)
    weighed = [drift.severity_of(change) for _, change in changes]
    worth = [(severity, n) for n, severity in enumerate(weighed) if severity is not None and n not in names]
    worth.sort(key=lambda each: (-each[0], each[1]))
    together: dict[object, list[int]] = {}
    for _, n in worth:
        change = changes[n][1]
        together.setdefault((change.cause, change.scope) if change.cause else n, []).append(n)
    groups = [*together.values()]
    for group in groups[:MOST]:
        some, since = [changes[n][1] for n in group], _since(changes, group)
        new = drift.of_changes(some, place=place, number=group[0], since=since, at=at)
        names |= dict.fromkeys(group, _raise(workspace, new, at=at))
    if further := [n for group in groups[MOST:] for n in group]:
        some = [changes[n][1] for n in further]
        new = drift.of_further(some, place=place, since=_since(changes, further), at=at)
        names |= dict.fromkeys(further, _raise(workspace, new, at=at))
    return [(since, change, names.get(n, "")) for n, (since, change) in enumerate(changes)]


def raise_overdue(workspace: Workspace, name: str, *, place: str, undecided: int, due: int, at: int) -> None:
    """An alert for a review that is not done by its time. Within `cases.raising`."""
    _raise(workspace, drift.of_overdue(name, place=place, undecided=undecided, due=due, at=at), at=at)


def _since(changes: Sequence[tuple[int, Drifted]], some: Sequence[int]) -> int:
    return min(changes[n][0] for n in some)


def _raise(workspace: Workspace, new: alerts.NewAlert, *, at: int) -> str:
    routes = [route for route, _ in routes_of(workspace.settings)]
    raise_alert(new, routes, ring=workspace.ring, at=at)
    case = cases.open_case(new.subject)
    alert = cases.alert_of(f"k{case.id} {new.source}") if case else None
    return f"a{alert.id}" if alert else ""
