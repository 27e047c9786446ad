"""Control records: an object with decoys of its own, put where a watched source has to find it."""

import os
import secrets
from contextlib import closing
from hashlib import sha256

from trapstreet.app.clock import now
from trapstreet.app.control_contents import content_of, holds, refuse_unfound
from trapstreet.app.packed import open_table
from trapstreet.app.planting import decoy_settings
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.objects import Ref, printable
from trapstreet.core.ports import Progress, Source, WritableSource
from trapstreet.plant import lay
from trapstreet.plugins.sources import kind_named, source_of
from trapstreet.store import controls, plantings
from trapstreet.store.leases import clock
from trapstreet.store.models import ControlRecord, DataSet, Planting, WatchedSource

DECOYS = 3
"""Decoys of a control record."""

_SECOND = 1_000_000

_NAMES = ("contacts", "customers", "kontakte", "kunden", "adressen", "list")


def opened(workspace: Workspace, row: WatchedSource) -> Source:
    """A watched source, to be closed."""
    return source_of(row.kind, row.options, folder=workspace.root, where=f"watched source {row.name}")


def write_first(
    workspace: Workspace,
    row: WatchedSource,
    data_set: DataSet,
    *,
    path: str,
    every: int,
    progress: Progress,
) -> tuple[ControlRecord, tuple[str, ...]]:
    """A control record with decoys of a data set lies at a source from now on, and is looked for. And why its
    decoys can be told from customers, () where nothing obvious gives them away.

    path   relative to the source's location; "" for an innocent one that is made up
    every  seconds between two proofs
    The workspace must be held for writing. It is registered before it is put there. Raises UnusableInput
    where the source cannot be written to, the name is taken, or the decoys alone would not be found.
    """
    _refuse_second(row)
    path = path or _innocent()
    with closing(opened(workspace, row)) as source:
        if not isinstance(source, WritableSource):
            raise UnusableInput(
                f"nothing can be written to {kind_named(row.kind).title}",
                hint="name an object that is there with --known PATH, or leave it to the source's rhythm",
            )
        planting, strippable = lay(
            open_table(data_set.source),
            data_set,
            kind=plantings.CONTROL,
            place=f"{path} at the watched source {row.name}",
            decoys=DECOYS,
            settings=decoy_settings(workspace),
            ring=workspace.ring,
            shelf=shelf_of(workspace),
            seal=workspace.write_inventory,
            now=now(),
            progress=progress,
        )
        control: ControlRecord | None = None
        try:
            refuse_unfound(workspace, planting)
            control = _entered(row, controls.WRITTEN, path, every=every, planting=planting)
            put(workspace, control, source)
        except FileExistsError:
            _given_up(workspace, control, planting)
            raise UnusableInput(
                f"{printable(path)} is there already", hint="give another name with --as"
            ) from None
        except (TrapstreetError, OSError) as error:
            _given_up(workspace, control, planting)
            if isinstance(error, TrapstreetError):
                raise
            raise UnusableInput(
                f"{printable(path)} cannot be written: {why_of(error)}",
                hint="let the source's user write there, give another folder with --as, or use --known PATH",
            ) from error
    plantings.planted(planting, ring=workspace.ring, at=now())
    WatchedSource.objects.filter(id=row.id).update(due_at=clock())
    return control, strippable


def name_known(row: WatchedSource, path: str, *, every: int) -> ControlRecord:
    """An object that lies at a source is looked for from now on.

    path  as `watch status` and findings name it; in a folder of this machine it may be relative to that
    """
    _refuse_second(row)
    if "://" not in (url := str(row.options.get("url", ""))):
        path = os.path.join(url, path)  # noqa: PTH118 - as a listing has it
    control = _entered(row, controls.KNOWN, path, every=every, planting=None)
    controls.change(control, name=printable(path))
    WatchedSource.objects.filter(id=row.id).update(due_at=clock())
    return control


