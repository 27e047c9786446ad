"""What was found at sources becomes alerts: one for a leak, in however many places it lies."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from trapstreet.app.baselines import Baselines
from trapstreet.app.settings import routes_of
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Leak, Shapes, Spot, raise_leak
from trapstreet.core.fields import kinds
from trapstreet.core.model.objects import printable
from trapstreet.core.model.urls import without_password
from trapstreet.store import cases, controls, evidence, leaks
from trapstreet.store.evidence import Frozen
from trapstreet.store.leases import clock
from trapstreet.store.models import DataSet
from trapstreet.store.plantings import elsewhere
from trapstreet.watch import Finding
from trapstreet.watch.domain.control import shows_only_decoys

_AT_ONCE = 200
"""Findings of one transaction."""

_STDIN = "-"


@dataclass
class Witness:
    """What is known of an object in which something was found.

    readers  who may read it;  unread  why a part of it could not be read, "" where all was
    frozen   its snapshot, None where one is kept already;  entered  whether that is in an alert, and needed
    """

    readers: str = ""
    unread: str = ""
    frozen: Frozen | None = None
    entered: bool = False


_NOTHING: Mapping[str, Witness] = MappingProxyType({})


def alarm_findings(
    workspace: Workspace, findings: Iterable[Finding], witnesses: Mapping[str, Witness] = _NOTHING
) -> int:
    """Alerts for what was found; how many have to be told.

    witnesses  by the findings' paths; without one nothing is kept
    The same data is one alert, whatever it is packed in, as long as it is the same text or shows the same
    records, or nearly. What was found before is no alert again, nor is a data set in the very file that it
    was registered from, nor a control record of the watch in its place.
    """
    routes, told = [route for route, _ in routes_of(workspace.settings)], 0
    sources = dict(DataSet.objects.values_list("name", "source"))
    lie = controls.lying()
    rest = (
        each
        for each in findings
        if not _same_file(each.path, sources.get(each.data_set, "")) and not _is_control(each, lie)
    )
    while some := list(islice(rest, _AT_ONCE)):
        with cases.raising():
            known, old = Shapes(workspace.ring), Baselines(workspace)
            for same in _leaks(some).values():
                seen = [each for path in same if (each := witnesses.get(path.path))]
                leak = old.known_again(_leak(same, witnesses))
                raised = raise_leak(leak, routes, ring=workspace.ring, at=clock(), known=known)
                told += raised.told
                if raised.alert:
                    for frozen in {each.frozen.name: each for each in seen if each.frozen}.values():
                        _enter(workspace, frozen, raised.alert.id)
            evidence.sign(workspace.ring)
    return told


def is_kept(workspace: Workspace, findings: Sequence[Finding]) -> bool:
    """Whether a snapshot of each of these is kept, or nobody wants one: it lies where it lay, in an alert
    that has one, or whose case was closed; or it is the file that was registered."""
    sources = dict(DataSet.objects.values_list("name", "source"))
    for each in findings:
        if _same_file(each.path, sources.get(each.data_set, "")):
            continue
        marks = leaks.Marker(each.data_set, workspace.ring).marks(
            _where(each), sha256=each.sha256, which=each.which
        )
        known = leaks.known([marks]).get(marks.place)
        if known is None:
            return False
        if not evidence.has_any([known.alert_id]) and known.alert.case.closed_at is None:
            return False
    return True


def _enter(workspace: Workspace, witness: Witness, alert: int) -> None:
    assert witness.frozen  # noqa: S101 - for the type checker
    if evidence.enter(witness.frozen, alert, ring=workspace.ring, at=clock()):
        witness.entered = True


def _is_control(finding: Finding, lie: Mapping[str, Sequence[str]]) -> bool:
    """Whether it is a control record, where it lies, and nothing else."""
    where = _where(finding)
    plantings = lie.get(where) or lie.get(where.partition("!")[0]) or lie.get(finding.sha256)
    return bool(plantings) and shows_only_decoys(finding, plantings)


def _same_file(path: str, other: str) -> bool:
    return bool(other) and Path(path).resolve() == Path(other).resolve()


def _leaks(findings: Iterable[Finding]) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """The findings, those together that show the same."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        found.setdefault((each.data_set, each.which or each.sha256 or each.path), []).append(each)
    return found


def _leak(same: Sequence[Finding], witnesses: Mapping[str, Witness]) -> Leak:
    """The leak, by the one of its findings that shows most."""
    most = max(same, key=lambda each: (each.certain, each.records + each.by_column, each.share))
    nobody = Witness()
    seen = [witnesses.get(each.path, nobody) for each in same]
    return Leak(
        data_set=most.data_set,
        records=most.records + most.by_column,
        of=most.of,
        share=most.share,
        certain=most.certain,
        planted=most.planted,
        lies=elsewhere(most.planted.keys()),
        which=most.which,
        spots=tuple(
            Spot(_where(each), _shown(each.source), each.sha256, witness.readers)
            for each, witness in zip(same, seen, strict=True)
        ),
        shape=most.shape,
        expected={kinds()[kind].title: number for kind, number in most.expected.items()},
        unread=next((each.unread for each in seen if each.unread), ""),
        kept=any(each.frozen.key for each in seen if each.frozen),
        unkept=next((each.frozen.about.remark for each in seen if each.frozen), ""),
    )


def _where(finding: Finding) -> str:
    """Where it lies, for people who stand in another folder: files, and what is in them, come absolute.
    Safe to print, as a finding's path is."""
    source, path = finding.source, finding.path
    if source == _STDIN:
        return f"standard input{path.removeprefix(_STDIN)}"
    if "://" in source or path.startswith("/"):
        return _shown(path)
    return f"{printable(str(Path.cwd()))}/{path.removeprefix('./')}"


def _shown(location: str) -> str:
    """A URL without its password, anything else as it is."""
    return without_password(location) if re.match(r"[a-z][a-z0-9+.-]*://", location) else location
