"""What a RAR archive holds, and how it would lie there if nothing were encrypted."""

import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeVar

UNKNOWN = "encrypted in a way that is not known here"
VOLUMES = "a part of it lies in another volume: unpack it first"
UNTOLD = "damaged: what its header tells of it cannot be read"


T = TypeVar("T")
Trying = Generator[bytes, None, T]
"""What tries passwords: empty blocks meanwhile say that its process has not stopped."""


class Malformed(Exception):
    """A header is damaged or cut short."""


class Locked(Exception):
    """The headers are encrypted, too; the message says why they cannot be read, "" if no password fits."""


class Decipher(Protocol):
    def update(self, data: bytes, /) -> bytes: ...


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc32:
    size = 4

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self.size, "little")


class Lock(Protocol):
    """How a file is encrypted."""

    def fits(self, password: str) -> bool | None:
        """Whether the password is the right one; None where only unpacking can tell."""

    def decipher(self, password: str) -> Decipher: ...

    def length(self, password: str, file: BinaryIO, start: int, packed: int) -> int:
        """How many of these bytes, deciphered, are no padding."""

    def told_by(self, unpacked: int) -> bool:
        """Whether a password that has unpacked so many bytes without a fault is the right one."""

    def digest(self) -> Digest:
        """Of the kind that the archive has of the content. libarchive checks none of what is only stored."""

    def is_right(self, password: str, digest: bytes) -> bool:
        """Whether that is the content's."""


@dataclass(frozen=True, slots=True)
class File:
    """One that has content.

    header         as it would be without encryption before so many bytes
    start, packed  where its bytes begin, and how many there are
    follows        it cannot be unpacked without the file before it: they are solid
    lock           None where it is not encrypted
    why            it cannot be read; "" if it can
    partial        there is more of it in another volume
    """

    name: str
    header: Callable[[int], bytes]
    start: int
    packed: int
    follows: bool
    lock: Lock | None
    why: str = ""
    partial: bool = False

    @property
    def ordinary(self) -> bool:
        """Whether libarchive reads it as it lies there."""
        return not (self.lock or self.why or self.partial)


@dataclass(slots=True)
class Contents:
    """What the headers tell.

    formats  as libarchive calls what reads it
    files    in their order
    sealed   the headers are encrypted, too
    beside   there are blocks of other kinds, over which libarchive stumbles
    damaged  there is more than could be read
    """

    formats: str
    begin: bytes
    begin_solid: bytes
    end: bytes
    files: list[File]
    sealed: bool = False
    beside: bool = False
    damaged: bool = False
