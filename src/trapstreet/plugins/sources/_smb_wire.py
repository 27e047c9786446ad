"""What SMB servers send, taken apart: entries of folders, facts of files, security descriptors.

[MS-FSCC] 2.4, [MS-SMB2] 2.2.14, [MS-DTYP] 2.4.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FOLDER, LINK = 0x10, 0x400
"""File attributes: a directory, a reparse point."""

_ENTRY = struct.Struct("<II 8x8x qq q8x III")
_SURROGATE = 0x20000000  # the tag of a reparse point that stands for something elsewhere
_DFS = (0x8000000A, 0x80000012)
_EPOCH = 11_644_473_600_000_000  # microseconds from 1601 to 1970

_READ = 0x00000001 | 0x10000000 | 0x80000000  # file data, all that is generic, generic read
_OBJECTS, _ONLY_BELOW = 0x01, 0x08  # an entry that files inherit, and one that only they do
_ALLOWED, _DENIED = 0, 1
_HAS_LIST = 0x0004

_ANYBODY = ("S-1-1-0", "S-1-5-7", "S-1-5-32-546")
_ACCOUNTS = ("S-1-5-11", "S-1-5-32-545", "S-1-5-2")
_DOMAIN_GROUPS = ("-513", "-514", "-515")


class Nonsense(ConnectionError):
    """The other side does not keep to the protocol."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server says of a file. Times: Windows', 100 ns since 1601."""

    size: int
    attributes: int
    written: int
    changed: int
    tag: int = 0

    @property
    def version(self) -> str:
        return f"{self.size} {self.written} {self.changed}"

    @property
    def modified(self) -> int:
        return self.written // 10 - _EPOCH

    @property
    def is_folder(self) -> bool:
        return bool(self.attributes & FOLDER)

    @property
    def leads_elsewhere(self) -> bool:
        """A symbolic link, a junction, a folder on another server. Other reparse points are files in a form
        of their own (deduplicated, in the cloud)."""
        return bool(self.attributes & LINK) and bool(self.tag & _SURROGATE or self.tag in _DFS)


def entries_of(block: bytes) -> Iterator[tuple[bytes, Facts]]:
    """Names, in UTF-16, and facts of FileFullDirectoryInformation. Raises Nonsense."""
    at = 0
    while True:
        try:
            following, _, written, changed, size, attributes, length, tag = _ENTRY.unpack_from(block, at)
        except struct.error as error:
            raise Nonsense("a listing is cut short") from error
        begin = at + _ENTRY.size
        name = block[begin : begin + length]
        if len(name) != length:
            raise Nonsense("a listing is cut short")
        yield name, Facts(size, attributes, written, changed, tag)
        if not following:
            return
        at += following


def opened(answer: bytes) -> tuple[bytes, Facts]:
    """Handle and facts of an answer to CREATE. Raises Nonsense."""
    try:
        written, changed, size, attributes, handle = struct.unpack_from("<24x qq 8x q I 4x 16s", answer)
    except struct.error as error:
        raise Nonsense("an answer is cut short") from error
    return handle, Facts(size, attributes, written, changed)


def readers_of(descriptor: bytes, *, of_files_in_it: bool) -> str:
    """Who may read, in words, by a security descriptor; "" where it is nobody in particular.

    of_files_in_it  it is a folder's, and asked is who may read a file that is made there
    """
    try:
        listed = _list_of(descriptor)
    except (struct.error, ValueError):
        return ""
    if listed is None:  # no list at all lets everybody do everything
        return "everybody"
    inherited = [each for each in listed if each[1] & _OBJECTS] if of_files_in_it else []
    entries = inherited or [each for each in listed if not each[1] & _ONLY_BELOW]
    if _may_read(entries, _is_anybody):
        return "everybody"
    if _may_read(entries, lambda who: _is_anybody(who) or _is_account(who)):
        return "everybody at the company"
    return ""


_Entry = tuple[int, int, int, str]  # kind, flags, rights, who


def _list_of(descriptor: bytes) -> list[_Entry] | None:
    _, _, control, *_, at = struct.unpack_from("<BBHIIII", descriptor)
    if not control & _HAS_LIST or not at:
        return None
    _, _, _, count = struct.unpack_from("<BBHH", descriptor, at)
    entries: list[_Entry] = []
    at += 8
    for _ in range(count):
        kind, flags, length = struct.unpack_from("<BBH", descriptor, at)
        if length < 8:
            raise ValueError
        if kind in (_ALLOWED, _DENIED):
            (rights,) = struct.unpack_from("<I", descriptor, at + 4)
            entries.append((kind, flags, rights, _sid(descriptor, at + 8)))
        at += length
    return entries


def _sid(descriptor: bytes, at: int) -> str:
    revision, count, high, low = struct.unpack_from(">BBHI", descriptor, at)
    parts = struct.unpack_from(f"<{count}I", descriptor, at + 8)
    return "-".join(map(str, ("S", revision, high << 32 | low, *parts)))


def _may_read(entries: list[_Entry], concerns: Callable[[str], bool]) -> bool:
    for kind, _, rights, who in entries:
        if rights & _READ and concerns(who):
            return kind == _ALLOWED
    return False


def _is_anybody(who: str) -> bool:
    return who in _ANYBODY


def _is_account(who: str) -> bool:
    return who in _ACCOUNTS or (who.startswith("S-1-5-21-") and who.endswith(_DOMAIN_GROUPS))
