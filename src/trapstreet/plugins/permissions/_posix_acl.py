"""Who passes a POSIX mode and access control list (acl(5): Access Check Algorithm)."""

from collections.abc import Callable, Iterator
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
