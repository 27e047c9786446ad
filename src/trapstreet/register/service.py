"""Register a table: read it once, fingerprint what is new, write a version."""

from collections import Counter
from collections.abc import Mapping
from itertools import chain, islice

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import NORMAL_FORMS, Column
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Rejected, Row
from trapstreet.core.ports import Keys, Progress, Table
from trapstreet.index import DecoyRows, Fingerprinter, Header, Segment, SegmentWriter, Shelf, living
from trapstreet.register.domain.changes import Changes
from trapstreet.register.domain.keys import refuse_empty, refuse_repeated
from trapstreet.register.domain.plan import Asked, Known, Plan, plan
from trapstreet.store import catalogue, registrations
from trapstreet.store.models import Copy, DataSet

U64 = NDArray[np.uint64]

EPOCH = 1
SAMPLE = 5_000
MOST_REJECTED = 0.01


class Registration(msgspec.Struct, frozen=True):
    """What registering did; `new` is False where the table is as its last version knows it.

    reread      every record was entered anew, since its columns are read in another way than before
    rejected    rows that could not be read, with their lines
    decoy_rows  rows left out because they are decoys: how many, by copy
    """

    name: str
    version: int
    new: bool
    reread: bool
    rows: int
    rejected: tuple[Rejected, ...]
    decoy_rows: Mapping[str, int]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    fingerprints: int
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
    known = DataSet.objects.filter(name=name).first()
    planned = plan(table.columns, _sample(table), asked, _known(known), where=table.label)
    data_set = known.id if known else catalogue.new_id("ds")
    number = catalogue.latest(known).number + 1 if known else 1
    epoch = known.epoch if known else EPOCH
    prints = Fingerprinter(data_set, planned.columns, planned.key, epoch=epoch, keys=keys)
    versions = [Segment(shelf.version(data_set, each)) for each in range(1, number)]
    decoys, elsewhere = _decoys(data_set, epoch, shelf)
    changes = Changes(
        living(versions), reread=known is not None and catalogue.latest(known).plan != prints.plan
    )
    header = Header(data_set, f"version:{number}", epoch, NORMAL_FORMS)
    with SegmentWriter(header, scratch=shelf.scratch) as writer:
        entry = _Entry(planned, prints, (decoys, elsewhere), changes, writer, where=table.label)
        for batch in table.batches():
            entry.take(batch)
            progress(changes.rows)
        entry.check()
        new = known is None or not changes.none
        if new:
            facts = registrations.NewVersion(
                data_set=data_set,
                name=name,
                source=known.source if known and entry.decoy_rows else source,
                key=planned.key,
                columns=planned.columns,
                epoch=epoch,
                plan=prints.plan,
                reread=changes.reread,
                number=number,
                counts=changes.counts(),
                at=now,
            )
            segment = shelf.version(data_set, number)
            try:
                writer.finish(segment, ended=changes.ended())
                registrations.add(facts, rejected=len(entry.rejected))
            finally:
                if not registrations.is_registered(data_set, number):
                    segment.unlink(missing_ok=True)
        elif known is not None:
            registrations.checked(known, source=known.source if entry.decoy_rows else source, at=now)
        return Registration(
            name=name,
            version=number if new else number - 1,
            new=new,
            reread=changes.reread,
            rows=changes.rows,
            rejected=tuple(entry.rejected),
            decoy_rows=dict(entry.decoy_rows),
            key=planned.key,
            columns=planned.columns,
            fingerprints=writer.fingerprints,
            appeared=changes.appeared,
            changed=changes.changed,
            went=changes.went,
        )


class _Entry:
    """Takes a table's batches into a segment: what is new goes in, what cannot be entered is remembered."""

    def __init__(
        self,
        planned: Plan,
        prints: Fingerprinter,
        decoys: tuple[DecoyRows, DecoyRows],
        changes: Changes,
        writer: SegmentWriter,
        *,
        where: str,
    ) -> None:
        self._plan = planned
        self._prints = prints
        self._decoys, self._decoys_elsewhere = decoys
        self._changes = changes
        self._writer = writer
        self._where = where
        self._ids: list[U64] = []
        self._lines: list[NDArray[np.int64]] = []
        self.rejected: list[Rejected] = []
        self.decoy_rows: Counter[str] = Counter()

    def take(self, batch: Batch) -> None:
        self.rejected += batch.rejected
        refuse_empty(self._plan.key, self._prints.key_positions, batch.rows, batch.lines, where=self._where)
        record_ids = self._prints.record_ids(batch.rows)
        digests = self._prints.digests(batch.rows)
        fresh = np.flatnonzero(self._changes.fresh(record_ids, digests))
        forms = self._prints.fingerprints([batch.rows[at] for at in fresh.tolist()])
        own = self._decoys_elsewhere.emails(forms) | self._decoys.copies(record_ids[fresh], forms)
        if own:
            self.decoy_rows.update(own.values())
            real = np.delete(np.arange(len(batch.rows)), fresh[list(own)])
            self.take(batch.only(real.tolist()))
            return
        self._ids.append(record_ids)
        self._lines.append(np.asarray(batch.lines, dtype=np.int64))
        self._changes.take(record_ids, digests)
        self._writer.add(record_ids[fresh], digests[fresh], forms)

    def check(self) -> None:
        """Raises UnusableInput if what was read is not fit to be registered."""
        read = self._changes.rows + sum(self.decoy_rows.values())
        if not self._changes.rows and not self.rejected:
            raise UnusableInput(f"{self._where} has no rows to register", hint="check the file, or the query")
        if len(self.rejected) > MOST_REJECTED * (read + len(self.rejected)):
            shown = "; ".join(f"line {each.line}: {each.why}" for each in self.rejected[:3])
            share = f"{len(self.rejected):,} of {read + len(self.rejected):,} rows"
            raise UnusableInput(
                f"{share} of {self._where} cannot be read ({shown})",
                hint="at most 1 % may be; mend the file, nothing was registered",
            )
        ids, lines = np.concatenate(self._ids), np.concatenate(self._lines)
        refuse_repeated(self._plan.key, ids, lines, where=self._where)


def _decoys(data_set: str, epoch: int, shelf: Shelf) -> tuple[DecoyRows, DecoyRows]:
    """The decoys of the data set's own copies, and those of copies of other data sets."""
    own: dict[str, Segment] = {}
    other: dict[str, Segment] = {}
    for copy in Copy.objects.filter(data_set__epoch=epoch).only("id", "data_set_id"):
        segment = Segment(shelf.copy(copy.data_set_id, copy.id))
        (own if copy.data_set_id == data_set else other)[copy.id] = segment
    return DecoyRows(own), DecoyRows(other)


def _known(data_set: DataSet | None) -> Known | None:
    return Known(catalogue.columns_of(data_set), tuple(data_set.key_columns)) if data_set else None


def _sample(table: Table) -> list[Row]:
    return list(islice(chain.from_iterable(batch.rows for batch in table.batches(SAMPLE)), SAMPLE))
