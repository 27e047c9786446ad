"""The looks at a place's rights that are kept, as what comes next is compared with them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import msgspec

from trapstreet.access.domain.kept_rights import packed, unpacked
from trapstreet.access.domain.reached import Unit
from trapstreet.app.kept_names import names_of
from trapstreet.core.model.rights import Rights
from trapstreet.keys.ring import KeyRing
from trapstreet.store import rights as store
from trapstreet.store.models import RightsPlace


class _Then(msgspec.Struct, array_like=True):
    rights: bytes
    fresh: list[tuple[bytes, ...]]


class Look(NamedTuple):
    """What is kept of a time (Unix µs): the rights, and what came since and nobody has looked into.

    id  its number among the place's own; 0 where it is kept under a name that the place had before
    """

    id: int
    at: int
    rights: Rights
    fresh: list[Unit]


def kept(rights: Rights, fresh: Iterable[Unit]) -> bytes:
    """A look in the form that is kept."""
    return msgspec.msgpack.encode(_Then(packed(rights), [tuple(map(bytes_of, each)) for each in fresh]))


def looks_at(place: RightsPlace, ring: KeyRing) -> Iterator[Look]:
    """The looks that are kept, the newest first; where there are none, those of a folder while it was called
    by a link to it."""
    none = True
    for then in store.kept_of(place, ring):
        none = False
        yield _look(then.id, then.at, then.content)
    for name in names_of(place.name, store.places()) if none else ():
        before = store.place_if_known(name) if name != place.name else None
        for then in store.kept_of(before, ring) if before else ():
            yield _moved(_look(0, then.at, then.content), name, place.name)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _look(number: int, at: int, content: bytes) -> Look:
    then = msgspec.msgpack.decode(content, type=_Then)
    return Look(number, at, unpacked(then.rights), [tuple(map(text_of, each)) for each in then.fresh])


def _moved(look: Look, before: str, now: str) -> Look:
    """The same with the paths that a folder's have now."""

    def path(unit: Unit) -> Unit:
        inner = unit[0].removeprefix(before.rstrip("/")) if unit else ""
        return (f"{now.rstrip('/')}{inner}" or "/", *unit[1:]) if unit and inner != unit[0] else unit

    rights = replace(
        look.rights,
        place=now,
        resources=[replace(each, path=path(each.path)) for each in look.rights.resources],
        unread=[*map(path, look.rights.unread)],
    )
    return look._replace(rights=rights, fresh=[*map(path, look.fresh)])
