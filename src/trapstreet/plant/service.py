"""Plant decoys: read the table as it is, make persons that fit in, write them, and know where they lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec.structs import replace

from trapstreet.core.maths.entropy import Profile
from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Row, cell_text
from trapstreet.core.ports import Ground, Progress, Table
from trapstreet.decoys import DecoySettings, owned, tokens
from trapstreet.decoys.donors import spread_order, strata
from trapstreet.decoys.phones import owned_numbers
from trapstreet.index import Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.plant.domain.coverage import Coverage, coverage, suggested_decoys
from trapstreet.plant.domain.kinships import kinships
from trapstreet.plant.making import make
from trapstreet.registered import (
    LiveRows,
    Source,
    Told,
    kept_if_registered,
    profiles_of,
    read_source,
    write_index,
)
from trapstreet.store import catalogue, plantings
from trapstreet.store.models import DataSet
from trapstreet.store.plantings import Laid, NewPlanting, Particulars

INVENTORY = "ts-inventory-1"

CAUTION = 1000
"""Thousandths of a bit."""

Seal = Callable[[str, bytes], Path]
"""Keeps an inventory where the recovery kit can read it: (name, content)."""


class Planted(msgspec.Struct, frozen=True):
    """What planting did.

    state       "planted", or "planned" where a script will do it
    rows        by table, the root's first: one for each decoy
    strippable  why the decoys can be picked out, () where nothing obvious gives them away
    """

    planting: str
    data_set: str
    place: str
    state: str
    decoys: int
    rows: dict[str, int]
    strippable: tuple[str, ...]
    notes: tuple[str, ...]


Written = Callable[[Sequence[Sequence[Row]]], None]
"""Told of rows as they will be stored, when they are written but not yet lasting."""


class Write(Protocol):
    """Puts rows into the tables of a ground, one sequence each."""

    def __call__(self, rows: Sequence[Sequence[Row]], *, written: Written) -> object: ...


@dataclass(frozen=True, slots=True)
class Here:
    """Where decoys are to lie.

    table  the data set's source, to be read;  ground  the same table, and those that refer to it
    links  the files that do
    """

    table: Table
    ground: Ground
    links: tuple[Link, ...] = ()


def plant(
    here: Here,
    data_set: DataSet,
    *,
    decoys: int,
    particulars: Particulars,
    settings: DecoySettings,
    write: Write,
    lasting: bool,
    ring: KeyRing,
    shelf: Shelf,
    seal: Seal,
    now: int,
    progress: Progress,
) -> Planted:
    """Put decoys into a data set's table and those that refer to it, all or none.

    write    how they get there, `Ground.plant` or a script
    lasting  whether they are there once that has ended; else they are planned until `reconcile` sees them
    They are registered while their rows are written and not yet lasting: there is never a decoy in the table
    that nobody could find. One pass over each table.
    Raises UnusableInput, AccessDenied or Unreachable where the table does not take them; nothing is planted
    or registered then. Where the connection is lost at the very end they stay registered as planned, and
    `reconcile` finds out.
    """
    source = read_live(here.table, data_set, ring=ring, shelf=shelf, progress=progress)
    planting = plantings.new_planting_id()
    made = make(source, here.ground, planting, settings=settings, count=decoys, ring=ring, shelf=shelf)

    def written(stored: Sequence[Sequence[Row]]) -> None:
        new = NewPlanting(
            plantings.RECORD,
            here.ground.label,
            particulars,
            decoys=len(stored[0]),
            at=now,
            data_set=data_set,
            location=data_set.source,
            links=here.links,
            laid=_laid(here.ground, stored),
            record_ids=tuple(source.prints.record_ids(stored[0]).tolist()),
            profiles=_cautious(profiles_of(made.decoys.decoys, source.columns)),
            strippable=bool(made.decoys.strippable),
            tokens=tokens(here.ground.tables, stored, owned(settings), shared=made.decoys.shared),
        )
        _register(planting, new, source, ring=ring, shelf=shelf, seal=seal)

    write(made.rows, written=written)
    if lasting:
        plantings.planted(plantings.planting_named(planting), ring=ring, at=now)
    return Planted(
        planting=planting,
        data_set=data_set.name,
        place=here.ground.label,
        state=plantings.PLANTED if lasting else plantings.PLANNED,
        decoys=len(made.rows[0]),
        rows={table.name: len(rows) for table, rows in zip(here.ground.tables, made.rows, strict=True)},
        strippable=made.decoys.strippable,
        notes=(*made.notes, *here.ground.remarks),
    )


def _laid(ground: Ground, rows: Sequence[Sequence[Row]]) -> Laid:
    tables = ground.tables
    return Laid(
        names=tuple(each.name for each in tables),
        columns=tuple(each.columns for each in tables),
        rows=rows,
        kinships=kinships(tables, rows),
    )


def _cautious(profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """Each draw worth CAUTION less: what was refused because somebody has it is estimated, where decoys
    hide, from the decoys themselves."""
    return tuple(replace(each, bits=tuple(max(0, bits - CAUTION) for bits in each.bits)) for each in profiles)


def cover(
    table: Table,
    data_set: DataSet,
    *,
    decoys: int | None,
    settings: DecoySettings,
    ring: KeyRing,
    shelf: Shelf,
    progress: Progress,
) -> Coverage:
    """Which thefts so many decoys would show, None for as many as suit the table; nothing is written. One
    pass."""
    model = read_live(table, data_set, ring=ring, shelf=shelf, progress=progress).model
    return coverage(
        model.rows,
        model.columns,
        model.sample,
        strata=strata(model),
        order=spread_order(model),
        decoys=decoys or suggested_decoys(model.rows),
        numbers=owned_numbers(settings.phones).size if model.phones else 0,
    )


def read_live(table: Table, data_set: DataSet, *, ring: KeyRing, shelf: Shelf, progress: Progress) -> Source:
    """A data set's table as it is by now, and how its rows look. One pass."""
    version = catalogue.latest(data_set)
    told = Told(progress, version.rows)
    return read_source(table, data_set, version, ring=ring, shelf=shelf, told=told, rows_of=LiveRows)


def _register(
    planting: str, new: NewPlanting, source: Source, *, ring: KeyRing, shelf: Shelf, seal: Seal
) -> None:
    """The planting is in the registry, its decoys in the index and in a sealed inventory; or none is."""
    with kept_if_registered(planting) as files:
        files.append(seal(f"planting-{planting}", inventory(planting, new)))
        files.append(write_index(planting, new.laid.rows[0], source, shelf))
        plantings.add(planting, new, ring=ring)


def inventory(planting: str, new: NewPlanting) -> bytes:
    """What somebody needs who has nothing left but the recovery kit: where decoys are, and how they look."""
    return canonical_cbor(
        {
            "format": INVENTORY,
            "planting": planting,
            "kind": new.kind,
            "place": new.place,
            "tables": [
                {
                    "name": name,
                    "columns": list(columns),
                    "decoys": [[cell_text(cell) for cell in row] for row in rows],
                }
                for name, columns, rows in zip(new.laid.names, new.laid.columns, new.laid.rows, strict=True)
            ],
            "tokens": [list(token) for token in new.tokens],
        }
    )
