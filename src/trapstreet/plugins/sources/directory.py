"""Files and directories of this machine, in the sorted order of their names.

A link that is met on the way is not followed. What it points to is read where it lies, if it lies under the
location; if it lies elsewhere, the link is listed. A link that is given by name is followed.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins.sources import Place
from trapstreet.plugins.sources._parts import part

_KINDS = [
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
]


title = "files and directories"
schemes = ()
reveals = "Access times of files, where the file system keeps them."
settings = Place


def source(settings: Place) -> "_Directory":
    return _Directory(settings.url)


class _Directory:
    def __init__(self, location: str) -> None:
        self._location = location

    def list(self, _cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Every regular file at or under the location, those of a directory before those below it.

        Raises Unreachable or AccessDenied if the location itself cannot be looked at.
        """
        location = self._location
        if not location:  # Path("") would be the working directory
            raise Unreachable("a location is empty", hint="check the path; . is this folder")
        try:
            status = Path(location).stat()
        except PermissionError as error:
            raise AccessDenied(
                f"{printable(location)}: permission denied", hint="ask for read access"
            ) from error
        except (OSError, ValueError) as error:
            raise Unreachable(f"{printable(location)}: {_why(error)}", hint=_instead(location)) from error
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(location)
        else:
            yield _listed(location, status)
        yield Mark("", whole=True)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        return part(_open(ref.path), start, end)

    def put(self, path: str, content: bytes) -> None:
        with (Path(self._location) / path).open("xb") as file:
            file.write(content)

    def remove(self, path: str) -> None:
        (Path(self._location) / path).unlink()

    def close(self) -> None:
        """Nothing is kept open."""


def _instead(location: str) -> str:
    """What to do about a path that is none: findings name places inside files, "x.zip!/a.csv"."""
    ends = (at for at, letter in enumerate(location) if letter == "!")
    file = next((location[:at] for at in ends if os.path.isfile(location[:at])), None)  # noqa: PTH113 - "\0"
    return f"pass the file itself: {printable(file)}" if file else "check the path"


def _walk(location: str) -> Iterator[Ref | Unread]:
    """Memory: the names of one directory at a time, some 50 MB for a million files."""
    top = os.path.realpath(location)
    waiting = [location]
    while waiting:
        folder = waiting.pop()
        try:
            names = sorted(os.listdir(os.fsencode(folder)))  # noqa: PTH208 - names alone take little room
        except OSError as error:
            yield Unread(folder, _why(error))
            continue
        below = []
        for name in names:
            path = os.path.join(folder, os.fsdecode(name))  # noqa: PTH118 - a Path takes ten times as long
            try:
                status = os.lstat(path)
                if stat.S_ISDIR(status.st_mode):
                    below.append(path)
                elif stat.S_ISLNK(status.st_mode):
                    yield from _link(path, top)
                else:
                    yield _listed(path, status)
            except FileNotFoundError:
                yield Unread(path, "vanished before it was read")
            except OSError as error:
                yield Unread(path, _why(error))
        waiting += reversed(below)


def _link(path: str, top: str) -> Iterator[Unread]:
    try:
        os.stat(path)  # noqa: PTH116 - as above
    except FileNotFoundError:  # a link to nothing hides nothing
        return
    if not _lies_under(os.path.realpath(path), top):
        yield Unread(path, "a link out of the scanned directory; give its target by name to read it")


def _lies_under(path: str, top: str) -> bool:
    return Path(path).is_relative_to(top)


def _listed(path: str, status: os.stat_result) -> Ref | Unread:
    if not stat.S_ISREG(status.st_mode):
        return Unread(path, _what(status))
    modified = status.st_mtime_ns
    version = f"{status.st_size} {modified} {status.st_ctime_ns} {status.st_ino}"
    return Ref(path, version, status.st_size, modified // 1000, "everybody" if status.st_mode & 0o004 else "")


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
