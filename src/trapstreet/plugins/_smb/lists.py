"""Lists of rights of Windows, to be changed: what of one is its own and what it inherited, what it hands down
([MS-DTYP] 2.5.3.4), and as text ([MS-DTYP] 2.5.1)."""

import re
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from trapstreet.plugins._smb.descriptors import (
    ALLOWED,
    DENIED,
    FOLDERS,
    GENERIC_ALL,
    GENERIC_READ,
    INHERITED,
    OBJECTS,
    ONLY_BELOW,
    Entry,
    descriptor_of,
    packed_sid,
)

NOT_FURTHER = 0x04
CREATOR_OWNER, CREATOR_GROUP = "S-1-3-0", "S-1-3-1"

_PRESENT, _ASKED, _AUTOMATIC, _PROTECTED, _SELF_RELATIVE = 0x4, 0x100, 0x400, 0x1000, 0x8000
_KEPT = _AUTOMATIC | _PROTECTED
_ALL, _READ, _WRITE, _EXECUTE = 0x1F01FF, 0x120089, 0x120116, 0x1200A0
_GENERIC = (
    (GENERIC_ALL, _ALL), (GENERIC_READ, _READ), (0x40000000, _WRITE), (0x20000000, _EXECUTE),
)  # fmt: skip
_FLAGS = (("OI", OBJECTS), ("CI", FOLDERS), ("NP", NOT_FURTHER), ("IO", ONLY_BELOW), ("ID", INHERITED))
_PLAIN = (ALLOWED, DENIED)
_ENTRY = re.compile(
    r"\((?P<kind>[AD]);(?P<flags>(?:OI|CI|NP|IO|ID)*);0x(?P<rights>[0-9a-f]{1,8});;;(?P<who>S[-0-9]+)\)"
)


class Rights(NamedTuple):
    """A list: its own entries, which come first, and behind them those that it inherited.

    protected  nothing is handed down to it;  automatic  it was said to inherit as Windows does
    """

    own: tuple[Entry, ...]
    inherited: tuple[Entry, ...]
    protected: bool = False
    automatic: bool = False

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All, in their order."""
        return self.own + self.inherited

    @property
    def text(self) -> str:
        """As SDDL, with SIDs in full."""
        control = "P" * self.protected + "AI" * self.automatic
        return f"D:{control}{''.join(map(entry_text, self.entries))}"


def rights_of(told: bytes) -> Rights | None:
    """The list of a descriptor; None where there is none, or one that cannot be written again as it is:
    entries of other kinds than "allow" and "deny", or what is inherited before what is not.

    Raises ValueError where it is no descriptor.
    """
    descriptor = descriptor_of(told)
    if descriptor.entries is None or any(kind not in _PLAIN for kind in _kinds(told)):
        return None
    own = tuple(each for each in descriptor.entries if not each.flags & INHERITED)
    inherited = descriptor.entries[len(own) :]
    if any(not each.flags & INHERITED for each in inherited):
        return None
    (control,) = struct.unpack_from("<2xH", told)
    return Rights(own, inherited, bool(control & _PROTECTED), bool(control & _AUTOMATIC))


def _kinds(told: bytes) -> Iterator[int]:
    """The kinds of all entries, as they are sent."""
    (at,) = struct.unpack_from("<16xI", told)
    (count,) = struct.unpack_from("<4xH", told, at)
    at += 8
    for _ in range(count):
        kind, length = struct.unpack_from("<BxH", told, at)
        yield kind
        at += length


def packed(rights: Rights, owner: str = "") -> bytes:
    """A descriptor with a list, as it is sent to a server; with an owner, as a server answers."""
    listed = b"".join(map(_packed_entry, rights.entries))
    who = packed_sid(owner) if owner else b""
    control = _SELF_RELATIVE | _PRESENT | _PROTECTED * rights.protected
    if rights.automatic:  # a server keeps it only where it is asked to
        control |= _AUTOMATIC | (0 if owner else _ASKED)
    head = struct.pack("<BBHIIII", 1, 0, control, 20 if owner else 0, 0, 0, 20 + len(who))
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(listed), len(rights.entries), 0)
    return head + who + acl + listed


def _packed_entry(entry: Entry) -> bytes:
    who = packed_sid(entry.who)
    return struct.pack("<BBHI", entry.kind, entry.flags, 8 + len(who), entry.rights) + who


def handed_down(entries: Iterable[Entry], *, owner: str, folder: bool) -> tuple[Entry, ...]:
    """What something in a folder inherits of the folder's entries.

    owner  whose it is;  folder  whether it is one
    """
    found: list[Entry] = []
    for each in entries:
        if folder:
            found += _to_folder(each, owner)
        elif each.flags & OBJECTS:
            found.append(_in_force(each, owner, INHERITED))
    return tuple(found)


def _to_folder(entry: Entry, owner: str) -> Iterator[Entry]:
    further = entry.flags & (OBJECTS | FOLDERS) if not entry.flags & NOT_FURTHER else 0
    if entry.flags & FOLDERS:
        here = _in_force(entry, owner, INHERITED | further)
        if (here.who, here.rights) == (entry.who, entry.rights) or not further:
            yield here
            return
        yield here._replace(flags=INHERITED)
        yield entry._replace(flags=INHERITED | further | ONLY_BELOW)
    elif further:
        yield entry._replace(flags=INHERITED | further | ONLY_BELOW)


def _in_force(entry: Entry, owner: str, flags: int) -> Entry:
    who = owner if entry.who == CREATOR_OWNER and owner else entry.who
    return entry._replace(flags=flags, rights=specific(entry.rights), who=who)


def specific(rights: int) -> int:
    """Rights to files, without generic ones, which stand for several."""
    for generic, those in _GENERIC:
        if rights & generic:
            rights = rights & ~generic | those
    return rights


def entry_text(entry: Entry) -> str:
    """An entry as SDDL."""
    flags = "".join(text for text, flag in _FLAGS if entry.flags & flag)
    return f"({'DA'[entry.kind == ALLOWED]};{flags};0x{entry.rights:x};;;{entry.who})"


def entry_of(text: str) -> Entry:
    """What `entry_text` wrote. Raises ValueError."""
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise ValueError("no entry of a list")
    flags = sum(flag for name, flag in _FLAGS if name in re.findall("..", found["flags"]))
    kind = ALLOWED if found["kind"] == "A" else DENIED
    return Entry(kind, flags, int(found["rights"], 16), found["who"])
