"""The whole of a place's effective access, to be compared with what it was or shall be."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.core.model.rights import Bits, Resource, numbers_in

_Kind = tuple[bool, int, str, tuple[str, ...]]
"""Of access: whether it is sure, how near, which rows, which columns."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Who can read a resource no longer, or newly, of those who can log in."""

    resource: Resource
    lost: tuple[str, ...]
    gained: tuple[str, ...]


class State:
    """Who gets to what in one database or folder, and how, by the names of all.

    inside  the beginning of the paths that count
    """

    def __init__(self, access: EffectiveAccess, inside: str) -> None:
        self._names = [each.name for each in access.rights.principals]
        self._people = access.people
        self._access: dict[tuple[str, ...], tuple[Resource, dict[_Kind, Bits]]] = {}
        for number, resource in enumerate(access.rights.resources):
            if resource.path[0] == inside:
                self._access[resource.path] = resource, _access_to(access, number)

    @property
    def digest(self) -> str:
        """Equal for equal access, whatever it is granted by."""
        hashed = sha256(json.dumps(self._names).encode())
        for path, (_, kinds) in sorted(self._access.items()):
            shown = [[*kind, hex(bits)] for kind, bits in sorted(kinds.items()) if bits]
            hashed.update(json.dumps([path, shown]).encode())
        return hashed.hexdigest()

    @property
    def readers_digest(self) -> str:
        """Equal where the same read the same resources, however many of their rows."""
        hashed = sha256(json.dumps(self._names).encode())
        for path, (_, kinds) in sorted(self._access.items()):
            hashed.update(json.dumps([path, hex(_readers(kinds))]).encode())
        return hashed.hexdigest()

    def moved_to(self, after: "State") -> Iterator[Moved]:
        """The resources that somebody reads no longer, or newly. Both states have the same principals."""
        for path, (resource, kinds) in self._access.items():
            now = _readers(kinds) & self._people
            then = _readers(after._access[path][1]) & self._people if path in after._access else 0
            if now != then:
                yield Moved(resource, self._named(now & ~then), self._named(then & ~now))

    def _named(self, bits: Bits) -> tuple[str, ...]:
        return tuple(self._names[each] for each in numbers_in(bits))


def _access_to(access: EffectiveAccess, number: int) -> dict[_Kind, Bits]:
    """Who has which access to a resource: each by the nearest of every kind of way."""
    kinds: dict[_Kind, Bits] = {}
    for door in access.doors_of(number):
        for level, bits in enumerate(access.levels(door)):
            kind = (door.sure, level, door.rows.value, tuple(sorted(door.columns)))
            kinds[kind] = kinds.get(kind, 0) | bits
    return kinds


def _readers(kinds: dict[_Kind, Bits]) -> Bits:
    """Who reads something for certain, at once or acting as somebody else."""
    readers: Bits = 0
    for (sure, level, _, _), bits in kinds.items():
        if sure and level <= 1:
            readers |= bits
    return readers
