"""Forgetting wired to the workspace: who is meant is read in, sources are opened, leftovers cleared away."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from trapstreet.app.clock import now
from trapstreet.app.packed import open_table
from trapstreet.app.remembering import erase_remembered
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import SQLITE_NAME, Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.ports import Progress
from trapstreet.forget import Erasure, Identity, Kept, Remain, forget, read_identities, remains
from trapstreet.store import catalogue, erasures, evidence
from trapstreet.store.database import SQLITE_PREFIX
from trapstreet.store.models import Baseline, LeakShape

STANDARD_INPUT = "standard input"
_MOST_BYTES = 1 << 20


def identities_from(source: str) -> list[Identity]:
    """The persons that a file names, or standard input for `-`. Raises UnusableInput for a line that names
    nobody."""
    if source == "-":
        data, where = sys.stdin.buffer.read(_MOST_BYTES + 1), STANDARD_INPUT
    else:
        with Path(source).open("rb") as file:
            data, where = file.read(_MOST_BYTES + 1), source
    if len(data) > _MOST_BYTES:
        raise UnusableInput(f"{where} is larger than 1 MiB", hint="name fewer persons at a time")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{where} is not UTF-8", hint="save it as UTF-8 text") from error
    return read_identities(text, where=where)


def forget_persons(
    workspace: Workspace,
    identities: list[Identity],
    *,
    data_set: str | None,
    several: bool,
    dry_run: bool,
    progress: Progress,
) -> Erasure:
    """The persons erased from one data set or from all. The workspace must be held for writing, unless it is
    a dry run."""
    data_sets = [catalogue.data_set_named(data_set)] if data_set else catalogue.data_sets()
    erasure = forget(
        identities,
        data_sets,
        several=several,
        dry_run=dry_run,
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        open_source=lambda each: open_table(each.source),
        now=now(),
        progress=progress,
    )
    if not dry_run:
        _clear_leftovers(workspace)
        erase_remembered(workspace, identities, data_sets)
    return erasure


def what_remains(workspace: Workspace, erasure: Erasure, *, given: str) -> list[Remain]:
    """Everything that is left of the persons, as far as anybody can know; given  the file that named them"""
    written = erasures.written({"proof", "customers"})
    before = workspace.root / f"{SQLITE_NAME}.before"
    kept = Kept(
        given=given,
        before=str(before) if before.exists() else "",
        on_server=not workspace.settings.database.url.startswith(SQLITE_PREFIX),
        strange=tuple(str(folder) for folder in _strange_folders(workspace)),
        jobs=erasures.jobs_told_by_values(),
        proofs=written["proof"],
        lists=written["customers"],
        snapshots=evidence.stored()[0],
        baselines=Baseline.objects.count(),
        leaks=LeakShape.objects.count(),
    )
    return remains(erasure, kept)


def _clear_leftovers(workspace: Workspace) -> None:
    """What killed commands left of segments, in the making or without a version, is gone: it may hold
    anybody's fingerprints. Nobody else writes meanwhile."""
    for folder in workspace.tmp.glob("segment-*"):
        shutil.rmtree(folder)
    for file in workspace.index.glob("*/*.partial"):
        file.unlink()
    shelf = shelf_of(workspace)
    for data_set in catalogue.data_sets():
        shelf.version(data_set.id, catalogue.latest(data_set).number + 1).unlink(missing_ok=True)


def _strange_folders(workspace: Workspace) -> Iterator[Path]:
    known = {each.id for each in catalogue.data_sets()}
    return (folder for folder in sorted(workspace.index.iterdir()) if folder.name not in known)
