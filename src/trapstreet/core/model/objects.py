"""What a source holds: objects to read, and what could not be read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec


@dataclass(frozen=True, slots=True)
class Ref:
    """One object as a source lists it; what is needed to open it, and to see that it has not changed.

    path      where it is, as the source names it and people find it; undecodable bytes are surrogates
    version   a text that is another one when the content is (an ETag, size and time, a hash); "" where the
              source cannot tell, and it has to be read to know
    size      bytes, None where nobody knows before the end
    modified  Unix microseconds, None where nobody knows
    readers   who may read it, in words, like "everybody"; "" where the source does not say
    handle    what its source opens it by, where that is not the path; it may be all its content
    """

    path: str
    version: str = ""
    size: int | None = None
    modified: int | None = None
    readers: str = ""
    handle: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to here a source was listed: what came before need not be listed again.

    cursor  from which the next listing goes on; "" where a listing has to begin anew
    whole   all that is there was named since the listing began at "": what it did not name is gone
    """

    cursor: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One file, message or blob of a source.

    source  the location as the user gave it
    path    where the object is, as the source names it; undecodable bytes are surrogates (PEP 383)
    size    bytes, None where nobody knows before the end
    open    opens it for reading from its beginning; raises OSError
    """

    source: str
    path: str
    size: int | None
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)


class Unread(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that could not be read, or not all of it, and why. It never goes unmentioned.

    partly  whether something of it was read
    """

    path: str
    why: str
    partly: bool = False

    def printable(self) -> "Unread":
        """The same, its path as a terminal may have it."""
        return Unread(printable(self.path), self.why, self.partly)

    @property
    def line(self) -> str:
        """What is said of it; the path has to be printable."""
        return f"{'PARTLY READ' if self.partly else 'NOT READ'}  {self.path}: {self.why}"


def printable(path: str) -> str:
    r"""The path as one line of UTF-8 for a terminal: "\x1b", "\u202e", "\xff" for what does not print."""
    return "".join(c if c.isprintable() and c != "\\" else _escape(c) for c in path)


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
