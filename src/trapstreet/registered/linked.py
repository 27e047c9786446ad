"""The numbers of rows that belong to decoys in linked tables: those of their orders, tickets, contacts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.model.ground import referred_to
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Row
from trapstreet.index.runs import distinct
from trapstreet.keys.ring import KeyRing
from trapstreet.store import plantings
from trapstreet.store.models import DataSet, Planting

U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class LinkedKey:
    """Columns that tell the rows of a table that refers to a planted one. `table` as people call it."""

    table: str
    columns: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """`orders.number`: its columns, as users name them where a column of another table may be meant."""
        return tuple(f"{self.table}.{column}" for column in self.columns)


@dataclass(frozen=True, slots=True)
class LinkedKeys:
    """What is known of the linked tables of a data set's plantings.

    keys     each once;  outdated  plantings of which nobody noted them: `reconcile` does
    """

    keys: tuple[LinkedKey, ...]
    outdated: tuple[str, ...]


def linked_keys(data_set: DataSet) -> LinkedKeys:
    """By what rows of linked tables are known of all plantings in the data set's table."""
    keys: dict[LinkedKey, None] = {}
    outdated = []
    for planting in plantings.plantings_of([data_set.id]):
        noted = plantings.kinships_of(planting)
        if noted is None:
            outdated.append(planting.id)
        for (name, _), kinship in zip(plantings.laid_of(planting)[1:], noted or (), strict=False):
            keys |= {LinkedKey(_called(name), columns): None for columns in kinship.keys}
    return LinkedKeys(tuple(keys), tuple(outdated))


def number_key(data_set: str, ring: KeyRing) -> bytes:
    """The key of the hashes of linked tables' numbers."""
    return ring.siphash_key("linked", data_set)


def numbers_of(data_set: DataSet, keys: Sequence[LinkedKey], *, ring: KeyRing) -> list[U64]:
    """For each key the hashes, ascending, of its cells in the rows of decoys that lie in the table now.

    Planned decoys are not there yet, and what was taken out may be somebody's by now. A hash is that of the
    form `key-1` (core.model.record_id).
    """
    secret = number_key(data_set.id, ring)
    found: dict[LinkedKey, list[Row]] = {key: [] for key in keys}
    for planting in data_set.plantings.all():
        for key, cells in _told(planting, ring):
            if key in found:
                found[key].append(cells)
    return [distinct(record_ids(secret, found[key])) for key in keys]


def _told(planting: Planting, ring: KeyRing) -> Iterator[tuple[LinkedKey, Row]]:
    """The cells of each key in each linked row of decoys that are in place. Protected."""
    noted = plantings.kinships_of(planting)
    there = {
        each.at
        for each in plantings.decoys_of(planting)
        if each.state != plantings.PLANNED and each.removed_at is None
    }
    if not noted or not there:
        return
    columns = [each for _, each in plantings.laid_of(planting)]
    rows = plantings.rows_of(planting, ring)
    decoys: list[Sequence[int | None]] = [range(planting.decoys)]
    for number, kinship in enumerate(noted, start=1):
        own, above, of = columns[number], columns[kinship.parent], decoys[kinship.parent]
        refers, referred = map(own.index, kinship.refers), map(above.index, kinship.referred)
        parents = referred_to(rows[number], tuple(refers), rows[kinship.parent], tuple(referred))
        decoys.append([None if parent is None else of[parent] for parent in parents])
        for names in kinship.keys:
            at = [own.index(column) for column in names]
            key = LinkedKey(_called(plantings.laid_of(planting)[number][0]), names)
            for row, decoy in zip(rows[number], decoys[number], strict=True):
                cells = tuple(row[column] for column in at)
                if decoy in there and not {None, ""}.intersection(cells):
                    yield key, cells


def _called(name: str) -> str:
    """`orders`, of public.orders or of /data/orders.csv."""
    return PurePath(name).stem if "/" in name else name.rpartition(".")[2]
