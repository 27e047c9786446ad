"""A scan by units: on this machine, written down as it goes, or on a cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from trapstreet.app.passwords import Passwords
from trapstreet.app.reading import Total
from trapstreet.app.scale.cluster import Cluster
from trapstreet.app.scale.finished import Finished
from trapstreet.app.scale.job import job_of
from trapstreet.app.scale.station import Station, scan_unit
from trapstreet.app.scale.units import Listing, Unit
from trapstreet.app.search import matcher_of, processors, public_of
from trapstreet.app.stopping import Stop
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.ports import Progress
from trapstreet.watch import Part, Scan, TextSearch, told
from trapstreet.watch.domain.findings import worth_telling


@dataclass(frozen=True, slots=True)
class Asked:
    """A scan by units.

    cluster  the address of a Ray cluster's head, "" for a Ray of its own, None for this process
    resume   the file that finished units are noted in, and not read again when it is there already
    """

    locations: Sequence[str]
    passwords: Passwords
    ocr: bool
    cluster: str | None
    resume: Path | None


class Sum:
    """What units gave so far, and how far that is."""

    def __init__(self, progress: Progress, total: Total | None, found: Callable[[int], None]) -> None:
        self._progress, self._total, self._found = progress, total, found
        self._parts: dict[int, Part] = {}
        self._done = self._tests = self._likely = 0

    def add(self, unit: Unit, part: Part) -> None:
        self._parts[unit.begin] = part
        self._tests += part.tests
        tests = max(1, self._tests)
        if found := len({each.path for each in part.drafts if worth_telling(each.what, tests)}):
            self._likely += found
            self._found(self._likely)
        self._done += unit.size
        known = self._total.known if self._total else None
        self._progress(self._done, None if known is None else max(known, self._done))

    def whole(self) -> Part:
        """All of them, in the order in which they were listed."""
        return Part.united(part for _, part in sorted(self._parts.items(), key=lambda each: each[0]))


def scan_by_units(
    workspace: Workspace, asked: Asked, *, progress: Progress, so_far: Callable[[int], None], stop: Stop
) -> Scan:
    """What `watch.scan` finds in all texts at the locations, whoever searches them, and in whatever order.

    so_far  as that of `watch.scan`
    stop    ends it early: what was finished until then counts, here also what was read of a unit
    Raises as `Listing`, `Finished` and `Cluster` do.
    """
    if "-" in asked.locations and asked.cluster is not None:
        raise UnusableInput("no other machine can read standard input", hint="scan it with --engine local")
    lookup, matcher = matcher_of(workspace)
    public = public_of(workspace, lookup)
    job, segments = job_of(
        workspace, asked.locations, lookup=lookup, public=public, passwords=asked.passwords, ocr=asked.ocr
    )
    with ExitStack() as open_until_then:
        within = open_until_then.enter_context
        listing = within(Listing(asked.locations))
        key = workspace.ring.scan_key()
        finished = within(Finished(asked.resume, key=key, scan=job.identity)) if asked.resume else None
        total = within(Total.of(asked.locations)) if progress.watched else None
        result = Sum(progress, total, so_far)
        units = _unfinished(listing.units(), finished, result)
        if asked.cluster is None:
            search = TextSearch(lookup, matcher, public)
            station = Station.beside(
                listing.sources, search, passwords=asked.passwords, ocr=asked.ocr, threads=processors()
            )
            parts = _here(units, station, stop)
        else:
            parts = stop.until(within(Cluster(asked.cluster, job, segments)).parts(units))
        for unit, part in parts:
            result.add(unit, part)
            if finished and not (asked.cluster is None and stop.early):
                finished.add(unit, part)
    return msgspec.structs.replace(told(result.whole(), lookup), stopped=stop.early)


def _unfinished(units: Iterator[Unit], finished: Finished | None, result: Sum) -> Iterator[Unit]:
    """Those that are left to do; what the others gave is added up."""
    for unit in units:
        if finished and (part := finished.part(unit)) is not None:
            result.add(unit, part)
        else:
            yield unit


def _here(units: Iterator[Unit], station: Station, stop: Stop) -> Iterator[tuple[Unit, Part]]:
    for unit in stop.until(units):
        yield unit, scan_unit(unit, station, stop)
        if stop.early:
            return
