"""Share a data set: read the source again, add decoys, register the copy, hand it out."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.model.table import Batch
from trapstreet.core.ports import Progress, Table
from trapstreet.decoys import DecoySettings
from trapstreet.index import Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.registered.decoys import kept_if_registered, write_index
from trapstreet.registered.source import Source, Told, read_source
from trapstreet.registered.taken import TakenValues
from trapstreet.share.domain.coding import Terms, default_decoys, p_table, shares
from trapstreet.share.domain.issued import IssuedCopy, inventory
from trapstreet.share.domain.marking import mark_codes, refuse_doubles
from trapstreet.share.domain.power import Power, power_curve
from trapstreet.share.making import (
    CodedRows,
    MadeCopy,
    SharedDecoys,
    edition,
    make_copy,
    make_pool,
)
from trapstreet.store import catalogue, copies
from trapstreet.store.copies import NewRecipient
from trapstreet.store.models import Copy, DataSet, Pool

FORESEEN = 100
"""Copies that the figures of what a copy proves allow for, so that they hold while others are handed out."""


class Writer(Protocol):
    """A table being written; what is complete is on disk and only waits for its name."""

    def write(self, batch: Batch) -> None: ...
    def complete(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What sharing reaches beyond the registry.

    create  begins the new file, which appears when the context ends well
    seal    keeps the inventory of a copy's decoys where the recovery kit can read it: (copy id, content)
    """

    create: Callable[[], AbstractContextManager[Writer]]
    seal: Callable[[str, bytes], Path]


class Copied(msgspec.Struct, frozen=True):
    """What sharing did.

    rows        real rows in the file; withheld  those that it goes without; marked  those in which a cell is
                spelled otherwise than in the source
    decoys      in the file altogether; shared  those of them that other copies may have too
    strippable  why the decoys can be picked out, () where they cannot
    """

    copy: str
    version: int
    recipient: str
    rows: int
    withheld: int
    marked: int
    decoys: int
    shared: int
    strippable: tuple[str, ...]
    notes: tuple[str, ...]
    proves: list[Power]
    commitment: str


def share(
    table: Table,
    data_set: DataSet,
    *,
    recipient: str | NewRecipient,
    terms: Terms,
    settings: DecoySettings,
    bound: float,
    ring: KeyRing,
    shelf: Shelf,
    outside: Outside,
    now: int,
    progress: Progress,
) -> Copied:
    """Write a copy of the latest version with a code of its own, and register it for a recipient: a known
    pseudonym, or somebody new.

    The copy is registered before its file appears: there is never a file whose decoys nobody could find.
    Two passes over the source, beside the one by which some writers learn the columns' types; memory is flat
    but for 16 bytes per record.
    Raises UnusableInput where the source is no longer what is registered.
    """
    version = catalogue.latest(data_set)
    told = Told(progress, 2 * version.rows)
    marks = mark_codes(terms.marks or (), catalogue.columns_of(data_set), data_set.key_columns)
    source = read_source(table, data_set, version, ring=ring, shelf=shelf, told=told)
    refuse_doubles(marks, source.columns, source.model.sample)
    decoys = default_decoys(version.rows) if terms.decoys is None else terms.decoys

    def taken() -> TakenValues:
        return TakenValues(catalogue.all_indexes(shelf), data_set.id, epoch=data_set.epoch, keys=ring)

    pool = copies.pool_for(data_set, table.columns)
    if pool is None and shares(decoys) and data_set.copies.exists():
        pool = make_pool(
            source, settings=settings, decoys=decoys, taken=taken(), ring=ring, shelf=shelf, now=now
        )
    shared = SharedDecoys.of(pool, source, ring)
    made = make_copy(
        source,
        settings=settings,
        decoys=decoys,
        table=p_table(shared.record_ids, decoys, withheld=terms.withheld or 0.0, marks=marks),
        shared=shared,
        taken=taken(),
        ring=ring,
        now=now,
    )
    proves = _proves(made.issued, source, bound=bound)
    coded = CodedRows(made.issued.facts.code_key, made.table, source)
    with outside.create() as out:
        for batch in coded.batches(made.all, told.each(source.rows.batches())):
            out.write(batch)
        out.complete()
        row = _registered(
            made, coded, source, recipient, pool, terms=terms, ring=ring, shelf=shelf, seal=outside.seal
        )
    return _copied(made, coded, row, version.number, proves)


def _registered(
    made: MadeCopy,
    coded: CodedRows,
    source: Source,
    recipient: str | NewRecipient,
    pool: Pool | None,
    *,
    terms: Terms,
    ring: KeyRing,
    shelf: Shelf,
    seal: Callable[[str, bytes], Path],
) -> Copy:
    """The copy's row, with its inventory sealed and its index written; all of it or nothing."""
    issued = made.issued
    with kept_if_registered(issued.copy) as files:
        rows = [decoy.cells for decoy in made.all.decoys]
        content = inventory(issued.copy, source.data_set.name, source.columns, rows)
        files.append(seal(issued.copy, content))
        files.append(write_index(issued.copy, issued.rows, source, shelf))
        return copies.add(
            issued.copy,
            recipient,
            edition(issued, source, coded.rows),
            decoys=copies.DecoysKept(issued.record_ids, issued.rows, issued.profiles),
            pool=pool if made.table.pool else None,
            p_table=issued.facts.p_table,
            strippable=bool(made.own.strippable),
            expires_at=terms.expires_at,
            ring=ring,
        )


def _copied(made: MadeCopy, coded: CodedRows, row: Copy, version: int, proves: list[Power]) -> Copied:
    return Copied(
        copy=made.issued.copy,
        version=version,
        recipient=str(row.recipient_id),
        rows=coded.rows,
        withheld=coded.withheld,
        marked=coded.marked,
        decoys=len(made.all.decoys),
        shared=len(made.all.decoys) - len(made.own.decoys),
        strippable=made.own.strippable,
        notes=(*made.own.notes, *_left_out(made.left_out)),
        proves=proves,
        commitment=made.issued.commitment.hex(),
    )


def _left_out(decoys: int) -> list[str]:
    return [f"{decoys:,} shared decoys are left out: their keys are real rows' by now"] if decoys else []


def _proves(issued: IssuedCopy, source: Source, *, bound: float) -> list[Power]:
    """What the copy's own decoys will prove, once it is registered beside those there are and some that are
    to come."""
    return power_curve(
        issued.profiles,
        by_kind(source.columns),
        decoys=len(issued.rows),
        rows=source.version.rows,
        copies=max(FORESEEN, catalogue.count_copies() + 1),
        others=catalogue.count_decoys(source.data_set),
        bound=bound,
    )


def by_kind(columns: Sequence[Column]) -> dict[Kind, list[str]]:
    """The columns by which a decoy is recognised, by kind: anchors only, names and dates merely confirm."""
    named: dict[Kind, list[str]] = defaultdict(list)
    for column in columns:
        if column.kind in kinds() and kinds()[column.kind].anchor:
            named[column.kind].append(column.name)
    return named
