"""The rights of the places that the settings name: compared by the worker, and whether that was done."""

from collections.abc import Callable, Iterator

from trapstreet.access import sentence
from trapstreet.app.checks import Check
from trapstreet.app.drift import compare, label_of
from trapstreet.app.errors import known_error
from trapstreet.app.settings import access_every
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.amounts import duration_text
from trapstreet.core.model.words import counted, printable
from trapstreet.store import rights
from trapstreet.store.leases import clock

PATIENCE = 3
"""Intervals without a look after which people are told."""

_HOUR = 3_600_000_000


def compare_due(workspace: Workspace, goes_on: Callable[[], bool], say: Callable[[str], None]) -> int:
    """Look at each place whose turn it is, one after the other; how many alerts that raised. What cannot be
    asked is said, kept as failing, and tried again in an hour at the earliest, after the others."""
    raised = 0
    for target in _due(workspace):
        if not goes_on():
            break
        try:
            found = compare(workspace, target)
        except Exception as error:
            known = known_error(error)
            if known is None:
                raise
            say(f"NOT COMPARED {printable(label_of(target))}: {known}")
            continue
        alerts = {each.alert for each in found.changes if each.alert}
        raised += len(alerts)
        if found.changes:
            first = sentence(found.changes[0].change)
            say(f"{printable(found.place)}: {counted(len(found.changes), 'change')} of rights: {first}")
    return raised


def compared_in_time(workspace: Workspace) -> Iterator[Check]:
    """Whether the rights of each place were looked at lately."""
    targets = workspace.settings.access.targets
    if not targets:
        return
    at, patience = clock(), PATIENCE * access_every(workspace.settings)
    known = {each.name: each for each in rights.compared(map_of(targets).values())}
    late = [
        (target, known[name])
        for target, name in map_of(targets).items()
        if name in known
        and (known[name].compared_at or known[name].failing_since)
        and at - (known[name].compared_at or 0) > patience
    ]
    for target, stands in late:
        ago = f"for {_days(at - stands.compared_at)}" if stands.compared_at else "yet"
        why = f": {printable(stands.failing)}" if stands.failing else ""
        advice = f"see that a worker runs, and try it: trapstreet access diff {printable(target)}"
        found = f"the rights at {printable(stands.name)} were not compared {ago}{why}"
        yield Check("rights", False, found, advice, stands.name)
    if not late:
        of = counted(len(map_of(targets)), "place")
        yield Check("rights", True, f"{len(known):,} of {of} compared, and in time")


def map_of(targets: tuple[str, ...]) -> dict[str, str]:
    """Each target's name as it is kept; of several logins at one place the first, which compares."""
    first: dict[str, str] = {}
    for target in targets:
        first.setdefault(label_of(target), target)
    return {target: name for name, target in first.items()}


def _due(workspace: Workspace) -> list[str]:
    at, every = clock(), access_every(workspace.settings)
    names = map_of(workspace.settings.access.targets)
    known = {each.name: each for each in rights.compared(names.values())}
    due, failed = list[str](), list[str]()
    for target, name in names.items():
        stands = known.get(name)
        if stands is None or stands.compared_at is None or at - stands.compared_at >= every:
            (failed if stands and stands.failing else due).append(target)
    return [*due, *failed]


def _days(length: int) -> str:
    hours = max(1, length // _HOUR)
    return duration_text((hours if hours < 72 else hours // 24 * 24) * 3_600)
