"""The steps of making a copy: its decoys, its commitment, and its place in index and registry."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.p_table import PTable, pool_digest
from trapstreet.core.model.table import Batch, Row
from trapstreet.decoys import Decoy, Decoys, DecoySettings, Taken, generate, insert, place
from trapstreet.index import Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.registered.decoys import kept_if_registered, profiles_of, write_index
from trapstreet.registered.source import Source
from trapstreet.share.domain.coding import CHANCE, SHARED, held, own_decoys, pool_held
from trapstreet.share.domain.issued import IssuedCopy, issue
from trapstreet.share.domain.marking import bits_of, marked, spelled
from trapstreet.store import copies
from trapstreet.store.catalogue import new_id
from trapstreet.store.models import Copy, Pool

U64 = NDArray[np.uint64]

DECOYS_LABEL, POOL_LABEL, PLACES_LABEL = 1, 2, 3
"""Labels of the draws under one key: decoys of a copy, decoys of a pool, and where kept decoys stand, which a
version's number follows (docs/adr/0011-the-code-of-a-copy.md)."""


@dataclass(frozen=True, slots=True)
class SharedDecoys:
    """The decoys that copies of a data set share; none where there is no pool."""

    pool: Pool | None = None
    record_ids: U64 = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    rows: Sequence[Row] = field(default=(), repr=False)

    @classmethod
    def of(cls, pool: Pool | None, source: Source, ring: KeyRing) -> "SharedDecoys":
        """Those of a pool, opened, with their cells in the order of the source's columns."""
        if pool is None:
            return cls()
        rows = source.arranged(copies.rows_of(pool, ring), pool.columns)
        return cls(pool, copies.record_ids_of(pool), rows)

    def held(self, code_key: bytes, table: PTable) -> list[Row]:
        """Those that a copy has."""
        return [self.rows[at] for at in np.flatnonzero(pool_held(code_key, self.record_ids, table)).tolist()]


def make_pool(
    source: Source,
    *,
    settings: DecoySettings,
    decoys: int,
    taken: Taken,
    ring: KeyRing,
    shelf: Shelf,
    now: int,
) -> Pool:
    """Shared decoys for all copies to come, of which each gets SHARED · decoys on average.

    They are in the index and the registry before any copy has one of them.
    """
    pool = new_id("pool")
    draws = KeyedDraws(ring.siphash_key("pool", pool), POOL_LABEL)
    made = generate(source.model, settings, draws=draws, count=round(SHARED * decoys / CHANCE), taken=taken)
    rows = [decoy.cells for decoy in made.decoys]
    record_ids = source.prints.record_ids(rows).tolist()
    profiles = profiles_of(made.decoys, source.columns)
    with kept_if_registered(pool) as files:
        files.append(write_index(pool, rows, source, shelf))
        kept = copies.DecoysKept(tuple(record_ids), tuple(rows), profiles)
        return copies.add_pool(
            pool,
            source.data_set,
            kept,
            columns=[column.name for column in source.columns],
            digest=pool_digest(record_ids),
            ring=ring,
            at=now,
        )


def count_decoys(copy: Copy, pool: Pool | None, ring: KeyRing) -> int:
    """How many decoys a copy has, its own and those of its pool."""
    if pool is None:
        return copy.decoys
    shared = pool_held(ring.code_key(copy.id), copies.record_ids_of(pool), copies.p_table_of(copy))
    return copy.decoys + int(np.count_nonzero(shared))


def holds(copy: Copy, pool: Pool, at: int, ring: KeyRing) -> bool:
    """Whether a copy has the shared decoy at a position of its pool."""
    shared = pool_held(ring.code_key(copy.id), copies.record_ids_of(pool), copies.p_table_of(copy))
    return bool(shared[at])


