"""Register a table: read it once, fingerprint what is new, write a version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import NORMAL_FORMS, Column, Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Rejected, Row
from trapstreet.core.ports import Keys, Progress, Table
from trapstreet.index import (
    DecoyRows,
    Fingerprinter,
    Header,
    Segment,
    SegmentWriter,
    Shelf,
    is_planting,
    living,
)
from trapstreet.register.domain.changes import Changes
from trapstreet.register.domain.plan import Asked, Known, Plan, plan
from trapstreet.register.entry import Entry
from trapstreet.registered import decoys_elsewhere
from trapstreet.store import catalogue, copies, registrations
from trapstreet.store.models import Copy, DataSet

U64 = NDArray[np.uint64]

EPOCH = 1
SAMPLE = 5_000


class Registration(msgspec.Struct, frozen=True):
    """What registering did; `new` is False where the table is as its last version knows it.

    reread      every record was entered anew, since its columns are read in another way than before
    moved_from  where the data set was read from before, if that is another place; else ""
    rejected    rows that could not be read, with their lines
    decoy_rows  rows left out because they are decoys: how many, by copy
    set_aside   values that are not searched for, since more than SHARED records of the version share them
    """

    name: str
    version: int
    new: bool
    reread: bool
    moved_from: str
    rows: int
    rejected: tuple[Rejected, ...]
    decoy_rows: Mapping[str, int]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    fingerprints: int
    set_aside: Mapping[Kind, int]
    appeared: int
    changed: int
    went: int


def register(
    table: Table,
    name: str,
    *,
    source: str,
    asked: Asked,
    keys: Keys,
    shelf: Shelf,
    now: int,
    progress: Progress,
) -> Registration:
    """Enter a table's fingerprints as a new version of the data set `name`; the same table again changes
    nothing.

    source  where the table lies, without a password: `share` reads it again
    now     Unix time in microseconds, UTC
    One pass over the table; memory grows by some 40 bytes per record (ids, digests, lines).
    Raises UnusableInput for a table without a usable column or key, with repeated or empty keys, or with more
    than 1 % of its rows unreadable. Nothing is written then.
    """
    target = _target(table, name, asked, keys)
    numbers = range(1, target.number)
    versions = [Segment(shelf.version(target.data_set, number)) for number in numbers]
    changes = Changes(living(versions), reread=target.reread)
    header = Header(target.data_set, f"version:{target.number}", target.epoch, NORMAL_FORMS)
    with SegmentWriter(header, scratch=shelf.scratch) as writer:
        decoys = _decoys(target.data_set, target.epoch, shelf)
        entry = Entry(target.plan, target.prints, decoys, changes, writer, where=table.label)
        for batch in table.batches():
            entry.take(batch)
            progress(changes.rows)
        entry.check()
        _refuse_coded_copies(entry.decoy_rows, where=table.label)
        if target.known and not all(map(is_planting, entry.decoy_rows)):
            source = target.known.source  # a copy that came back is not where the data set lies
        new = target.known is None or not changes.none
        if new:
            _write(target, name, source, entry, shelf=shelf, now=now)
        elif target.known is not None:
            registrations.checked(target.known, source=source, at=now)
        moved_from = target.known.source if target.known and target.known.source != source else ""
        return _registration(target, name, entry, writer, new=new, moved_from=moved_from)


@dataclass(frozen=True, slots=True)
class _Target:
    """What the table is entered as: a version of a data set that is known, or the first of a new one."""

    known: DataSet | None
    data_set: str
    number: int
    epoch: int
    plan: Plan
    prints: Fingerprinter

    @property
    def reread(self) -> bool:
        """The columns are read in another way than in the version before."""
        return self.known is not None and catalogue.latest(self.known).plan != self.prints.plan


def _target(table: Table, name: str, asked: Asked, keys: Keys) -> _Target:
    known = DataSet.objects.filter(name=name).first()
    planned = plan(table.columns, _sample(table), asked, _known(known), where=table.label)
    data_set = known.id if known else catalogue.new_id("ds")
    number = catalogue.latest(known).number + 1 if known else 1
    epoch = known.epoch if known else EPOCH
    prints = Fingerprinter(data_set, planned.columns, planned.key, epoch=epoch, keys=keys)
    return _Target(known, data_set, number, epoch, planned, prints)


def _write(target: _Target, name: str, source: str, entry: Entry, *, shelf: Shelf, now: int) -> None:
    """The version is in the registry and its segment on the shelf, or neither is."""
    facts = registrations.NewVersion(
        data_set=target.data_set,
        name=name,
        source=source,
        key=target.plan.key,
        columns=target.plan.columns,
        epoch=target.epoch,
        plan=target.prints.plan,
        reread=target.reread,
        number=target.number,
        counts=entry.changes.counts(),
        at=now,
    )
    segment = shelf.version(target.data_set, target.number)
    try:
        entry.write(segment)
        registrations.add(facts, rejected=len(entry.rejected))
    finally:
        if not registrations.is_registered(target.data_set, target.number):
            segment.unlink(missing_ok=True)


def _registration(
    target: _Target, name: str, entry: Entry, writer: SegmentWriter, *, new: bool, moved_from: str
) -> Registration:
    changes = entry.changes
    return Registration(
        name=name,
        version=target.number if new else target.number - 1,
        new=new,
        reread=changes.reread,
        moved_from=moved_from,
        rows=changes.rows,
        rejected=tuple(entry.rejected),
        decoy_rows=dict(entry.decoy_rows),
        key=target.plan.key,
        columns=target.plan.columns,
        fingerprints=writer.fingerprints,
        set_aside=writer.set_aside,
        appeared=changes.appeared,
        changed=changes.changed,
        went=changes.went,
    )


def _decoys(data_set: str, epoch: int, shelf: Shelf) -> tuple[DecoyRows, DecoyRows]:
    """The decoys of the data set's own copies, pools and plantings, and those of other data sets."""
    owners = catalogue.decoy_owners(epoch)
    own = {owner: Segment(shelf.copy(of, owner)) for owner, of in owners if of == data_set}
    return DecoyRows(own), decoys_elsewhere(data_set, epoch, shelf)


def _refuse_coded_copies(owners: Iterable[str], *, where: str) -> None:
    """A copy that came back would end the records that it goes without, and change those that it marks."""
    for copy in Copy.objects.filter(id__in=list(owners)).only("p_table"):
        table = copies.p_table_of(copy)
        if table.withholds or table.marks:
            raise UnusableInput(
                f"{where} is copy {copy.id}, in which rows are withheld or marked",
                hint="register the data set's own table; nothing was registered",
            )


def _known(data_set: DataSet | None) -> Known | None:
    return Known(catalogue.columns_of(data_set), tuple(data_set.key_columns)) if data_set else None


def _sample(table: Table) -> list[Row]:
    return list(islice(chain.from_iterable(batch.rows for batch in table.batches(SAMPLE)), SAMPLE))
