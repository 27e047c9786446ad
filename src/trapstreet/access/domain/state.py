"""The whole of a place's effective access, to be compared with what it was or shall be."""

import json
import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.core.model.rights import FILES, Bits, Resource, numbers_in
from trapstreet.core.model.words import counted

_Kind = tuple[bool, int, str, tuple[str, ...]]
"""Of access: whether it is sure, how near, which rows, which columns."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Who can read a resource no longer, or newly, of those who can log in."""

    resource: Resource
    lost: tuple[str, ...]
    gained: tuple[str, ...]


class State:
    """Who gets to what in one database or folder, and how, by the names of all."""

    def __init__(self, principals: "_Principals") -> None:
        self._principals = principals
        self._access: list[tuple[Resource, dict[_Kind, Bits]]] = []

    @property
    def digest(self) -> str:
        """Equal for equal access, whatever it is granted by."""
        return self._digest(
            lambda kinds: [[*kind, hex(bits)] for kind, bits in sorted(kinds.items()) if bits]
        )

    @property
    def readers_digest(self) -> str:
        """Equal where the same read the same resources, however many of their rows."""
        return self._digest(lambda kinds: hex(_readers(kinds)))

    def add(self, resource: Resource, kinds: "dict[_Kind, Bits]") -> None:
        """One more resource, and who has which access to it."""
        self._access.append((resource, kinds))

    def moved_to(self, after: "State") -> Iterator[Moved]:
        """The resources that somebody reads no longer, or newly. Both states have the same principals."""
        people, named = self._principals.people, self._principals.named
        others = {resource.path: kinds for resource, kinds in after._access}
        for resource, kinds in self._access:
            now = _readers(kinds) & people
            then = _readers(others.get(resource.path, {})) & people
            if now != then:
                yield Moved(resource, named(now & ~then), named(then & ~now))

    def _digest(self, shown: "Callable[[dict[_Kind, Bits]], object]") -> str:
        """Of files, how many there are with which access: their modes are in their names, and change."""
        lines: dict[str, int] = {}
        for resource, kinds in self._access:
            files = resource.kind == FILES
            line = json.dumps([resource.unit, shown(kinds)])
            lines[line] = lines.get(line, 0) + ((resource.records or 0) if files else 1)
        hashed = self._principals.hashed.copy()
        hashed.update(json.dumps(sorted(lines.items())).encode())
        return hashed.hexdigest()


def states_of(access: EffectiveAccess) -> dict[str, State]:
    """By database or folder: who gets to what there."""
    principals = _Principals(access)
    states: dict[str, State] = {}
    for number, resource in enumerate(access.rights.resources):
        name = resource.path[0]
        state = states.get(name)
        if state is None:
            state = states[name] = State(principals)
        state.add(resource, _access_to(access, number))
    return states


def gathered(moved: Iterable[Moved]) -> list[Moved]:
    """Who reads what no longer; files of which the same lose and gain the same are together, under the folder
    that they all are in."""
    found: list[Moved] = []
    files: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Moved]] = {}
    for each in moved:
        if each.resource.kind == FILES:
            files.setdefault((each.lost, each.gained), []).append(each)
        else:
            found.append(each)
    for (lost, gained), those in files.items():
        folders = {each.resource.path[0] for each in those}
        resource = those[0].resource
        if len(those) > 1:
            count = sum(each.resource.records or 0 for each in those)
            what = f"{counted(count, 'file')} in {counted(len(folders), 'folder')}"
            resource = Resource((_above(folders), what), FILES, count)
        found.append(Moved(resource, lost, gained))
    return sorted(found, key=lambda each: (-len(each.lost), each.resource.path))


def _above(folders: Collection[str]) -> str:
    """The folder that all of some are in, or are: paths, or URLs of one server."""
    scheme, mark, _ = next(iter(folders)).partition("://")
    before = scheme + mark if mark else ""
    return before + posixpath.commonpath([each.removeprefix(before) for each in folders])


class _Principals:
    """What all states of one evaluation share: the names of all, and a hash that begins with them."""

    def __init__(self, access: EffectiveAccess) -> None:
        names = [each.name for each in access.rights.principals]
        self.people = access.people
        self.hashed = sha256(json.dumps(names).encode())
        self.named = cache(lambda bits: tuple(names[each] for each in numbers_in(bits)))


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
