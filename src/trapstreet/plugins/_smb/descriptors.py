"""Security descriptors of Windows ([MS-DTYP] 2.4): who owns a thing, and the list of who may do what."""

import struct
from typing import NamedTuple

ALLOWED, DENIED = 0, 1
OBJECTS, FOLDERS, ONLY_BELOW, INHERITED = 0x01, 0x02, 0x08, 0x10
"""Flags of an entry: files inherit it, folders do, nobody else has it, and it was inherited."""

READ_DATA = 0x00000001
CHANGE_RIGHTS, CHANGE_OWNER = 0x00040000, 0x00080000
GENERIC_ALL, GENERIC_READ = 0x10000000, 0x80000000

_HAS_LIST = 0x0004
_BARE, _OF_OBJECTS, _WITH_CONDITION = (ALLOWED, DENIED), (5, 6), (9, 10)
_OBJECT_IDS = struct.Struct("<I")
_GUID = 16


class Entry(NamedTuple):
    """One entry: ALLOWED or DENIED, flags, rights and the SID of whom it is about.

    conditional  it holds only if a condition does that is not looked at
    """

    kind: int
    flags: int
    rights: int
    who: str
    conditional: bool = False

    @property
    def reads(self) -> bool:
        """Whether the right to read is among its rights."""
        return bool(self.rights & (READ_DATA | GENERIC_ALL | GENERIC_READ))


class Descriptor(NamedTuple):
    """owner: a SID, "" where it is not told;  entries: None where there is no list, which lets everybody do
    everything."""

    owner: str
    entries: tuple[Entry, ...] | None


def descriptor_of(told: bytes) -> Descriptor:
    """A self-relative descriptor taken apart. Raises ValueError where it is none."""
    try:
        _, _, control, owner, _, _, at = struct.unpack_from("<BBHIIII", told)
        entries = _list_of(told, at) if control & _HAS_LIST and at else None
        return Descriptor(sid(told, owner) if owner else "", entries)
    except struct.error as error:
        raise ValueError("a security descriptor is cut short") from error


def _list_of(told: bytes, at: int) -> tuple[Entry, ...]:
    _, _, _, count = struct.unpack_from("<BBHH", told, at)
    entries = []
    at += 8
    for _ in range(count):
        kind, flags, length = struct.unpack_from("<BBH", told, at)
        if length < 8:
            raise ValueError("a security descriptor is malformed")
        whom = at + 8
        (rights,) = struct.unpack_from("<I", told, at + 4)
        if kind in _OF_OBJECTS:  # on files, the ids say nothing
            (ids,) = _OBJECT_IDS.unpack_from(told, whom)
            whom += _OBJECT_IDS.size + _GUID * (ids & 3).bit_count()
        if kind in (*_BARE, *_OF_OBJECTS, *_WITH_CONDITION):
            what = DENIED if kind in (DENIED, 6, 10) else ALLOWED
            entries.append(Entry(what, flags, rights, sid(told, whom), kind in _WITH_CONDITION))
        at += length
    return tuple(entries)


def sid(told: bytes, at: int = 0) -> str:
    """A SID in words, as S-1-5-32-544. Raises struct.error where it is cut short."""
    revision, count, high, low = struct.unpack_from(">BBHI", told, at)
    parts = struct.unpack_from(f"<{count}I", told, at + 8)
    return "-".join(map(str, ("S", revision, high << 32 | low, *parts)))


def packed_sid(text: str) -> bytes:
    """A SID as it is sent."""
    _, revision, authority, *parts = text.split("-")
    numbers = [int(each) for each in parts]
    return struct.pack(
        f">BBHI{len(numbers) * 4}s", int(revision), len(numbers), int(authority) >> 32,
        int(authority) & 0xFFFFFFFF, struct.pack(f"<{len(numbers)}I", *numbers),
    )  # fmt: skip
