"""What a source holds: objects to read, and what could not be read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO


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
