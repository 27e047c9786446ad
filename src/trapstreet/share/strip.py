"""Take a copy's decoys out of a file that came back."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import msgspec

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.ports import Progress, Table
from trapstreet.index import DecoyRows, Fingerprinter, Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.registered.source import batches_of_records
from trapstreet.share.domain.marking import Marked, SourceSpelling, marked
from trapstreet.share.service import Writer
from trapstreet.store import catalogue, copies
from trapstreet.store.models import DataSet


class Stripped(msgspec.Struct, frozen=True):
    """What was taken out: decoys by the copy, or the pool, that they are of; `rows` are those that stayed.

    restored  rows with a value that is spelled as in the source again
    withheld  copies among these from which rows were withheld: they are not in the table
    unmended  why marked values stay as they are; "" where they do not, or where there are none
    """

    data_set: str
    rows: int
    rejected: int
    decoys: dict[str, int]
    restored: int
    withheld: list[str]
    unmended: str


def strip(
    table: Table,
    *,
    ring: KeyRing,
    shelf: Shelf,
    source: Callable[[DataSet], Table],
    create: Callable[[], AbstractContextManager[Writer]],
    progress: Progress,
) -> Stripped:
    """Write the table again without the decoys of any copy of the data set that it is of, and with the
    source's spelling where copies have marks.

    Columns may be in another order, and further ones may have been added; the key columns must be there.
    source  opens a data set's table, which is read only where its copies have marks
    Raises UnusableInput where the table is of no registered data set.
    """
    data_set, prints, decoys = _most_decoys(table, ring, shelf)
    spelling, unmended = _spelling(data_set, table, source, ring)
    taken: Counter[str] = Counter()
    rows = rejected = restored = 0
    with create() as out:
        for batch in table.batches():
            record_ids = prints.record_ids(batch.rows)
            own = decoys.copies(record_ids, prints.fingerprints(batch.rows))
            taken.update(own.values())
            kept = [at for at in range(len(batch.rows)) if at not in own]
            left = batch.only(kept)
            changed = spelling.restored(left.rows, record_ids[kept])
            out.write(left.with_rows(changed) if changed else left)
            rows += len(kept)
            restored += len(changed)
            rejected += len(batch.rejected)
            progress(rows)
    met = data_set.copies.filter(id__in=list(taken)).only("id", "p_table")
    withheld = [copy.id for copy in met if copies.p_table_of(copy).withholds]
    return Stripped(data_set.name, rows, rejected, dict(taken), restored, withheld, unmended)


def _spelling(
    data_set: DataSet, table: Table, source: Callable[[DataSet], Table], ring: KeyRing
) -> tuple[SourceSpelling, str]:
    """How the source spells the columns that copies mark, and why that cannot be said."""
    tables = {copies.p_table_of(each) for each in data_set.copies.only("p_table")}
    codes = {(code.column, code.mark): code for each in tables for code in each.marks}
    known = {column.name: column for column in catalogue.columns_of(data_set)}

    def of(names: Sequence[str]) -> list[Marked]:
        columns = [known.get(name, Column(name, Kind.TEXT, "not registered")) for name in names]
        return marked(list(codes.values()), columns)

    if not codes:
        return SourceSpelling([], []), ""
    try:
        opened = source(data_set)
        spelling = SourceSpelling(of(opened.columns), of(table.columns))
        for record_ids, batch in batches_of_records(opened, data_set, None, ring=ring):
            spelling.learn(record_ids, batch.rows)
    except TrapstreetError as error:
        return SourceSpelling([], []), f"marked values stay as they are: {error.message}"
    return spelling, ""


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
