"""How well decoys would hide: made, put among the rows of the table in memory, and attacked."""

from collections.abc import Sequence

import numpy as np

from trapstreet.core.model.table import Cell, Row
from trapstreet.core.ports import Ground, Progress
from trapstreet.decoys import DecoySettings, insert
from trapstreet.decoys.audit import Audit, LinkedRows, Seen, audit
from trapstreet.index import Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.plant.making import make
from trapstreet.plant.service import Here, read_live
from trapstreet.store import plantings
from trapstreet.store.models import DataSet


def audit_decoys(
    here: Here,
    data_set: DataSet,
    *,
    decoys: int,
    settings: DecoySettings,
    ring: KeyRing,
    shelf: Shelf,
    progress: Progress,
) -> Audit:
    """What an attacker tells of so many decoys in the data set's table; nothing is written.

    Two passes over the table and one over each that refers to it; all of their rows are in memory.
    Raises UnusableInput as `plant` does, and for fewer than 20 decoys.
    """
    source = read_live(here.table, data_set, ring=ring, shelf=shelf, progress=progress)
    planting = plantings.new_planting_id()
    made = make(source, here.ground, planting, settings=settings, count=decoys, ring=ring, shelf=shelf)
    rows: list[Row] = []
    lines: list[int] = []
    for batch in insert(made.decoys, source.rows.batches()):
        rows += batch.rows
        lines += batch.lines
    linked = tuple(
        _linked(here.ground, number, rows, made.rows[number])
        for number, table in enumerate(here.ground.tables)
        if table.parent == 0
    )
    seen = Seen(source.columns, rows, np.array(lines) == 0, tuple(data_set.key_columns), linked)
    return audit(seen, settings)


def _linked(ground: Ground, number: int, roots: Sequence[Row], kin: Sequence[Row]) -> LinkedRows:
    """The rows of a table that refers to the root, those of decoys among them, in the order of their keys."""
    table = ground.tables[number]
    rows = [row for batch in ground.table(number).batches() for row in batch.rows] + list(kin)
    positions = {_cells(row, table.referred): at for at, row in enumerate(roots)}
    kept = [row for row in rows if _cells(row, table.refers) in positions]
    kept.sort(key=lambda row: [(type(row[at]).__name__, row[at]) for at in table.key])
    parents = np.array([positions[_cells(row, table.refers)] for row in kept], dtype=np.int64)
    return LinkedRows(table.name, table.columns, kept, parents)


def _cells(row: Row, positions: Sequence[int]) -> tuple[Cell, ...]:
    return tuple(row[at] for at in positions)
