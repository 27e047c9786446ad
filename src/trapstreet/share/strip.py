"""Take a copy's decoys out of a file that came back."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.ports import Progress, Table
from trapstreet.index import DecoyRows, Fingerprinter, Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.share.service import Writer
from trapstreet.store import catalogue
from trapstreet.store.models import DataSet


class Stripped(msgspec.Struct, frozen=True):
    """What was taken out: decoys by copy; `rows` are those that stayed."""

    data_set: str
    rows: int
    rejected: int
    decoys: dict[str, int]


def strip(
    table: Table,
    *,
    ring: KeyRing,
    shelf: Shelf,
    create: Callable[[], AbstractContextManager[Writer]],
    progress: Progress,
) -> Stripped:
    """Write the table again without the decoys of any copy of the data set that it is of.

    Columns may be in another order, and further ones may have been added; the key columns must be there.
    Raises UnusableInput where the table is of no registered data set.
    """
    data_set, prints, decoys = _most_decoys(table, ring, shelf)
    taken: Counter[str] = Counter()
    rows = rejected = 0
    with create() as out:
        for batch in table.batches():
            own = decoys.copies(prints.record_ids(batch.rows), prints.fingerprints(batch.rows))
            taken.update(own.values())
            kept = [at for at in range(len(batch.rows)) if at not in own]
            out.write(batch.only(kept))
            rows += len(kept)
            rejected += len(batch.rejected)
            progress(rows)
    return Stripped(data_set.name, rows, rejected, dict(taken))


def _most_decoys(table: Table, ring: KeyRing, shelf: Shelf) -> tuple[DataSet, Fingerprinter, DecoyRows]:
    """The data set of whose copies the table holds most decoys, and how to know them; one pass for each that
    fits."""
    fitting = [
        each
        for each in DataSet.objects.filter(copies__isnull=False).distinct()
        if set(each.key_columns) <= set(table.columns)
    ]
    if not fitting:
        raise UnusableInput(
            f"{table.label} has the key columns of no data set that copies were made of",
            hint="strip takes a file with the columns of the copy",
        )
    readers = [(each, *_reader(each, table, ring, shelf)) for each in fitting]
    if len(readers) == 1:
        return readers[0]
    return max(readers, key=lambda each: _count(table, *each[1:]))


def _reader(data_set: DataSet, table: Table, ring: KeyRing, shelf: Shelf) -> tuple[Fingerprinter, DecoyRows]:
    index = catalogue.index_of(data_set, shelf)
    known = {column.name: column for column in index.columns}
    unknown = [Column(name, Kind.TEXT, "not registered", ignored=True) for name in table.columns]
    columns = [known.get(column.name, column) for column in unknown]
    prints = Fingerprinter(data_set.id, columns, data_set.key_columns, epoch=data_set.epoch, keys=ring)
    return prints, DecoyRows(index.copies)


def _count(table: Table, prints: Fingerprinter, decoys: DecoyRows) -> int:
    return sum(
        len(decoys.copies(prints.record_ids(batch.rows), prints.fingerprints(batch.rows)))
        for batch in table.batches()
    )
