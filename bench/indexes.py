"""Indexes to search with: the registered customers alone, among 100 million others, among other data sets."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measuring import SEED
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind
from trapstreet.index import Fingerprinter, Lookup, Owner
from trapstreet.index.table import Table, build
from trapstreet.store import catalogue

KEYS_PER_RECORD = 3
_PARTS = 256

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
Row = tuple[str, ...]


class Index:
    """The index of one registered table, and larger ones made of it.

    Keys of records that nobody registered are random numbers, as fingerprints are: a search cannot tell.
    """

    def __init__(self, workspace: Path, rows: Sequence[Row]) -> None:
        """rows  of the table, as it was registered in the workspace as `customers`"""
        opened = Workspace.open(workspace)
        data_set = catalogue.index_of(catalogue.data_set_named("customers"), shelf_of(opened))
        self.lookup = Lookup([data_set])
        self.key_of: Callable[[Kind, int], bytes] = opened.ring.fingerprint_key
        first = data_set.columns[0].name
        prints = Fingerprinter(
            data_set.data_set, data_set.columns, [first], epoch=data_set.epoch, keys=opened.ring
        ).fingerprints(rows)
        anchors = [each for kind, each in prints.items() if kind in dict(self.lookup.anchors())]
        self._fingerprints = np.concatenate([each.fingerprints for each in anchors])
        self._records = np.concatenate([each.rows for each in anchors])

    def among(self, records: int) -> Lookup:
        """The customers among so many records, in one table."""
        real = self.lookup.tables[0]
        return self._with([_enlarged(real, self._fingerprints, self._records, records)], 1)

    def beside(self, data_sets: int) -> Lookup:
        """The customers' data set beside others of its size and columns: so many in all."""
        real = self.lookup.tables[0]
        nobody = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint32)
        others = [
            _enlarged(real, *nobody, len(real.record_ids), owner=number) for number in range(1, data_sets)
        ]
        return self._with([real, *others], data_sets)

    def _with(self, tables: list[Table], data_sets: int) -> Lookup:
        lookup = copy.copy(self.lookup)
        lookup.tables = tuple(tables)
        lookup.data_sets = self.lookup.data_sets * data_sets
        lookup.owners = [Owner(number, version=1) for number in range(data_sets)]
        return lookup


def _enlarged(real: Table, fingerprints: U64, records: U32, count: int, *, owner: int = 0) -> Table:
    """A table of `count` records: those given, with what the real table has of them, and random others.

    32 bytes a record while it is made beside what it takes; 20 s for 100 million.
    """
    random = np.random.default_rng(SEED + owner)
    known = len(real.record_ids) if len(records) else 0
    others = (count - known) * KEYS_PER_RECORD
    keys, numbers = _sorted_keys(random, others, known, count)
    order = np.argsort(fingerprints)
    places = np.searchsorted(keys, fingerprints[order])
    keys = np.insert(keys, places, fingerprints[order])
    numbers = np.insert(numbers, places, records[order])
    return Table(
        real.epoch,
        *build(keys, numbers, count=count),
        record_ids=_extended(random, real.record_ids[:known], count),
        owners=owner,
        slots={kind: _extended(random, slots[:known], count) for kind, slots in real.slots.items()},
    )


def _sorted_keys(random: np.random.Generator, keys: int, first: int, end: int) -> tuple[U64, U32]:
    """Random fingerprints in their order, and for each a record in [first, end)."""
    fingerprints = np.empty(keys, dtype=np.uint64)
    bounds = np.linspace(0, keys, _PARTS + 1).astype(np.int64).tolist()
    width = 1 << 56
    for part in range(_PARTS):
        drawn = random.integers(part * width, (part + 1) * width, bounds[part + 1] - bounds[part], np.uint64)
        drawn.sort()
        fingerprints[bounds[part] : bounds[part + 1]] = drawn
    return fingerprints, random.integers(first, end, keys, np.uint32)


def _extended(random: np.random.Generator, known: NDArray[Any], count: int) -> NDArray[Any]:
    """The array with random rows behind those known."""
    made = np.empty((count, *known.shape[1:]), dtype=known.dtype)
    made[: len(known)] = known
    made[len(known) :] = random.integers(1, np.iinfo(known.dtype).max, made[len(known) :].shape, known.dtype)
    return made
