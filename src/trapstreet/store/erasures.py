"""A person's erasure in the registry, written together with its leaf of the append-only log."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from trapstreet.keys.ring import KeyRing
from trapstreet.store import log
from trapstreet.store.models import SuppressionCall, SuppressionJob

U64 = NDArray[np.uint64]

RowHashes = Mapping[str, U64]
"""The hashes that suppression jobs know a person's rows by: for each thing that tells rows apart."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was erased: all that the log says of it."""

    records: int
    versions: int
    data_sets: int


def enter(counts: Counts, hashes: Mapping[str, RowHashes], *, ring: KeyRing, at: int) -> None:
    """The log has the erasure, signed, and no suppression job remembers the person, in one transaction.

    hashes  by the id of the data set
    """
    with transaction.atomic():
        for data_set, own in hashes.items():
            _leave_sketches(data_set, own)
        log.append(
            {
                "event": "forget",
                "records": counts.records,
                "versions": counts.versions,
                "data_sets": counts.data_sets,
                "time": at,
            }
        )
        log.checkpoint(ring.log_signer())
    empty_journal()


def written(events: set[str]) -> dict[str, int]:
    """How often the log says each of these happened."""
    found = [entry.get("event") for entry in log.all_entries()]
    return {event: found.count(event) for event in events}


def jobs_told_by_values() -> int:
    """How many suppression jobs know rows by a value and not by their key."""
    return SuppressionJob.objects.exclude(told_by__in=("", "key")).count()


def _leave_sketches(data_set: str, hashes: RowHashes) -> None:
    jobs = SuppressionJob.objects.filter(data_set=data_set)
    for job in jobs.exclude(reach=b"").select_for_update():
        if changed := _without(bytes(job.reach), hashes.get(job.told_by)):
            SuppressionJob.objects.filter(id=job.id).update(reach=changed)
    for call in SuppressionCall.objects.filter(job__in=jobs).exclude(sketch=b"").iterator():
        if changed := _without(bytes(call.sketch), hashes.get(call.told_by)):
            SuppressionCall.objects.filter(id=call.id).update(sketch=changed)


def _without(kept: bytes, hashes: U64 | None) -> bytes | None:
    """The sketch with other hashes at random for these, as many and none larger, so that it estimates as
    before; None where it has none of them."""
    sketch = np.frombuffer(kept, dtype="<u8")
    gone = np.isin(sketch, [] if hashes is None else hashes)
    if not gone.any():
        return None
    left = set(sketch[~gone].tolist())
    while len(left) < len(sketch):
        left.add(secrets.randbelow(int(sketch[-1]) + 1))
    return np.array(sorted(left), dtype="<u8").tobytes()


def empty_journal() -> None:
    """SQLite's journal still has the old pages until it is written back; PostgreSQL's tables until VACUUM."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
