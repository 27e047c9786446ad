"""Decoys that lie in an object of their own, outside the table whose rows they look like."""

from collections.abc import Callable, Sequence
from pathlib import Path

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Progress, Table
from trapstreet.decoys import DecoySettings, generate, owned, tokens
from trapstreet.index import Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.plant.making import DECOYS_LABEL, taken
from trapstreet.plant.service import inventory, read_live
from trapstreet.registered import kept_if_registered, profiles_of, write_index
from trapstreet.store import plantings
from trapstreet.store.models import DataSet, Planting
from trapstreet.store.plantings import Laid, NewPlanting, Particulars


def lay(
    table: Table,
    data_set: DataSet,
    *,
    kind: str,
    place: str,
    decoys: int,
    settings: DecoySettings,
    ring: KeyRing,
    shelf: Shelf,
    seal: Callable[[str, bytes], Path],
    now: int,
    progress: Progress,
) -> tuple[Planting, tuple[str, ...]]:
    """A planting of so many decoys that nobody else has, registered as planned: its rows are for the caller
    to put where `place` says. And why they can be picked out, () where nothing obvious gives them away.

    kind  what it is called where plantings are listed
    One pass over the table.
    Raises UnusableInput as `decoys.generate` does, and where the table cannot be read.
    """
    source = read_live(table, data_set, ring=ring, shelf=shelf, progress=progress)
    planting = plantings.new_planting_id()
    made = generate(
        source.model,
        settings,
        draws=KeyedDraws(ring.siphash_key("planting", planting), DECOYS_LABEL),
        count=decoys,
        taken=taken(source, ring=ring, shelf=shelf),
        visited={value for channel, value in plantings.all_tokens(ring) if channel == "http"},
    )
    columns = tuple(column.name for column in source.columns)
    rows: Sequence[Row] = [decoy.cells for decoy in made.decoys]
    alone = GroundTable(data_set.name, columns, (True,) * len(columns), ())
    new = NewPlanting(
        kind,
        place,
        Particulars(),
        decoys=len(rows),
        at=now,
        data_set=data_set,
        laid=Laid((data_set.name,), (columns,), (rows,), ()),
        record_ids=tuple(source.prints.record_ids(rows).tolist()),
        profiles=profiles_of(made.decoys, source.columns),
        strippable=bool(made.strippable),
        tokens=tokens([alone], [rows], owned(settings), shared=made.shared),
    )
    with kept_if_registered(planting) as files:
        files.append(seal(f"planting-{planting}", inventory(planting, new)))
        files.append(write_index(planting, rows, source, shelf))
        return plantings.add(planting, new, ring=ring), made.strippable
