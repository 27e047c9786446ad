"""Who passes a POSIX mode and access control list (acl(5): Access Check Algorithm)."""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from trapstreet.core.model.rights import Bits, Grant

ATTRIBUTE = "system.posix_acl_access"
READ, ENTER = 4, 1

_VERSION = 2
_HEADER, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_USER, _GROUP_OWNER, _GROUP, _MASK = 0x02, 0x04, 0x08, 0x10


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
    if len(acl) < _HEADER.size or _HEADER.unpack_from(acl)[0] != _VERSION or len(acl) % 8 != _HEADER.size:
        raise ValueError("an access control list of another form")
    entries = [*_ENTRY.iter_unpack(acl[_HEADER.size :])]
    mask = next((may for tag, may, _ in entries if tag == _MASK), 7)
    group = next(may for tag, may, _ in entries if tag == _GROUP_OWNER) & mask
    return Guard(
        uid, gid, owner, group, other,
        tuple((who, may & mask) for tag, may, who in entries if tag == _USER),
        tuple((who, may & mask) for tag, may, who in entries if tag == _GROUP),
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
