"""Copies, written together with their leaf of the append-only log."""

import secrets
from dataclasses import dataclass

import msgspec
import numpy as np
from django.db import transaction
from django.db.models import Max

from trapstreet.core.maths.entropy import Profile
from trapstreet.core.model.protected import Protected
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import seal
from trapstreet.store import log, recipients
from trapstreet.store.models import Copy, Version


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """Somebody who gets a copy for the first time."""

    name: Protected[str]


def new_copy_id() -> str:
    """The next number, and letters that no other registry, and no restored state of this one, gives again.

    Code and keys of a copy hang on its id: were a number given twice after a restore, two copies would carry
    the same code.
    """
    number = (Copy.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return f"{number}-{''.join(secrets.choice('abcdefghjkmnpqrstuvwxyz23456789') for _ in range(10))}"


def add(  # one argument per fact of the row
    copy: str,
    version: Version,
    recipient: str | NewRecipient,
    *,
    record_ids: "np.ndarray[tuple[int], np.dtype[np.uint64]]",
    cells: bytes,
    profiles: tuple[Profile, ...],
    opening: bytes,
    p_table: bytes,
    commitment: bytes,
    strippable: bool,
    ring: KeyRing,
    at: int,
) -> Copy:
    """Enter a copy, its recipient where that is new, and the log's signed leaf in one transaction.

    Cells and opening (the nonce, and what the decoys rest on) are sealed under the copy's storage key.
    """
    key = ring.storage_key(copy)
    with transaction.atomic():
        if isinstance(recipient, NewRecipient):
            recipient = recipients.add(recipient.name.reveal(), ring, at=at).id
        row = Copy.objects.create(
            id=copy,
            number=int(copy.partition("-")[0]),
            data_set=version.data_set,
            version=version,
            recipient_id=recipient,
            created_at=at,
            rows=version.rows,
            decoys=len(record_ids),
            strippable=strippable,
            profiles=msgspec.to_builtins(profiles),
            record_ids=record_ids.astype("<u8").tobytes(),
            cells=seal(key, cells, aad=b"cells " + copy.encode()),
            nonce=seal(key, opening, aad=b"nonce " + copy.encode()),
            p_table=p_table,
            commitment=commitment.hex(),
        )
        log.append({"event": "copy", "copy": copy, "commitment": commitment, "time": at})
        log.checkpoint(ring.log_signer())
    return row


def is_registered(copy: str) -> bool:
    """Whether the copy is in the registry."""
    return Copy.objects.filter(id=copy).exists()


def record_ids_of(copy: Copy) -> list[int]:
    """The RecordIds of a copy's decoys, in the order in which the decoys are kept."""
    ids: list[int] = np.frombuffer(bytes(copy.record_ids), dtype="<u8").tolist()
    return ids