def put(workspace: Workspace, control: ControlRecord, source: WritableSource) -> None:
    """The control record lies there, with content that it never had. What it will be is written down first:
    whoever is killed here leaves one that is known. Raises OSError, FileExistsError where there is one."""
    _put(workspace, control, source, instead=False)


def put_anew(workspace: Workspace, control: ControlRecord, source: WritableSource) -> None:
    """The same where the one that was put there last still lies, and was looked at just now: it goes."""
    _put(workspace, control, source, instead=True)


def _put(workspace: Workspace, control: ControlRecord, source: WritableSource, *, instead: bool) -> None:
    assert control.planting is not None  # noqa: S101 - it is a written one
    written = content_of(workspace, control.planting, clock())
    if not controls.change(control, coming=sha256(written).hexdigest()):
        return
    if instead:
        source.remove(control.path)
    name = source.put(control.path, written)
    at = clock()
    there = controls.change(
        control,
        content=control.coming,
        coming="",
        name=printable(name),
        put_at=at,
        due_at=at + control.every * _SECOND,
        awaited=True,
    )
    if not there:  # somebody takes it away just now, and may not have met this one
        source.remove(control.path)


def take_away(workspace: Workspace, row: WatchedSource) -> str:
    """The source has no control record any more; what people should know of the object that was there, "" if
    it is gone.

    Only what was put there is taken out: somebody may have put something else in its place.
    """
    control = controls.control_of(row)
    if control is None:
        return ""
    left = ""
    if control.sort != controls.KNOWN:
        controls.change(control, sort=controls.LEAVING)  # no round puts it there again
        try:
            with closing(opened(workspace, row)) as source:
                left = _taken_out(workspace, source, control)
        except (TrapstreetError, OSError) as error:
            left = f"it could not be taken out ({why_of(error)}): {control.name or control.path}"
        if control.planting:
            out = () if not left else tuple(range(control.planting.decoys))
            plantings.removed(control.planting, left=out, ring=workspace.ring, at=now())
    control.delete()
    return left


def _taken_out(workspace: Workspace, source: Source, control: ControlRecord) -> str:
    """As `take_away` says."""
    if not isinstance(source, WritableSource):
        return f"nothing can be taken out there any more: {control.name or control.path}"
    named = next((each for each in source.list("") if isinstance(each, Ref) and _is(each, control)), None)
    if named is None:
        return ""
    if not holds(workspace, control, source, named):
        return f"something else lies in its place, and is left there: {printable(named.path)}"
    source.remove(control.path)
    return ""


def _is(ref: Ref, control: ControlRecord) -> bool:
    path = printable(ref.path)
    return path == control.name or (not control.name and path.endswith(printable(control.path)))


def _innocent() -> str:
    """The name of a list that somebody once exported."""
    year, number = 2012 + secrets.randbelow(12), 1_000 + secrets.randbelow(9_000)
    return f"{secrets.choice(_NAMES)}-{year}-{number}.csv"


def _entered(
    row: WatchedSource, sort: str, path: str, *, every: int, planting: Planting | None
) -> ControlRecord:
    at = clock()
    return ControlRecord.objects.create(
        source=row, sort=sort, path=path, planting=planting, every=every, put_at=at, due_at=at
    )


def _given_up(workspace: Workspace, control: ControlRecord | None, planting: Planting) -> None:
    if control:
        control.delete()
    plantings.removed(planting, left=(), ring=workspace.ring, at=now())


def _refuse_second(row: WatchedSource) -> None:
    there = controls.control_of(row)
    if there is not None:
        raise UnusableInput(
            f"{row.name} has a control record: {there.name or printable(there.path)}",
            hint=f"take it away first: trapstreet watch control {row.name} --off",
        )


def why_of(error: Exception) -> str:
    """What went wrong, in words that are safe to print."""
    if isinstance(error, OSError):
        return (error.strerror or "it cannot be reached").lower()
    return printable(str(error))
