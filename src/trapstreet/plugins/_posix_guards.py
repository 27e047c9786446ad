"""Who passes a POSIX mode and access control list (acl(5): Access Check Algorithm)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from trapstreet.core.model.rights import Bits, Grant
from trapstreet.plugins._posix_acl import GROUP, GROUP_OWNER, MASK, USER, entries

READ, ENTER = 4, 1


class Guard(NamedTuple):
    """What decides who may do what with a file: its owners, mode and named entries.

    users, groups  permissions by number, the mask taken into account;  group  those of the owning group
    """

    uid: int
    gid: int
    owner: int
    group: int
    other: int
    users: tuple[tuple[int, int], ...] = ()
    groups: tuple[tuple[int, int], ...] = ()


Label = tuple[int, int]
"""Which part of a guard lets somebody pass: (OTHERS, 0), (OWNING_GROUP, 0), (USER, uid), (GROUP, gid)."""

OTHERS, OWNING_GROUP = 0x20, GROUP_OWNER


@dataclass(frozen=True, slots=True)
class Overlay:
    """A folder, and guards that some paths in it would have."""

    top: str
    guards: Mapping[str, Guard] = field(default_factory=dict)


class People(NamedTuple):
    """Who there is, as sets.

    user, members  a user, and those in a group, by their numbers;  root  whom nothing stops
    """

    everybody: Bits
    root: Bits
    user: Callable[[int], Bits]
    members: Callable[[int], Bits]
    group: Callable[[int], Bits]


def guard(mode: int, uid: int, gid: int, acl: bytes | None) -> Guard:
    """The guard of a file. Raises ValueError for a list of another form.

    acl  the extended attribute, None where the mode is all. Linux does not look at it where the mask, which
         is the mode's group bits then, leaves nothing: who is named in it counts as anybody else
    """
    owner, group, other = mode >> 6 & 7, mode >> 3 & 7, mode & 7
    if acl is None or not group:
        return Guard(uid, gid, owner, group, other)
    listed = entries(acl)
    mask = next((each.may for each in listed if each.tag == MASK), 7)
    group = next(each.may for each in listed if each.tag == GROUP_OWNER) & mask
    return Guard(
        uid, gid, owner, group, other,
        tuple((each.who, each.may & mask) for each in listed if each.tag == USER),
        tuple((each.who, each.may & mask) for each in listed if each.tag == GROUP),
    )  # fmt: skip


def passing(asked: Guard, what: int, people: People) -> Iterator[tuple[Bits, Grant]]:
    """Who gets READ or ENTER, each by what decides it: the first that fits a person decides alone, except
    that of several groups one is enough."""
    word = "read" if what == READ else "enter"
    left = people.everybody & ~people.root
    yield people.root, Grant("root", people.root)
    for uid, may, text in (
        (asked.uid, asked.owner, f"owner: may {word}"),
        *((uid, may, f"named in its access control list: may {word}") for uid, may in asked.users),
    ):
        those = people.user(uid) & left
        left &= ~those
        if may & what and those:
            yield those, Grant(text, those)
    met = 0
    granted = 0
    for gid, may in ((asked.gid, asked.group), *asked.groups):
        those = people.members(gid) & left
        met |= those
        if may & what and (new := those & ~granted):
            granted |= new
            yield new, Grant(f"its group may {word}", people.group(gid))
    if asked.other & what and (rest := left & ~met):
        yield rest, Grant(f"everybody else may {word}", rest)


def those_passing(asked: Guard, what: int, people: People) -> Bits:
    """All who get READ or ENTER."""
    bits = 0
    for those, _ in passing(asked, what, people):
        bits |= those
    return bits


def labelled(asked: Guard, what: int, people: People) -> list[tuple[Label, Bits]]:
    """The parts of a guard by which somebody passes who is neither root nor its owner, and who it is.

    Of whom several groups let pass, each group has them.
    """
    left = people.everybody & ~people.root & ~people.user(asked.uid)
    found: list[tuple[Label, Bits]] = []
    for uid, may in asked.users:
        those = people.user(uid) & left
        left &= ~those
        found.append(((USER, uid), those if may & what else 0))
    met = 0
    for label, gid, may in (
        ((OWNING_GROUP, 0), asked.gid, asked.group),
        *(((GROUP, gid), gid, may) for gid, may in asked.groups),
    ):
        those = people.members(gid) & left
        met |= those
        found.append((label, those if may & what else 0))
    found.append(((OTHERS, 0), left & ~met if asked.other & what else 0))
    return [each for each in found if each[1]]


def without(asked: Guard, label: Label, what: int) -> Guard:
    """A guard with READ or ENTER taken from one of its parts. Nobody gets more by that: whom a part is about
    stays the same."""
    tag, who = label
    if tag == OTHERS:
        return asked._replace(other=asked.other & ~what)
    if tag == OWNING_GROUP:
        return asked._replace(group=asked.group & ~what)
    lessened = tuple(
        (each, may & ~what if each == who else may) for each, may in (asked.users, asked.groups)[tag == GROUP]
    )
    return asked._replace(users=lessened) if tag == USER else asked._replace(groups=lessened)


def part_of(asked: Guard, label: Label) -> int:
    """All that one part of a guard allows."""
    tag, who = label
    if tag in (OTHERS, OWNING_GROUP):
        return asked.other if tag == OTHERS else asked.group
    return dict(asked.users if tag == USER else asked.groups).get(who, 0)


def naming(asked: Guard, given: Mapping[Label, int]) -> Guard:
    """A guard with entries for some users and groups beside its own."""
    users = tuple((who, may) for (tag, who), may in given.items() if tag == USER)
    groups = tuple((who, may) for (tag, who), may in given.items() if tag == GROUP)
    return asked._replace(users=asked.users + users, groups=asked.groups + groups)
