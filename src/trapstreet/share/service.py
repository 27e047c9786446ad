"""Share a data set: read the source again, add decoys, register the copy, hand it out."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch
from trapstreet.core.ports import Progress, Table
from trapstreet.decoys import DecoySettings, TableModelBuilder, insert
from trapstreet.index import Fingerprinter, Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.share.domain.issued import IssuedCopy
from trapstreet.share.domain.power import Power, power_curve
from trapstreet.share.making import kept_if_registered, make_copy, register_copy, write_index
from trapstreet.share.source import RegisteredRows
from trapstreet.share.taken import TakenValues
from trapstreet.store import catalogue
from trapstreet.store.copies import NewRecipient
from trapstreet.store.models import DataSet, Version

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
    """What sharing did; `strippable` says why the decoys can be picked out, () where they cannot."""

    copy: str
    version: int
    recipient: str
    rows: int
    decoys: int
    strippable: tuple[str, ...]
    notes: tuple[str, ...]
    proves: list[Power]
    commitment: str


def default_decoys(rows: int) -> int:
    """1 % of the rows, at least 3 and at most 300."""
    return min(300, max(3, round(rows / 100)))


def share(
    table: Table,
    data_set: DataSet,
    *,
    recipient: str | NewRecipient,
    decoys: int | None,
    settings: DecoySettings,
    bound: float,
    ring: KeyRing,
    shelf: Shelf,
    outside: Outside,
    now: int,
    progress: Progress,
) -> Copied:
    """Write a copy of the latest version with decoys of its own, and register it for a recipient:
    a known pseudonym, or somebody new.

    The copy is registered before its file appears: there is never a file whose decoys nobody could find.
    Two passes over the source; memory is flat but for 16 bytes per record.
    Raises UnusableInput where the source is no longer what is registered.
    """
    index = catalogue.index_of(data_set, shelf)
    version = catalogue.latest(data_set)
    columns = _as_registered(table, index.columns)
    prints = Fingerprinter(data_set.id, columns, data_set.key_columns, epoch=data_set.epoch, keys=ring)
    source = RegisteredRows(table, index, prints, version)
    builder = TableModelBuilder(columns, tuple(data_set.key_columns))
    total = 2 * version.rows
    done = 0
    for batch in source.batches():
        builder.observe(batch)
        progress(done := done + len(batch.rows), total)
    made, issued = make_copy(
        builder.finish(),
        prints,
        data_set,
        version,
        settings=settings,
        count=default_decoys(version.rows) if decoys is None else decoys,
        taken=TakenValues(catalogue.all_indexes(shelf), data_set.id, epoch=data_set.epoch, keys=ring),
        ring=ring,
        now=now,
    )
    proves = _proves(issued, data_set, version, columns, bound=bound)
    with outside.create() as out:
        for batch in insert(made, source.batches()):
            out.write(batch)
            progress(done := done + len(batch.rows), total)
        out.complete()
        with kept_if_registered(issued.copy) as files:
            files.append(outside.seal(issued.copy, issued.inventory(data_set.name, columns)))
            files.append(write_index(issued, prints, data_set, shelf))
            pseudonym = register_copy(issued, columns, version, recipient, ring)
    return Copied(
        copy=issued.copy,
        version=version.number,
        recipient=pseudonym,
        rows=version.rows,
        decoys=len(made.decoys),
        strippable=made.strippable,
        notes=made.notes,
        proves=proves,
        commitment=issued.commitment.hex(),
    )


def _proves(
    issued: IssuedCopy, data_set: DataSet, version: Version, columns: Sequence[Column], *, bound: float
) -> list[Power]:
    """What the copy will prove, once it is registered beside those there are and some that are to come."""
    return power_curve(
        issued.profiles,
        _by_kind(columns),
        decoys=len(issued.rows),
        rows=version.rows,
        copies=max(FORESEEN, catalogue.count_copies() + 1),
        others=catalogue.count_decoys(data_set),
        bound=bound,
    )


def _as_registered(table: Table, columns: Sequence[Column]) -> tuple[Column, ...]:
    """The registered columns in the order of the table; raises UnusableInput where they are others."""
    known = {column.name: column for column in columns}
    if set(known) != set(table.columns):
        raise UnusableInput(
            f"{table.label} has other columns than it was registered with",
            hint="pass --new-version to register it as it is now and share that",
        )
    return tuple(known[name] for name in table.columns)


def _by_kind(columns: Sequence[Column]) -> dict[Kind, list[str]]:
    """The columns by which a decoy is recognised, by kind: anchors only, names and dates merely confirm."""
    named: dict[Kind, list[str]] = defaultdict(list)
    for column in columns:
        if column.kind in kinds() and kinds()[column.kind].anchor:
            named[column.kind].append(column.name)
    return named
