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
    data_set = _data_set_of(table)
    index = catalogue.index_of(data_set, shelf)
    known = {column.name: column for column in index.columns}
    columns = [
        known.get(name) or Column(name, Kind.TEXT, "not registered", ignored=True) for name in table.columns
    ]
    prints = Fingerprinter(data_set.id, columns, data_set.key_columns, epoch=data_set.epoch, keys=ring)
    decoys = DecoyRows(index.copies)
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


def _data_set_of(table: Table) -> DataSet:
    """The data set that shares most columns with the table, its key among them."""
    fitting = {
        each: len({column["name"] for column in each.columns} & set(table.columns))
        for each in DataSet.objects.filter(copies__isnull=False).distinct()
        if set(each.key_columns) <= set(table.columns)
    }
    if not fitting:
        raise UnusableInput(
            f"{table.label} has the key columns of no data set that copies were made of",
            hint="strip takes a file with the columns of the copy",
        )
    return max(fitting, key=lambda each: fitting[each])
