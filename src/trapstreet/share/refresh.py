"""Refresh a copy: the table as it is now, under the code that the copy has."""

import secrets

import msgspec
import numpy as np

from trapstreet.core.model.commitment import CopyFacts, commitment
from trapstreet.core.ports import Progress, Table
from trapstreet.decoys import Decoys
from trapstreet.index import Shelf, living
from trapstreet.keys.ring import KeyRing
from trapstreet.registered.source import Source, Told, read_source
from trapstreet.share.domain.opening import opening
from trapstreet.share.making import CodedRows, SharedDecoys, placed_rows
from trapstreet.share.opening import columns_of, open_copy
from trapstreet.share.service import Outside
from trapstreet.store import catalogue, copies
from trapstreet.store.models import Copy


class Refreshed(msgspec.Struct, frozen=True):
    """What refreshing did.

    new       a further edition was registered; False where the copy had one of this version
    rows      real rows in the file; withheld  those that it goes without; marked  those with a cell spelled
              otherwise;  decoys  in it
    left_out  decoys whose key is a real row's by now
    """

    copy: str
    version: int
    new: bool
    rows: int
    withheld: int
    marked: int
    decoys: int
    left_out: int
    commitment: str


def refresh(
    table: Table,
    copy: Copy,
    *,
    expires_at: int | None,
    ring: KeyRing,
    shelf: Shelf,
    outside: Outside,
    now: int,
    progress: Progress,
) -> Refreshed:
    """Write the latest version as this copy has it: with its own decoys, its part of the shared ones, and
    without the rows that its code withholds.

    Rows that came since are drawn like all others, by their RecordIds; nothing that was in the copy before
    changes sides. The edition is registered before its file appears, and until when the copy is out now
    (expires_at, Unix µs; None: as before) with it. Two passes over the source, beside the one by which some
    writers learn the columns' types.
    Raises UnusableInput where the copy's columns are others by now, and where the source is no longer what is
    registered.
    """
    version = catalogue.latest(copy.data_set)
    facts = open_copy(copy.id, ring)
    told = Told(progress, 2 * version.rows)
    source = read_source(table, copy.data_set, version, ring=ring, shelf=shelf, told=told)
    decoys, left_out = _decoys(copy, facts, source, ring, shelf)
    coded = CodedRows(facts.code_key, copies.p_table_of(copy), source)
    with outside.create() as out:
        for batch in coded.batches(decoys, told.each(source.rows.batches())):
            out.write(batch)
        out.complete()
        known = copy.editions.filter(version=version).first()
        if known is None:
            edition = _edition(copy, facts, source, coded.rows, now=now)
            copies.add_edition(copy, edition, ring=ring, expires_at=expires_at)
            digest = edition.commitment.hex()
        else:
            digest = known.commitment
            if expires_at is not None:
                copies.expire(copy, expires_at, ring=ring, now=now)
    return Refreshed(
        copy=copy.id,
        version=version.number,
        new=known is None,
        rows=coded.rows,
        withheld=coded.withheld,
        marked=coded.marked,
        decoys=len(decoys.decoys),
        left_out=left_out,
        commitment=digest,
    )


def _decoys(copy: Copy, facts: CopyFacts, source: Source, ring: KeyRing, shelf: Shelf) -> tuple[Decoys, int]:
    """The copy's decoys in their places, but for those (so many) whose key a real row has by now."""
    own = source.arranged(copies.rows_of(copy, ring), columns_of(copy, ring))
    shared = SharedDecoys.of(copy.pool, source, ring).held(facts.code_key, copies.p_table_of(copy))
    rows = [*own, *shared]
    _, alive = living(catalogue.index_of(copy.data_set, shelf).versions).find(source.prints.record_ids(rows))
    kept = [rows[at] for at in np.flatnonzero(~alive).tolist()]
    placed = placed_rows(source, kept, facts.code_key)
    return Decoys(tuple(placed), source.model.placing), len(rows) - len(kept)


def _edition(copy: Copy, facts: CopyFacts, source: Source, rows: int, *, now: int) -> copies.NewEdition:
    """A further edition of a copy; nothing is written."""
    issued = CopyFacts(
        nonce=secrets.token_bytes(32),
        copy_id=copy.id,
        code_key=facts.code_key,
        decoys=facts.decoys,
        data_set_id=facts.data_set_id,
        version=source.version.number,
        issued_us=now,
        p_table=facts.p_table,
    )
    kept = opening(issued, [column.name for column in source.columns])
    return copies.NewEdition(source.version, rows, kept, commitment(issued), now)
