"""What was found at sources becomes alerts: one for a leak, in however many places it lies."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from trapstreet.app.settings import routes_of
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Leak, Spot, raise_leak
from trapstreet.core.model.objects import printable
from trapstreet.core.model.urls import without_password
from trapstreet.store import cases
from trapstreet.store.leases import clock
from trapstreet.store.models import DataSet
from trapstreet.watch import Finding

_AT_ONCE = 200
"""Findings of one transaction."""

_STDIN = "-"


def alarm_findings(workspace: Workspace, findings: Iterable[Finding]) -> int:
    """Alerts for what was found; how many have to be told.

    The same data is one alert, whatever it is packed in, as long as it is the same text or shows the same
    records. What was found before is no alert again, nor is a data set in the very file that it was
    registered from.
    """
    routes, told = [route for route, _ in routes_of(workspace.settings)], 0
    sources = dict(DataSet.objects.values_list("name", "source"))
    rest = (each for each in findings if not _same_file(each.path, sources.get(each.data_set, "")))
    while some := list(islice(rest, _AT_ONCE)):
        with cases.raising():
            for same in _leaks(some).values():
                told += raise_leak(_leak(same), routes, ring=workspace.ring, at=clock())
    return told


def _same_file(path: str, other: str) -> bool:
    return bool(other) and Path(path).resolve() == Path(other).resolve()


def _leaks(findings: Iterable[Finding]) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """The findings, those together that show the same."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        found.setdefault((each.data_set, each.which or each.sha256 or each.path), []).append(each)
    return found


def _leak(same: Sequence[Finding]) -> Leak:
    """The leak, by the one of its findings that shows most."""
    most = max(same, key=lambda each: (each.certain, each.records + each.by_column, each.share))
    return Leak(
        data_set=most.data_set,
        records=most.records + most.by_column,
        of=most.of,
        share=most.share,
        certain=most.certain,
        planted=most.planted,
        which=most.which,
        spots=tuple(Spot(_where(each), _shown(each.source), each.sha256) for each in same),
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
