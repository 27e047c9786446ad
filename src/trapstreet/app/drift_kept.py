"""The looks at a place's rights that are kept, as what comes next is compared with them."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import msgspec

from trapstreet.access.domain.kept_rights import bytes_of, packed, text_of, unpacked
from trapstreet.access.domain.reached import Unit
from trapstreet.app.kept_names import names_of, re_rooted
from trapstreet.core.model.rights import Rights
from trapstreet.keys.ring import KeyRing
from trapstreet.store import rights as store
from trapstreet.store.models import RightsPlace


class _Then(msgspec.Struct, array_like=True):
    rights: bytes
    fresh: list[tuple[bytes, ...]]
    found: int = 0


class Look(NamedTuple):
    """What is kept of a time (Unix µs): the rights, and what came since and nobody has looked into.

    id     its number among the place's own; 0 where it is kept under a name that the place had before
    found  the last number, as `found_in_order` has them, of what was known then; 0: nothing was
    """

    id: int
    at: int
    rights: Rights
    fresh: list[Unit]
    found: int


def kept(rights: Rights, fresh: Iterable[Unit], *, found: int) -> bytes:
    """A look in the form that is kept."""
    then = _Then(packed(rights), [tuple(map(bytes_of, each)) for each in fresh], found)
    return msgspec.msgpack.encode(then)


def looks_at(place: RightsPlace, ring: KeyRing) -> Iterator[Look]:
    """The looks that are kept, also by a link that a folder was called by; the newest first."""
    own = (_look(then.id, then.at, then.content) for then in store.kept_of(place, ring))
    names = [name for name in names_of(place.name, store.places()) if name != place.name]
    before = (_looks_before(name, place.name, ring) for name in names)
    return heapq.merge(own, *before, key=lambda each: -each.at)


def _looks_before(name: str, now: str, ring: KeyRing) -> Iterator[Look]:
    """Those that are kept under a name that a folder had before."""
    place = store.place_if_known(name)
    for then in store.kept_of(place, ring) if place else ():
        yield _moved(_look(0, then.at, then.content), name, now)


def _look(number: int, at: int, content: bytes) -> Look:
    then = msgspec.msgpack.decode(content, type=_Then)
    fresh = [tuple(map(text_of, each)) for each in then.fresh]
    return Look(number, at, unpacked(then.rights), fresh, then.found)


def _moved(look: Look, before: str, now: str) -> Look:
    """The same with the paths that a folder's have now."""

    def path(unit: Unit) -> Unit:
        return (re_rooted(unit[0], before, now), *unit[1:]) if unit else unit

    rights = replace(
        look.rights,
        place=now,
        resources=[replace(each, path=path(each.path)) for each in look.rights.resources],
        unread=[*map(path, look.rights.unread)],
    )
    return look._replace(rights=rights, fresh=[*map(path, look.fresh)])
