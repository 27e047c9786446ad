"""Where a person is still to be found: the source, copies that are out, decoys, suppression's memory."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.codebits import PRESENCE, code_bits
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Row, cell_text
from trapstreet.core.ports import Progress, Table
from trapstreet.forget.domain.alike import Texts, count_telling, shown, texts
from trapstreet.forget.domain.erasure import Alike, Holder, SourceState
from trapstreet.forget.domain.identities import Identity
from trapstreet.index import DataSetIndex, held_in
from trapstreet.index.runs import among, distinct
from trapstreet.keys.ring import KeyRing
from trapstreet.registered import batches_of_records
from trapstreet.registered.told import told_key, told_texts
from trapstreet.store import catalogue, copies, plantings
from trapstreet.store.erasures import RowHashes
from trapstreet.store.models import DataSet

U64 = NDArray[np.uint64]

OpenSource = Callable[[DataSet], Table]

_TOLD_BY = (Kind.EMAIL, Kind.PHONE, Kind.REFERENCE)


class Source:
    """What the source of a data set has of a person by now.

    rows  the person's. Protected;  why  it could not be read
    """

    def __init__(
        self,
        data_set: DataSet,
        record_ids: U64,
        *,
        ring: KeyRing,
        open_source: OpenSource,
        progress: Progress,
    ) -> None:
        """Reads the source once. O(rows)."""
        self._data_set = data_set
        self._record_ids = record_ids
        self._ring = ring
        self._open = open_source
        self._progress = progress
        self.rows: list[Row] = []
        self.columns: tuple[str, ...] = ()
        self.why = ""
        try:
            for ids, rows in self._batches():
                self.rows += [rows[at] for at in np.flatnonzero(among(ids, record_ids)).tolist()]
        except TrapstreetError as error:
            self.why = error.message

    @property
    def state(self) -> SourceState:
        if self.why:
            return SourceState.UNREAD
        return SourceState.HOLDS if self.rows else SourceState.GONE

    def alone(self, values: Texts) -> Texts:
        """Which of the values no row of anybody else shows, planted decoys left out. Reads the source
        again."""
        planted = [plantings.record_ids_of(each) for each in self._data_set.plantings.all()]
        known = distinct(np.concatenate([self._record_ids, *planted]))
        left = values
        for ids, rows in self._batches():
            others = (rows[at] for at in np.flatnonzero(~among(ids, known)).tolist())
            left = left.difference(*shown(others, left))
        return left

    def cells(self, kind: Kind) -> list[str]:
        """What the person's rows have in columns of a kind. Protected."""
        kinds = {column.name: column.kind for column in catalogue.columns_of(self._data_set)}
        at = [place for place, name in enumerate(self.columns) if kinds[name] is kind]
        return [text for row in self.rows for place in at if (text := cell_text(row[place]))]

    def _batches(self) -> Iterator[tuple[U64, Sequence[Row]]]:
        """The rows of each batch with their RecordIds."""
        table = self._open(self._data_set)
        self.columns = tuple(table.columns)
        total, done = catalogue.latest(self._data_set).rows, 0
        for ids, batch in batches_of_records(table, self._data_set, None, ring=self._ring):
            done += len(ids)
            self._progress(min(done, total), total)
            yield ids, batch.rows


def copies_with(data_set: DataSet, index: DataSetIndex, ids: U64, *, ring: KeyRing) -> tuple[Holder, ...]:
    """The copies that any of these records was handed out in, in the order of issue."""
    alive = {number: there for number, (there, _) in enumerate(held_in(ids, index.versions), start=1)}
    editions = catalogue.editions_of([data_set.id])
    found = []
    for copy in catalogue.copies_of([data_set.id]):
        rows = copies.p_table_of(copy).rows
        held = code_bits(ring.code_key(copy.id), ids, slot=PRESENCE, threshold=rows)
        versions = tuple(number for number in sorted(editions[copy.id]) if (alive[number] & held).any())
        if versions:
            found.append(Holder(copy.id, copy.recipient_id, versions))
    return tuple(found)


def decoys_like(
    data_set: DataSet, given: Sequence[str], source: Source, *, ring: KeyRing
) -> tuple[Alike, ...]:
    """The owners of decoys that show a value of the person's which nobody else has, as far as the source
    tells; of a person whom it holds no longer, a value that was given."""
    named = texts(given)
    of_rows = texts(chain.from_iterable(source.rows)) - named
    met = {owner: shown(rows, named | of_rows) for owner, rows in _decoys(data_set, ring)}
    doubtful = of_rows.intersection(chain.from_iterable(chain.from_iterable(met.values())))
    telling = named | (source.alone(doubtful) if doubtful else frozenset())
    counts = {owner: count_telling(each, telling) for owner, each in met.items()}
    return tuple(Alike(owner, count) for owner, count in counts.items() if count)


def row_hashes(
    data_set: DataSet, ids: U64, given: Sequence[Identity], source: Source, *, ring: KeyRing
) -> RowHashes:
    """The hashes that suppression remembers rows by: of the person's known spellings."""
    key = told_key(data_set.id, ring)
    hashes = {"key": ids}
    for kind in _TOLD_BY:
        spelled = [each.value.reveal() for each in given if each.by.value == kind.value] + source.cells(kind)
        hashes[kind.value] = record_ids(key, [(text,) for text in told_texts(spelled)])
    return hashes


def _decoys(data_set: DataSet, ring: KeyRing) -> Iterator[tuple[str, Sequence[Row]]]:
    """The rows of all decoys by owner, linked tables' included. Protected."""
    for copy in data_set.copies.iterator():
        yield copy.id, copies.rows_of(copy, ring)
    for pool in data_set.pools.iterator():
        yield pool.id, copies.rows_of(pool, ring)
    for planting in data_set.plantings.iterator():
        yield planting.id, list(chain.from_iterable(plantings.rows_of(planting, ring)))
