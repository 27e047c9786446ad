"""The source of a copy, read again and held against what is registered."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Row
from trapstreet.core.ports import Progress, Table
from trapstreet.decoys import TableModel, TableModelBuilder
from trapstreet.index import (
    DataSetIndex,
    DecoyRows,
    Fingerprinter,
    Prints,
    Segment,
    Shelf,
    living,
    total_digest,
)
from trapstreet.index.runs import among
from trapstreet.keys.ring import KeyRing
from trapstreet.store import catalogue
from trapstreet.store.models import DataSet, Version

U64 = NDArray[np.uint64]


class RegisteredRows:
    """The rows of a table that are registered, in the table's order, as often as one likes.

    Rows that could not be read and rows that are decoys were not registered and are left out.
    """

    def __init__(
        self,
        table: Table,
        index: DataSetIndex,
        prints: Fingerprinter,
        version: Version,
        elsewhere: DecoyRows,
    ) -> None:
        """elsewhere  the decoys of other data sets, known by their addresses: they may be of one table"""
        self._table = table
        self._prints = prints
        self._version = version
        self._living = living(index.versions)
        self._decoys = DecoyRows(index.copies)
        self._elsewhere = elsewhere

    def alive(self, record_ids: U64) -> NDArray[np.bool_]:
        """Which of the records are registered now."""
        return self._living.find(record_ids)[1]

    def batches(self) -> Iterator[Batch]:
        """The rows; raises UnusableInput at the end, or before, if they are not those of the registered
        version."""
        rows, total = 0, 0
        for batch in self._table.batches():
            record_ids = self._prints.record_ids(batch.rows)
            _, known = self._living.find(record_ids)
            real = batch if known.all() else self._without_decoys(batch, record_ids, known)
            total = total_digest(total, self._prints.digests(real.rows))
            rows += len(real.rows)
            yield real
        if rows != self._version.rows or f"{total:016x}" != self._version.digest:
            raise self._changed()

    def _without_decoys(self, batch: Batch, record_ids: np.ndarray, known: np.ndarray) -> Batch:
        strange = np.flatnonzero(~known).tolist()
        prints = self._prints.fingerprints([batch.rows[at] for at in strange])
        if len(self._decoys_among(record_ids[~known], prints)) < len(strange):
            raise self._changed()
        return batch.only(np.flatnonzero(known).tolist())

    def _decoys_among(self, record_ids: U64, prints: Mapping[Kind, Prints]) -> dict[int, str]:
        """The rows that are decoys, as `register` tells them."""
        return self._elsewhere.emails(prints) | self._decoys.copies(record_ids, prints)

    def _changed(self) -> UnusableInput:
        return UnusableInput(
            f"{self._table.label} is not as it was registered (version {self._version.number})",
            hint="pass --new-version to register it as it is now and share that",
        )


class LiveRows(RegisteredRows):
    """The rows that a table has now, its decoys left out, whatever of them is registered.

    strange  what rows show that are not registered as they are, as fingerprints by kind;  strange_ids  their
             RecordIds. Complete after one reading
    """

    def __init__(
        self,
        table: Table,
        index: DataSetIndex,
        prints: Fingerprinter,
        version: Version,
        elsewhere: DecoyRows,
    ) -> None:
        super().__init__(table, index, prints, version, elsewhere)
        self.strange: dict[Kind, list[U64]] = defaultdict(list)
        self.strange_ids: list[U64] = []

    def batches(self) -> Iterator[Batch]:
        """The rows; what of them is not registered is remembered."""
        for batch in self._table.batches():
            record_ids = self._prints.record_ids(batch.rows)
            at, known = self._living.find(record_ids)
            known[known] = self._living.digests[at[known]] == self._prints.digests(batch.rows)[known]
            yield batch if known.all() else self._met(batch, record_ids, np.flatnonzero(~known))

    def _met(self, batch: Batch, record_ids: U64, strange: NDArray[np.intp]) -> Batch:
        """The batch without decoys."""
        prints = self._prints.fingerprints([batch.rows[at] for at in strange.tolist()])
        decoys = self._decoys_among(record_ids[strange], prints)
        for kind, each in prints.items():
            self.strange[kind].append(each.fingerprints[~np.isin(each.rows, list(decoys))])
        self.strange_ids.append(np.delete(record_ids[strange], list(decoys)))
        return batch.only(np.delete(np.arange(len(record_ids)), strange[list(decoys)]).tolist())


@dataclass(frozen=True, slots=True)
class Source:
    """A data set's source, read once and held against what is registered."""

    data_set: DataSet
    version: Version
    columns: tuple[Column, ...]
    prints: Fingerprinter
    rows: RegisteredRows
    model: TableModel

    def arranged(self, rows: Sequence[Row], columns: Sequence[str]) -> list[Row]:
        """Rows whose cells are in these columns, in the order of the table's. Raises UnusableInput where they
        are not the same columns."""
        names = [column.name for column in self.columns]
        if set(columns) != set(names):
            raise UnusableInput(
                f"{self.data_set.name!r} has other columns than when the copy was made",
                hint="withdraw it, and hand out a new one with trapstreet share",
            )
        order = [columns.index(name) for name in names]
        return [tuple(row[at] for at in order) for row in rows]


