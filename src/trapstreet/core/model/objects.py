"""What a source holds: objects to read, and what could not be read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Ref:
    """One object as a source lists it; what is needed to open it, and to see that it has not changed.

    path      where it is, as the source names it and people find it; undecodable bytes are surrogates
    version   a text that is another one when the content is (an ETag, size and time, a hash); "" where the
              source cannot tell, and it has to be read to know
    size      bytes, None where nobody knows before the end
    modified  Unix microseconds, None where nobody knows
    readers   who may read it, in words, like "everybody"; "" where the source does not say
    handle    what its source opens it by, where that is not the path
    """

    path: str
    version: str = ""
    size: int | None = None
    modified: int | None = None
    readers: str = ""
    handle: str = ""


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


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, or not to its end, and why. It never goes unmentioned."""

    path: str
    why: str


def printable(path: str) -> str:
    r"""The path as one line of UTF-8 for a terminal: "\x1b", "\u202e", "\xff" for what does not print."""
    return "".join(c if c.isprintable() and c != "\\" else _escape(c) for c in path)


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
