"""Access control lists as Linux hands them out (POSIX 1003.1e draft 17; Linux, posix_acl_xattr.h)."""

import struct
from typing import NamedTuple

ATTRIBUTE = "system.posix_acl_access"
"""The extended attribute that a file's list stands in."""

USER, GROUP_OWNER, GROUP, MASK = 0x02, 0x04, 0x08, 0x10
"""Tags: a named user, the owning group, a named group, the most that all of these may."""

_VERSION = 2
_HEADER, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")


class Entry(NamedTuple):
    """may: 4 read, 2 write, 1 enter or run;  who: the number of a named user or group."""

    tag: int
    may: int
    who: int


def entries(acl: bytes) -> list[Entry]:
    """The entries of a list. Raises ValueError for one of another form."""
    if len(acl) < _HEADER.size or _HEADER.unpack_from(acl)[0] != _VERSION:
        raise ValueError("an access control list of another form")
    if (len(acl) - _HEADER.size) % _ENTRY.size:
        raise ValueError("an access control list that is cut short")
    return [Entry(*each) for each in _ENTRY.iter_unpack(acl[_HEADER.size :])]
