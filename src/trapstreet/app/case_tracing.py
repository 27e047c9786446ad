"""The worker traces what the watch found: whose copy the snapshots of a case come from."""

import errno
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, cast

from trapstreet.app.errors import known_error
from trapstreet.app.search import texts_in
from trapstreet.app.settings import routes_of
from trapstreet.app.snapshots import SealedFile, content_of
from trapstreet.app.tracing import Traced, count_look, trace_texts
from trapstreet.app.workspace import Workspace
from trapstreet.cases import KNOWN_LEAK, alerts, raise_alert
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.objects import SourceObject
from trapstreet.core.model.words import counted, printable
from trapstreet.render.words import copy_list, verdict_lines
from trapstreet.store import case_traces, cases, evidence
from trapstreet.store.case_traces import Said
from trapstreet.store.evidence import Taken
from trapstreet.store.leases import clock
from trapstreet.store.models import Case, CaseTrace
from trapstreet.watch.rounds import Stopped

AGAIN = 86_400_000_000
"""Microseconds after which a leak that has grown is traced again."""
SOONER = 3_600_000_000
"""The same of a trace that was interrupted."""

_TRIES = 3
"""Of a trace that is interrupted each time: perhaps it is what interrupts."""
_MOST = 50
"""Snapshots of one trace: the newest."""
_NAMED = 5


def trace_cases(
    workspace: Workspace,
    goes_on: Callable[[], bool] = lambda: True,
    say: Callable[[str], None] = lambda line: None,
) -> int:
    """A trace for each open case that has something new to trace; how many were made.

    goes_on  asked at every piece of a snapshot;  say  told a line of each
    A leak is traced once, and again when its case has another one: once a day at most, since each look at a
    case makes the next one ask for more (docs/adr/0012-several-leaks.md).
    """
    made = 0
    try:
        for case in evidence.cases_with_snapshots():
            if case.subject.startswith(KNOWN_LEAK):
                continue
            upto = evidence.newest_alert(case)
            if _is_due(case, upto, workspace):
                say(_trace(workspace, case, upto, goes_on))
                made += 1
    except Stopped:
        pass
    return made


def _is_due(case: Case, upto: int, workspace: Workspace) -> bool:
    before = case_traces.of_case(case, workspace.ring)
    if not before:
        return True
    age = clock() - before[-1].begun_at
    if before[-1].said is None:
        interrupted = len(before) >= _TRIES and not any(each.said for each in before[-_TRIES:])
        return age >= SOONER and not interrupted
    return before[-1].upto < upto and age >= AGAIN


def _trace(workspace: Workspace, case: Case, upto: int, goes_on: Callable[[], bool]) -> str:
    """What it came to, in a line. Raises Stopped, and whatever is nobody's but ours, once it is noted."""
    look = count_look(workspace, f"k{case.id}")
    row = case_traces.begin(case, upto=upto, look=look, at=clock())
    try:
        traced = trace_texts(workspace, texts_in(_objects(workspace, case, goes_on)), look=look)
    except Exception as error:
        known = known_error(error)
        why = str(known) if known else f"a bug ({type(error).__name__})"
        case_traces.end(row, Said((f"It could not be traced: {why}",)), ring=workspace.ring, at=clock())
        if known is None:
            raise
        return f"k{case.id} could not be traced: {why}"
    return _told(workspace, case, row, traced)


def _objects(workspace: Workspace, case: Case, goes_on: Callable[[], bool]) -> Iterator[SourceObject]:
    """The snapshots of a case, under the names that what lay there had."""
    there = [each for each in evidence.of_case(case, workspace.ring) if each.there]
    for each in there[-_MOST:]:
        opened = partial(_opened, workspace, each, goes_on)
        yield SourceObject(each.about.source, each.about.path, each.about.kept, opened)


def _opened(workspace: Workspace, snapshot: Taken, goes_on: Callable[[], bool]) -> BinaryIO:
    def pieces() -> Iterator[bytes]:
        try:
            for piece in content_of(workspace, snapshot):
                if not goes_on():
                    raise Stopped
                yield piece
        except TrapstreetError as error:  # one that cannot be read keeps no other from being traced
            raise OSError(errno.EIO, error.message) from error

    return cast(BinaryIO, SealedFile(pieces()))


def _told(workspace: Workspace, case: Case, row: CaseTrace, traced: Traced) -> str:
    """The case has what the trace came to, and people are told where copies took part."""
    results = traced.trace.data_sets
    lines = [line for each in results for line in verdict_lines(each, rows=traced.rows[each.data_set])]
    if not lines:
        unread = bool(traced.unread) and not any(each.size for each in traced.leaks)
        none = (
            "Nothing of the snapshots could be read." if unread else "They show none of the registered data."
        )
        lines.append(none)
    lines += [each.line for each in traced.unread[:_NAMED]]
    if (more := len(traced.unread) - _NAMED) > 0:
        lines.append(f"NOT READ  {counted(more, 'more part')}")
    accused = tuple(each.copy for result in results for each in result.accused)
    group = tuple(copy for result in results for copy in result.group)
    headline = _headline(accused, group, [each.data_set for each in results])
    new = alerts.NewAlert(
        subject=case.subject,
        sort="finding",
        source="trace",
        kind="finding",
        severity=Severity.HIGH if accused or group else Severity.INFO,
        at=clock(),
        begun=case.opened_at,
        headline=headline,
        happened=tuple(map(printable, lines)),
        stake="Whoever got the copy, or was where it lay, has what leaked.",
        facts=(("copies", ", ".join(accused or group)), ("look", str(row.look))),
        steps=(
            f"See all of it: trapstreet case show k{case.id}",
            f"Write down what was found: trapstreet case evidence k{case.id} --out FILE --reason TEXT",
            (
                "For the dossier, and before anybody is named: trapstreet trace FILE --html dossier.html "
                "--unmask --reason TEXT, and two people who agree."
            ),
        ),
    )
    with cases.raising():
        case_traces.end(row, Said(tuple(lines), accused), ring=workspace.ring, at=clock())
        routes = [route for route, _ in routes_of(workspace.settings)]
        raise_alert(new, routes, ring=workspace.ring, at=clock())
    return f"k{case.id} was traced: {headline}"


def _headline(accused: tuple[str, ...], group: tuple[str, ...], data_sets: list[str]) -> str:
    of = f" of {', '.join(data_sets[:_NAMED])}" if data_sets else ""
    if accused:
        named = copy_list(accused)
        return f"{named[0].upper()}{named[1:]} took part in the leak{of}"
    if group:
        return f"One of the {copy_list(group)} took part in the leak{of}"
    return f"No copy can be named for the leak{of}"
