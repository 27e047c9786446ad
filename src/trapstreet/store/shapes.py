"""What leaks of a data set show, kept so that they are known again when they are shown otherwise."""

import hmac

import msgspec

from trapstreet.core.maths.likeness import Shape
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store.models import LeakShape

_NEWEST = 500
"""Leaks of a data set that a new one is compared with."""


def shapes_of(data_set: str, ring: KeyRing) -> dict[str, Shape]:
    """The shapes of the data set's newest leaks by the digests of their records, the newest first."""
    mark, key = _mark(data_set, ring), _key(ring)
    rows = LeakShape.objects.filter(data_set=mark).order_by("-id").values_list("content", flat=True)
    opened = (open_sealed(key, bytes(each), aad=_aad(mark)) for each in rows[:_NEWEST])
    return dict(msgspec.msgpack.decode(each, type=tuple[str, Shape]) for each in opened)


def remember(data_set: str, which: str, shape: Shape, ring: KeyRing) -> None:
    """A leak of the data set shows this."""
    mark = _mark(data_set, ring)
    content = seal(_key(ring), msgspec.msgpack.encode((which, shape)), aad=_aad(mark))
    LeakShape.objects.create(data_set=mark, content=content)


def _mark(data_set: str, ring: KeyRing) -> str:
    return hmac.digest(ring.found_key(), b"shape " + data_set.encode(), "sha256")[:16].hex()


def _key(ring: KeyRing) -> bytes:
    return ring.derive("evidence")


def _aad(mark: str) -> bytes:
    return f"shape {mark}".encode()
