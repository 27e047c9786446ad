"""Folders on a server, walked in an order in which a listing can go on.

Each folder before those in it, those of one folder by name: the order of their paths as tuples of names. So a
cursor is the path of a folder, and whoever goes on from it looks again at the folders above it and no others.
"""

import errno
import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, unquote

from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread, printable

DEEPEST = 64
"""Folders within each other that are looked into."""

MOST = 1_000_000
"""Entries of one folder that are looked at."""

OUTWARD = "a link that is not followed; give its target by name to read it"
"""Why a link is not read that leads out of the location, or nobody knows where."""

_PER_MARK = 500
"""Objects after which the listing could go on from here."""

_TURNS = 3
"""Folders above one that hold just the same, from which it is a loop: some servers show links as folders."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder holds, or a path leads to; version to readers as in `Ref`.

    why  what keeps it from being read, "" where nothing does
    itself  what a folder is known by under any name, "" where that is not told; "." has that of the folder
    """

    name: str
    folder: bool = False
    version: str = ""
    size: int | None = None
    modified: int | None = None
    readers: str = ""
    why: str = ""
    itself: str = ""


class Folders(Protocol):
    """A server's files. Paths are relative to the location, with "/" between names; "" is the location."""

    def look(self, path: str) -> Entry:
        """What is there now. Raises OSError, FileNotFoundError and PermissionError where it is that."""
        ...

    def entries(self, path: str) -> Iterable[Entry]:
        """What a folder holds, in any order; no links to what lies below the location. Raises as `look` does,
        and TrapstreetError where nothing more is to be had from the server."""
        ...

    def shown(self, path: str) -> str:
        """What people find it by."""
        ...


@dataclass(frozen=True, slots=True)
class _Above:
    """The folders above one. same: a hash of what the folder holds;  itself  what it is known by."""

    same: int
    itself: str
    above: "_Above | None"


def walk(folders: Folders, cursor: str) -> Iterator[Ref | Unread | Mark]:
    """Every object below the location, or the one that it is. Memory: the entries of one folder at a time,
    some 300 bytes each, and the names of folders that wait."""
    try:
        top = folders.look("")
    except OSError as error:
        raise not_there(folders.shown(""), error) from error
    if not top.folder:
        yield _found(folders.shown(""), top)
    else:
        yield from _below(folders, _place(cursor))
    yield Mark("", whole=True)


def _below(folders: Folders, after: tuple[str, ...] | None) -> Iterator[Ref | Unread | Mark]:
    waiting: list[tuple[tuple[str, ...], _Above | None]] = [((), None)]
    unmarked = 0
    while waiting:
        at, above = waiting.pop()
        path = "/".join(at)
        found: list[Ref | Unread] = []
        try:
            held, itself = _held(folders, path, found)
        except OSError as error:
            if not at:
                raise not_there(folders.shown(""), error) from error
            yield Unread(folders.shown(path), why_of(error))
            continue
        same = hash(tuple((each.name, each.folder, each.version) for each in held))
        if len(held) > 1 and _turns(same, above) >= _TURNS:  # one folder alone ends at DEEPEST
            yield Unread(folders.shown(path), "it holds what folders above it hold: a loop")
            continue
        chain = _Above(same, itself, above)
        inner = _sorted_out(folders, at, [each for each in held if not _is_met_again(each, chain)], found)
        if after is None or at > after:
            yield from found
            unmarked += len(found)
            if unmarked >= _PER_MARK:
                unmarked = 0
                yield Mark("/" + quote(path, errors="surrogateescape"))
        waiting += [(each, chain) for each in reversed(inner) if after is None or each >= after[: len(each)]]


def _sorted_out(
    folders: Folders, at: tuple[str, ...], held: Iterable[Entry], found: list[Ref | Unread]
) -> list[tuple[str, ...]]:
    """The folders among what a folder holds; to `found` goes the rest."""
    inner = []
    for each in held:
        shown = folders.shown("/".join((*at, each.name)))
        if not each.folder or each.why:
            found.append(_found(shown, each))
        elif len(at) >= DEEPEST:
            found.append(Unread(shown, f"more than {DEEPEST} folders deep"))
        else:
            inner.append((*at, each.name))
    return inner


def _held(folders: Folders, path: str, unread: list[Ref | Unread]) -> tuple[list[Entry], str]:
    """What a folder holds, by name, and what it is known by itself; to `unread` goes what has no name."""
    held: dict[str, Entry] = {}
    itself = ""
    for each in folders.entries(path):
        if each.name in (".", ".."):
            itself = each.itself if each.name == "." else itself
            continue
        shown = folders.shown(f"{path}/{each.name}" if path else each.name)
        if not each.name or "/" in each.name or "\0" in each.name:
            unread.append(Unread(shown, "the server gives it a name that is none"))
        elif len(held) == MOST:
            unread.append(
                Unread(folders.shown(path), f"it holds more than {MOST:,} entries; the rest is not read")
            )
            break
        else:
            held[each.name] = each
    return [held[name] for name in sorted(held)], itself


def _found(shown: str, entry: Entry) -> Ref | Unread:
    if entry.why:
        return Unread(shown, entry.why)
    return Ref(shown, entry.version, entry.size, entry.modified, entry.readers)


def _is_met_again(entry: Entry, above: _Above | None) -> bool:
    """Whether a folder is one of those that it lies in: a link that the server follows shows it so."""
    while entry.itself and above is not None:
        if above.itself == entry.itself:
            return True
        above = above.above
    return False


def _turns(same: int, above: _Above | None) -> int:
    count = 0
    while above is not None:
        count += above.same == same
        above = above.above
    return count


def _place(cursor: str) -> tuple[str, ...] | None:
    if not cursor:
        return None
    return tuple(filter(None, unquote(cursor, errors="surrogateescape").split("/")))


def not_there(shown: str, error: OSError) -> AccessDenied | Unreachable:
    """What it means that the location itself cannot be looked at."""
    if isinstance(error, PermissionError):
        return AccessDenied(f"{printable(shown)}: not allowed to look there", hint="ask for read access")
    return Unreachable(f"{printable(shown)}: {why_of(error)}", hint="check the path")


def lies_below(target: str, folder: str, top: str) -> bool:
    """Whether a link in a folder leads to something below another. Paths are the server's, from its root."""
    found = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
    return not top or found == top or found.startswith(f"{top}/")


def why_of(error: OSError) -> str:
    """Why something cannot be read, in words of ours: no server's text is an `OSError` of a source."""
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, FileNotFoundError):
        return "there is none"
    if error.errno in errno.errorcode:
        return os.strerror(error.errno or 0).lower()
    return str(error) or "cannot be read"
