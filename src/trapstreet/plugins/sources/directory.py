"""Files and directories of this machine, in the sorted order of their names.

A link that is met on the way is not followed. What it points to is read where it lies, if it lies under the
location; if it lies elsewhere, the link is listed. A link that is given by name is followed.
"""

import errno
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.core.model.objects import SourceObject, Unread, printable

_KINDS = [
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
]


def claims(location: str) -> bool:
    return location != "-" and "://" not in location


def objects(location: str) -> Iterator[SourceObject | Unread]:
    """Every regular file at or under the location, those of a directory before those below it.

    Raises Unreachable or AccessDenied if the location itself cannot be looked at.
    """
    try:
        status = Path(location).stat()
    except PermissionError as error:
        raise AccessDenied(f"{printable(location)}: permission denied", hint="ask for read access") from error
    except (OSError, ValueError) as error:
        raise Unreachable(f"{printable(location)}: {_why(error)}", hint="check the path") from error
    if stat.S_ISDIR(status.st_mode):
        return _walk(location)
    return iter([_object(location, location, status)])


def _walk(location: str) -> Iterator[SourceObject | Unread]:
    top = os.path.realpath(location)
    waiting = [location]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield Unread(folder, _why(error))
            continue
        below = []
        for entry in entries:
            if _is_folder(entry):
                below.append(entry.path)
            else:
                yield from _entry(entry, location, top)
        waiting += reversed(below)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # said by _entry, which looks at it again
        return False


def _entry(entry: os.DirEntry[str], location: str, top: str) -> Iterator[SourceObject | Unread]:
    try:
        if not entry.is_symlink():
            yield _object(location, entry.path, entry.stat(follow_symlinks=False))
        elif entry.stat() and not _lies_under(os.path.realpath(entry.path), top):
            yield Unread(
                entry.path, "a link out of the scanned directory; give its target by name to read it"
            )
    except FileNotFoundError:
        if not entry.is_symlink():  # a link to nothing hides nothing
            yield Unread(entry.path, "vanished before it was read")
    except OSError as error:
        yield Unread(entry.path, _why(error))


def _lies_under(path: str, top: str) -> bool:
    return Path(path).is_relative_to(top)


def _object(location: str, path: str, status: os.stat_result) -> SourceObject | Unread:
    if stat.S_ISREG(status.st_mode):
        return SourceObject(location, path, status.st_size, partial(_open, path))
    return Unread(path, _what(status))


def _open(path: str) -> BinaryIO:
    return open(path, "rb", buffering=0, opener=_opener)


def _opener(path: str, flags: int) -> int:
    """Opens what was listed as a file, and refuses what took its name since: a pipe would block for ever."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, _what(status))


def _what(status: os.stat_result) -> str:
    return next((f"{name}, not a file" for is_kind, name in _KINDS if is_kind(status.st_mode)), "not a file")


def _why(error: Exception) -> str:
    return (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else "not a path"