@dataclass(frozen=True, slots=True)
class MadeCopy:
    """A copy that was made and is nowhere yet: its own decoys with what the generator says of them, all
    decoys in their places, and what is committed.

    left_out  shared decoys of its that are not among these: their keys are real rows' by now
    """

    own: Decoys
    all: Decoys
    issued: IssuedCopy
    table: PTable
    left_out: int


def make_copy(
    source: Source,
    *,
    settings: DecoySettings,
    decoys: int,
    table: PTable,
    shared: SharedDecoys,
    taken: Taken,
    ring: KeyRing,
    now: int,
) -> MadeCopy:
    """A new copy with so many decoys, its own drawn under its code key; nothing is written."""
    copy = copies.new_copy_id()
    code_key = ring.code_key(copy)
    common = shared.held(code_key, table)
    there = [
        row
        for row, gone in zip(common, source.rows.alive(source.prints.record_ids(common)), strict=True)
        if not gone
    ]
    own = generate(
        source.model,
        settings,
        draws=KeyedDraws(code_key, DECOYS_LABEL),
        count=own_decoys(decoys, len(common)),
        taken=taken,
    )
    issued = issue(
        copy,
        own.decoys,
        source.prints.record_ids([decoy.cells for decoy in own.decoys]).tolist(),
        source.columns,
        p_table=table.encoded(),
        data_set=source.data_set.id,
        version=source.version.number,
        code_key=code_key,
        nonce=secrets.token_bytes(32),
        at=now,
    )
    placed = placed_rows(source, there, code_key)
    everything = Decoys((*own.decoys, *placed), own.order)
    return MadeCopy(own, everything, issued, table, left_out=len(common) - len(there))


def placed_rows(source: Source, rows: Sequence[Row], code_key: bytes) -> list[Decoy]:
    """Decoys that are kept, where they stand in this version of the table."""
    draws = KeyedDraws(code_key, PLACES_LABEL << 32 | source.version.number)
    places = place(source.model, rows, draws)
    return [Decoy(row, (), {}, after) for row, after in zip(rows, places, strict=True)]


class CodedRows:
    """The rows of a copy: those of the source that its code gives it, spelled its way, and its decoys.

    rows, withheld  real rows passed on, and left out, so far
    marked          rows with a cell that is not spelled as in the source
    """

    def __init__(self, code_key: bytes, table: PTable, source: Source) -> None:
        self._code_key = code_key
        self._table = table
        self._prints = source.prints
        self._marks = marked(table.marks, source.columns)
        self.rows = 0
        self.withheld = 0
        self.marked = 0

    def batches(self, decoys: Decoys, source: Iterable[Batch]) -> Iterator[Batch]:
        """The source's rows with the decoys among them, one batch at a time."""
        for batch in insert(decoys, source):
            real = np.array(batch.lines) > 0
            if not (self._table.withholds or self._marks):
                self.rows += int(np.count_nonzero(real))
                yield batch
                continue
            record_ids = self._prints.record_ids(batch.rows)
            kept = ~real | held(self._code_key, record_ids, self._table.rows)
            self.rows += int(np.count_nonzero(kept & real))
            self.withheld += int(np.count_nonzero(~kept))
            left = batch if kept.all() else batch.only(np.flatnonzero(kept).tolist())
            yield self._spelled(left, record_ids[kept]) if self._marks else left

    def _spelled(self, batch: Batch, record_ids: U64) -> Batch:
        """The rows with their marks; decoys have them like all others."""
        bits = [bits_of(self._code_key, record_ids, mark.code).tolist() for mark in self._marks]
        changed = spelled(batch.rows, self._marks, bits)
        self.marked += sum(batch.lines[at] > 0 for at in changed)
        return batch.with_rows(changed)


def edition(issued: IssuedCopy, source: Source, rows: int) -> copies.NewEdition:
    """What the registry is told of a copy of this version."""
    opening = issued.opening(source.columns)
    return copies.NewEdition(source.version, rows, opening, issued.commitment, issued.facts.issued_us)
