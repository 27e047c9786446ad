"""What is kept of a case's findings, and what the worker's traces came to, for people."""

from collections.abc import Iterable

from trapstreet.app.settings import evidence_limits
from trapstreet.app.workspace import Workspace
from trapstreet.render.cases import moment
from trapstreet.render.kept import SnapshotShown, TraceShown
from trapstreet.store import case_traces, evidence
from trapstreet.store.models import Case


def snapshots_shown(workspace: Workspace, case: Case) -> Iterable[SnapshotShown]:
    """The snapshots of a case, in the order in which they were taken."""
    keep = evidence_limits(workspace.settings).keep
    for each in evidence.of_case(case, workspace.ring):
        about, since = each.about, max(each.taken_at, case.closed_at or 0)
        yield SnapshotShown(
            snapshot=f"s{each.id}",
            alerts=tuple(f"a{number}" for number in each.alerts),
            source=about.source,
            path=about.path,
            readers=about.readers,
            version=about.version,
            modified=None if about.modified is None else moment(about.modified),
            size=about.size,
            kept=about.kept,
            sha256=about.sha256,
            whole=about.whole,
            again=about.again,
            remark=about.remark,
            excerpts=about.excerpts,
            taken=moment(each.taken_at),
            until=moment(since + keep) if each.there else None,
            destroyed=None if each.destroyed_at is None else moment(each.destroyed_at),
            there=each.there,
        )


def traces_shown(workspace: Workspace, case: Case) -> Iterable[TraceShown]:
    """The traces of a case, in their order."""
    for each in case_traces.of_case(case, workspace.ring):
        interrupted = ("It is under way, or was interrupted; then it is made anew.",)
        yield TraceShown(
            look=each.look,
            begun=moment(each.begun_at),
            ended=None if each.ended_at is None else moment(each.ended_at),
            lines=each.said.lines if each.said else interrupted,
            accused=each.said.accused if each.said else (),
        )
