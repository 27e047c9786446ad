"""Breadcrumbs that are no rows, wired to the workspace: made, registered, written."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trapstreet.app.clock import now
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind, record_forms
from trapstreet.core.fields.kind import Column
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import Lookup, fingerprints_of
from trapstreet.keys.files import refuse_taken, write_private
from trapstreet.plant import inventory
from trapstreet.plugins.breadcrumbs import Made, Resources, make
from trapstreet.store import catalogue, plantings
from trapstreet.store.plantings import NewPlanting, Particulars

_TRIES = 32


@dataclass(frozen=True, slots=True)
class Baited:
    """A breadcrumb that was made.

    text   what it is and where to place it; protected
    files  to be placed;  owner  for the owner alone
    """

    planting: str
    kind: str
    place: str
    text: str = field(repr=False)
    files: tuple[Path, ...] = ()
    owner: tuple[Path, ...] = ()


def bait(
    workspace: Workspace,
    kind: str,
    options: Mapping[str, object],
    *,
    place: str,
    out: Path | None,
    particulars: Particulars,
) -> Baited:
    """Make a breadcrumb for a place, and know it by what its use shows. The workspace must be held for
    writing.

    It is registered before its files appear. Raises UnusableInput as `breadcrumbs.make` does, and where files
    come of it and `out` is missing or taken.
    """
    planting = plantings.new_planting_id()
    made = _new(workspace, planting, kind, options)
    paths = _paths(made, out)
    new = NewPlanting(kind, place, particulars, decoys=1, at=now(), tokens=dict.fromkeys(made.tokens, (0,)))
    workspace.write_inventory(f"planting-{planting}", inventory(planting, new))
    row = plantings.add(planting, new, ring=workspace.ring)
    times = _template_times(options)
    for path, content in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, content)
        if times:
            os.utime(path, ns=times)
    plantings.planted(row, ring=workspace.ring, at=now())
    files = tuple(paths)
    return Baited(planting, kind, place, made.text, files[: len(made.files)], files[len(made.files) :])


def _new(workspace: Workspace, planting: str, kind: str, options: Mapping[str, object]) -> Made:
    """A breadcrumb by which no other one is known, and nobody in the data sets."""
    settings = workspace.settings
    resources = Resources(settings.decoys.domains, settings.trap.urls, settings.trap.zones)
    key = workspace.ring.siphash_key("planting", planting)
    known = plantings.all_tokens(workspace.ring)
    lookup = Lookup(catalogue.all_indexes(shelf_of(workspace)))
    for label in range(_TRIES):
        made = make(kind, options, resources, KeyedDraws(key, label))
        addresses = [token.value for token in made.tokens if token.channel == "smtp"]
        if not known.keys() & set(made.tokens) and not _taken(workspace, lookup, addresses):
            return made
    raise UnusableInput(
        f"no {kind} is left that is nobody's: {_TRIES} drawn ones are known already",
        hint="give another --name or --user, or another domain in the settings",
    )


def _taken(workspace: Workspace, lookup: Lookup, addresses: list[str]) -> bool:
    """Whether somebody in the data sets has one of the addresses."""
    column = Column(name="address", kind=Kind.EMAIL, why="")
    forms = record_forms([column], [(address,) for address in addresses])
    if Kind.EMAIL not in forms:
        return False
    for epoch in {each.epoch for each in lookup.data_sets}:
        key = workspace.ring.fingerprint_key(Kind.EMAIL, epoch)
        if lookup.contains(
            Kind.EMAIL, epoch, fingerprints_of(key, Kind.EMAIL, forms[Kind.EMAIL].forms)
        ).any():
            return True
    return False


def _paths(made: Made, out: Path | None) -> dict[Path, bytes]:
    """Where the files go: one becomes `out` itself, several go into it; the owner's lie beside it."""
    if not made.files and not made.owner:
        if out is not None:
            raise UnusableInput("this kind of breadcrumb has no file", hint="leave out --out")
        return {}
    if out is None:
        raise UnusableInput("this kind of breadcrumb is a file", hint="say where it goes with --out")
    if len(made.files) == 1:
        ((name, content),) = made.files.items()
        paths = {_opened_as(name, out): content}
    else:
        paths = {out / name: content for name, content in made.files.items()}
    paths |= {out.parent / f"{out.name}.{name}": content for name, content in made.owner.items()}
    for path in paths:
        refuse_taken(path)
    return paths


def _opened_as(name: str, out: Path) -> Path:
    """The path, which ends as the file's own name does. Raises UnusableInput where whoever opens it would not
    get to see it."""
    meant, given = Path(name).suffix.lower(), out.suffix.lower()
    if meant and given and meant != given:
        raise UnusableInput(
            f"it is a {meant} file, and {out.name} ends otherwise", hint=f"end --out in {meant}"
        )
    return out


def _template_times(options: Mapping[str, object]) -> tuple[int, int] | None:
    """When the template was read and written last: a bait of the day it was made on stands out."""
    template = options.get("template")
    if not isinstance(template, str):
        return None
    found = Path(template).stat()
    return found.st_atime_ns, found.st_mtime_ns
