"""Planting wired to the workspace: the table opened to be read and to be written, scripts kept, decoys found
again."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trapstreet.app.clock import now
from trapstreet.app.packed import open_table
from trapstreet.app.places import same_place
from trapstreet.app.search import shelf_of
from trapstreet.app.sharing import registered_anew
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.ground import Link, Removed
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground, Progress
from trapstreet.decoys import DecoySettings
from trapstreet.decoys.audit import Audit
from trapstreet.keys.files import publish, refuse_taken, unfinished, write_private
from trapstreet.plant import (
    Coverage,
    Here,
    Planted,
    Written,
    arranged,
    audit_decoys,
    cover,
    plant,
    suggested_decoys,
)
from trapstreet.plugins.tables import open_ground
from trapstreet.store import catalogue, plantings
from trapstreet.store.models import DataSet, Planting
from trapstreet.store.plantings import Particulars


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a planting; `decoys` None for as many as suit the table."""

    decoys: int | None
    links: tuple[Link, ...]
    particulars: Particulars


def here(data_set: DataSet, links: Sequence[Link] = ()) -> Here:
    """The data set's table, opened for both. Raises UnusableInput where it takes no rows."""
    ground = open_ground(data_set.source, key=data_set.key_columns, links=links)
    return Here(open_table(data_set.source), ground, tuple(links))


def plant_decoys(
    workspace: Workspace,
    data_set: DataSet,
    wish: Wish,
    *,
    script: Path | None,
    new_version: bool,
    progress: Progress,
) -> Planted:
    """Decoys in the data set's table, or a script that does it. The workspace must be held for writing."""
    where = here(data_set, wish.links)
    if script is not None:
        refuse_taken(script)
    if new_version:
        data_set = registered_anew(workspace, data_set, where.table, progress)
    return plant(
        where,
        data_set,
        decoys=wish.decoys or suitable_decoys(data_set),
        particulars=wish.particulars,
        settings=decoy_settings(workspace),
        write=where.ground.plant if script is None else partial(_scripted, where.ground, script),
        lasting=script is None,
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        seal=workspace.write_inventory,
        now=now(),
        progress=progress,
    )


def decoy_settings(workspace: Workspace) -> DecoySettings:
    """What the user owns and decoys may use."""
    section = workspace.settings.decoys
    return DecoySettings(section.domains, section.phones, workspace.settings.trap.urls)


def coverage_for(
    workspace: Workspace, data_set: DataSet, *, decoys: int | None, progress: Progress
) -> Coverage:
    """Which thefts so many decoys would show; nothing is written. One pass over the table."""
    return cover(
        open_table(data_set.source),
        data_set,
        decoys=decoys,
        settings=decoy_settings(workspace),
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        progress=progress,
    )


def suitable_decoys(data_set: DataSet) -> int:
    """As many as suit the table."""
    return suggested_decoys(int(catalogue.latest(data_set).rows))


def audit_for(
    workspace: Workspace,
    data_set: DataSet,
    *,
    decoys: int | None,
    links: tuple[Link, ...],
    progress: Progress,
) -> Audit:
    """How well decoys would hide in the data set's table; nothing is written."""
    return audit_decoys(
        here(data_set, links),
        data_set,
        decoys=decoys or suitable_decoys(data_set),
        settings=decoy_settings(workspace),
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        progress=progress,
    )


def _scripted(ground: Ground, path: Path, rows: Sequence[Sequence[Row]], *, written: Written) -> None:
    """A script that plants the rows, for nobody else to read, in place of planting them."""
    with unfinished(path) as temporary:
        temporary.write_bytes(ground.change_script(rows).encode())
        written(rows)
        publish(temporary, path)


def ground_of(planting: Planting) -> Ground:
    """The place of a planting, opened again. Raises UnusableInput for one that lies in no table."""
    if planting.data_set is None or planting.kind != plantings.RECORD:
        raise UnusableInput(
            f"{planting.id} lies in no table", hint="trapstreet decoy list shows what lies where"
        )
    key, links = planting.data_set.key_columns, plantings.links_of(planting)
    try:
        return open_ground(planting.location, key=key, links=links)
    except (Unreachable, UnusableInput):
        if same_place(planting.data_set.source, planting.location):
            raise
        return open_ground(planting.data_set.source, key=key, links=links)  # the table has moved


def rows_on(ground: Ground, planting: Planting, workspace: Workspace) -> list[list[Row]]:
    """The rows of a planting as wide as its tables are now."""
    return arranged(ground.tables, plantings.laid_of(planting), plantings.rows_of(planting, workspace.ring))


def undo(workspace: Workspace, planting: Planting) -> Removed:
    """The decoys of a planting taken out of their tables. The workspace must be held for writing."""
    ground = ground_of(planting)
    removed = ground.remove(rows_on(ground, planting, workspace))
    plantings.removed(planting, left=removed.edited, ring=workspace.ring, at=now())
    return removed


def write_removal(workspace: Workspace, planting: Planting, path: Path) -> None:
    """A script that takes them out without trapstreet, for nobody else to read."""
    refuse_taken(path)
    ground = ground_of(planting)
    script = ground.removal_script(rows_on(ground, planting, workspace))
    write_private(path, script.encode())
