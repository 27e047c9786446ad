"""Copies and pools, written together with their leaf of the append-only log."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from django.db import transaction
from django.db.models import Max
from numpy.typing import NDArray

from trapstreet.core.marks import mark_named
from trapstreet.core.maths.entropy import Profile
from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.p_table import PTable, decoded
from trapstreet.core.model.packing import pack, unpack
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.table import Row
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store import log, recipients
from trapstreet.store.models import Copy, DataSet, Edition, Planting, Pool, Version

U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """Somebody who gets a copy for the first time."""

    name: Protected[str]


@dataclass(frozen=True, slots=True)
class DecoysKept:
    """The decoys of a copy or a pool, as the registry keeps them: the cells are sealed."""

    record_ids: tuple[int, ...]
    rows: tuple[Row, ...] = field(repr=False)
    profiles: tuple[Profile, ...]

    def sealed(self, owner: str, ring: KeyRing) -> dict[str, Any]:
        """The fields of the registry's row, under the owner's storage key."""
        cells = canonical_cbor([[pack(cell) for cell in row] for row in self.rows])
        return {
            "decoys": len(self.rows),
            "profiles": msgspec.to_builtins(self.profiles),
            "record_ids": np.array(self.record_ids, dtype="<u8").tobytes(),
            "cells": seal(ring.storage_key(owner), cells, aad=b"cells " + owner.encode()),
        }


@dataclass(frozen=True, slots=True)
class NewEdition:
    """A copy as it is handed out of a version; `at` is Unix µs, `rows` counts the real ones."""

    version: Version
    rows: int
    opening: bytes
    commitment: bytes
    at: int


def new_copy_id() -> str:
    """The next number, and letters that no other registry, and no restored state of this one, gives again.

    Code and keys of a copy hang on its id: were a number given twice after a restore, two copies would carry
    the same code.
    """
    number = (Copy.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return f"{number}-{''.join(secrets.choice('abcdefghjkmnpqrstuvwxyz23456789') for _ in range(10))}"


def add(
    copy: str,
    recipient: str | NewRecipient,
    edition: NewEdition,
    *,
    decoys: DecoysKept,
    pool: Pool | None,
    p_table: bytes,
    strippable: bool,
    expires_at: int | None,
    ring: KeyRing,
) -> Copy:
    """Enter a copy, its recipient where that is new, its first edition, and the log's signed leaf in one
    transaction."""
    with transaction.atomic():
        if isinstance(recipient, NewRecipient):
            recipient = recipients.add(recipient.name.reveal(), ring, at=edition.at).id
        row = Copy.objects.create(
            id=copy,
            number=int(copy.partition("-")[0]),
            data_set=edition.version.data_set,
            recipient_id=recipient,
            pool=pool,
            created_at=edition.at,
            strippable=strippable,
            p_table=p_table,
            **decoys.sealed(copy, ring),
        )
        add_edition(row, edition, ring=ring, expires_at=expires_at)
    return row


def add_edition(copy: Copy, edition: NewEdition, *, ring: KeyRing, expires_at: int | None = None) -> None:
    """Enter an edition of a copy, until when the copy is out where that is said anew, and the log's signed
    leaves in one transaction."""
    with transaction.atomic():
        Edition.objects.create(
            copy=copy,
            version=edition.version,
            issued_at=edition.at,
            rows=edition.rows,
            opening=seal(ring.storage_key(copy.id), edition.opening, aad=b"nonce " + copy.id.encode()),
            commitment=edition.commitment.hex(),
        )
        log.append({"event": "copy", "copy": copy.id, "commitment": edition.commitment, "time": edition.at})
        if expires_at is not None:
            expire(copy, expires_at, ring=ring, now=edition.at)
        log.checkpoint(ring.log_signer())


def add_pool(
    pool: str,
    data_set: DataSet,
    decoys: DecoysKept,
    *,
    columns: Sequence[str],
    digest: bytes,
    ring: KeyRing,
    at: int,
) -> Pool:
    """Enter the shared decoys of a data set, and the log's signed leaf, in one transaction."""
    with transaction.atomic():
        row = Pool.objects.create(
            id=pool, data_set=data_set, created_at=at, columns=list(columns), **decoys.sealed(pool, ring)
        )
        log.append({"event": "pool", "pool": pool, "digest": digest, "time": at})
        log.checkpoint(ring.log_signer())
    return row


def withdraw(copy: Copy, *, ring: KeyRing, at: int) -> None:
    """The recipient is to have the copy no longer; what it proves it goes on proving."""
    with transaction.atomic():
        Copy.objects.filter(id=copy.id).update(withdrawn_at=at)
        log.append({"event": "withdrawn", "copy": copy.id, "time": at})
        log.checkpoint(ring.log_signer())


def expire(copy: Copy, at: int, *, ring: KeyRing, now: int) -> None:
    """The copy is to be given back by then, whatever was said before. at, now: Unix µs."""
    with transaction.atomic():
        Copy.objects.filter(id=copy.id).update(expires_at=at)
        log.append({"event": "expires", "copy": copy.id, "at": at, "time": now})
        log.checkpoint(ring.log_signer())


def is_registered(owner: str) -> bool:
    """Whether the copy, the pool or the planting is in the registry."""
    return any(of.objects.filter(id=owner).exists() for of in (Copy, Pool, Planting))


def pool_for(data_set: DataSet, columns: Collection[str]) -> Pool | None:
    """The shared decoys that new copies of the data set get; None while there are none with these
    columns."""
    fitting = [pool for pool in data_set.pools.all() if set(pool.columns) == set(columns)]
    return fitting[-1] if fitting else None


def p_table_of(copy: Copy) -> PTable:
    """With which chances the copy's code was drawn. Raises UnusableInput where this trapstreet cannot read
    it."""
    try:
        table = decoded(bytes(copy.p_table))
        for each in table.marks:
            mark_named(each.mark)
    except (ValueError, UnusableInput) as error:
        raise UnusableInput(
            f"the code of copy {copy.id} cannot be read",
            hint="use the trapstreet that made the copy, or restore the registry from a backup",
        ) from error
    return table


def record_ids_of(owner: Copy | Pool) -> U64:
    """The RecordIds of a copy's or a pool's decoys, in the order in which the decoys are kept."""
    return np.frombuffer(bytes(owner.record_ids), dtype="<u8").astype(np.uint64)


def rows_of(owner: Copy | Pool, ring: KeyRing) -> list[Row]:
    """The cells of a copy's or a pool's decoys, in the same order. Protected."""
    import cbor2

    sealed, aad = bytes(owner.cells), b"cells " + owner.id.encode()
    return [
        tuple(map(unpack, cells))
        for cells in cbor2.loads(open_sealed(ring.storage_key(owner.id), sealed, aad=aad))
    ]


def profiles_of(owner: Copy | Pool) -> tuple[Profile, ...]:
    """How the decoys rest on their draws."""
    return msgspec.convert(owner.profiles, tuple[Profile, ...])