class Told:
    """Tells progress of the rows that pass, over several passes."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def each(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            yield batch
            self._done += len(batch.rows)
            self._progress(self._done, self._total)


def read_source(
    table: Table,
    data_set: DataSet,
    version: Version,
    *,
    ring: KeyRing,
    shelf: Shelf,
    told: Told,
    rows_of: type[RegisteredRows] = RegisteredRows,
) -> Source:
    """The table that the latest version of a data set was registered from, and how its rows look.

    rows_of  LiveRows takes them as they are by now
    Raises UnusableInput where it is another by now, or only its columns are.
    """
    index = catalogue.index_of(data_set, shelf)
    columns = _as_registered(table, index.columns)
    prints = Fingerprinter(data_set.id, columns, data_set.key_columns, epoch=data_set.epoch, keys=ring)
    rows = rows_of(table, index, prints, version, decoys_elsewhere(data_set.id, data_set.epoch, shelf))
    builder = TableModelBuilder(columns, tuple(data_set.key_columns))
    for batch in told.each(rows.batches()):
        builder.observe(batch)
    return Source(data_set, version, columns, prints, rows, builder.finish())


def decoys_elsewhere(data_set: str, epoch: int, shelf: Shelf) -> DecoyRows:
    """The decoys of other data sets of an epoch than this one (its id)."""
    owners = catalogue.decoy_owners(epoch)
    return DecoyRows({owner: Segment(shelf.copy(of, owner)) for owner, of in owners if of != data_set})


def _as_registered(table: Table, columns: Sequence[Column]) -> tuple[Column, ...]:
    """The registered columns in the order of the table; raises UnusableInput where they are others."""
    known = {column.name: column for column in columns}
    if set(known) != set(table.columns):
        raise UnusableInput(
            f"{table.label} has other columns than it was registered with",
            hint="pass --new-version to register it as it is now and share that",
        )
    return tuple(known[name] for name in table.columns)


def batches_of_records(
    table: Table, data_set: DataSet, record_ids: U64 | None, *, ring: KeyRing
) -> Iterator[tuple[U64, Batch]]:
    """Those of these records that the table holds now, as it has them, with their RecordIds. Protected.

    record_ids  ascending; None for all. One pass over the table.
    Raises UnusableInput where its columns are others than the registered ones by now.
    """
    columns = _as_registered(table, catalogue.columns_of(data_set))
    prints = Fingerprinter(data_set.id, columns, data_set.key_columns, epoch=data_set.epoch, keys=ring)
    for batch in table.batches():
        own = prints.record_ids(batch.rows)
        wanted = np.arange(len(own)) if record_ids is None else np.flatnonzero(among(own, record_ids))
        if len(wanted):
            yield own[wanted], batch.only(wanted.tolist())


def rows_of_records(
    table: Table, data_set: DataSet, record_ids: U64 | None, *, ring: KeyRing
) -> Iterator[tuple[int, Row]]:
    """The same row by row, each with its RecordId, its cells in the order of the registered columns."""
    names = [column.name for column in catalogue.columns_of(data_set)]
    for own, batch in batches_of_records(table, data_set, record_ids, ring=ring):
        order = [table.columns.index(name) for name in names]
        for record_id, row in zip(own.tolist(), batch.rows, strict=True):
            yield record_id, tuple(row[at] for at in order)
