"""What is out already: RecordIds that old leaks show, fingerprints of values that anybody may have."""

import hmac
from collections.abc import Iterable, Iterator, Mapping

import msgspec
import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store import log
from trapstreet.store.models import Baseline, BaselinePart

U64 = NDArray[np.uint64]

_AT_ONCE = 100_000
"""Ids of one row."""


class About(msgspec.Struct, frozen=True):
    """What a baseline was made of: where it was read, how many records of each data set and how many values
    it shows, and how much could not be read."""

    locations: tuple[str, ...]
    records: dict[str, int]
    values: int
    unread: int


class Known(msgspec.Struct, frozen=True):
    """A baseline."""

    name: str
    public: bool
    made_at: int
    about: About


def enter(
    name: str, about: About, *, records: Mapping[str, U64], public: U64 | None, ring: KeyRing, at: int
) -> None:
    """A new baseline, with its entry in the log.

    records  by data set the RecordIds that it shows, ascending;  public  fingerprints to be set aside,
             ascending, None for an old leak
    Raises UnusableInput where there is one of the name.
    """
    with transaction.atomic():
        if Baseline.objects.filter(name=name).exists():
            raise UnusableInput(
                f"there is a baseline {name!r}",
                hint="take another name, or remove it: trapstreet baseline remove",
            )
        key = _key(ring)
        sealed = seal(key, msgspec.msgpack.encode(about), aad=f"baseline {name}".encode())
        row = Baseline.objects.create(name=name, public=public is not None, made_at=at, about=sealed)
        kept = (
            {"": public} if public is not None else {_mark(each, ring): ids for each, ids in records.items()}
        )
        BaselinePart.objects.bulk_create(
            BaselinePart(
                baseline=row,
                data_set=mark,
                ids=seal(key, ids[start : start + _AT_ONCE].astype("<u8").tobytes(), aad=_aad(name, mark)),
            )
            for mark, ids in kept.items()
            for start in range(0, len(ids), _AT_ONCE)
        )
        log.append({"event": "baseline", "public": row.public, "time": at})
        log.checkpoint(ring.log_signer())


def remove(name: str) -> None:
    """The baseline is gone: what it shows is news again. Raises UnusableInput where there is none."""
    with transaction.atomic():
        if not Baseline.objects.filter(name=name).delete()[0]:
            raise UnusableInput(f"no baseline {name!r}", hint="trapstreet baseline list shows them")


def every(ring: KeyRing) -> list[Known]:
    """Every baseline, in the order in which they were made."""
    return [
        Known(
            row.name,
            row.public,
            row.made_at,
            msgspec.msgpack.decode(
                open_sealed(_key(ring), bytes(row.about), aad=f"baseline {row.name}".encode()), type=About
            ),
        )
        for row in Baseline.objects.order_by("id")
    ]


def records_of(data_set: str, ring: KeyRing) -> Iterator[tuple[str, U64]]:
    """The old leaks that show something of a data set, and which records, ascending."""
    mark = _mark(data_set, ring)
    parts = BaselinePart.objects.filter(data_set=mark).order_by("baseline_id").select_related("baseline")
    names = dict.fromkeys(parts.values_list("baseline__name", flat=True))
    for name in names:
        yield name, _ids(parts.filter(baseline__name=name), name, mark, ring)


def public_values(ring: KeyRing) -> U64:
    """The fingerprints of all values that baselines call public, ascending."""
    parts = BaselinePart.objects.filter(data_set="").order_by("id")
    names = dict.fromkeys(parts.values_list("baseline__name", flat=True))
    found = [_ids(parts.filter(baseline__name=name), name, "", ring) for name in names]
    return np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *found]))


def _ids(parts: Iterable[BaselinePart], name: str, mark: str, ring: KeyRing) -> U64:
    key = _key(ring)
    opened = [open_sealed(key, bytes(part.ids), aad=_aad(name, mark)) for part in parts]
    return np.unique(np.frombuffer(b"".join(opened), dtype="<u8").astype(np.uint64))


def _mark(data_set: str, ring: KeyRing) -> str:
    return hmac.digest(ring.found_key(), b"baseline " + data_set.encode(), "sha256")[:16].hex()


def _key(ring: KeyRing) -> bytes:
    return ring.derive("evidence")


def _aad(name: str, mark: str) -> bytes:
    return f"baseline {name} {mark}".encode()
