"""What SMB servers send, taken apart: entries of folders ([MS-FSCC] 2.4), facts of files ([MS-SMB2] 2.2)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

FOLDER, LINK = 0x10, 0x400
"""File attributes: a directory, a reparse point."""

_ENTRY = struct.Struct("<II 8x8x qq q8x III 4x Q")
_SURROGATE = 0x20000000  # the tag of a reparse point that stands for something elsewhere
_DFS = (0x8000000A, 0x80000012)
_NO_NUMBER = (0, (1 << 64) - 1)
_EPOCH = 11_644_473_600_000_000  # microseconds from 1601 to 1970


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
    number: int = 0

    @property
    def itself(self) -> str:
        """What is the same where a folder is met again under another name; "" where nobody knows. Numbers
        are those of one disk: with the times, two disks' folders do not pass for one."""
        return "" if self.number in _NO_NUMBER else f"{self.number} {self.written} {self.changed}"

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
    """Names, in UTF-16, and facts of FileIdFullDirectoryInformation. Raises Nonsense."""
    at = 0
    while True:
        try:
            following, _, written, changed, size, attributes, length, tag, number = _ENTRY.unpack_from(
                block, at
            )
        except struct.error as error:
            raise Nonsense("a listing is cut short") from error
        begin = at + _ENTRY.size
        name = block[begin : begin + length]
        if len(name) != length:
            raise Nonsense("a listing is cut short")
        yield name, Facts(size, attributes, written, changed, tag, number)
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
