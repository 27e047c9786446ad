"""Files and directories of this machine, in the sorted order of their names.

Where something was mounted when it began to be watched, it has to be mounted: else all that lay there would
seem gone.

A link that is met on the way is not followed. What it points to is read where it lies, if it lies under the
location; if it lies elsewhere, the link is listed. A link that is given by name is followed.
"""

import errno
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, BinaryIO

from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins.sources import Place
from trapstreet.plugins.sources._mounts import missing, needed
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import part
from trapstreet.plugins.sources._rights import Rights

_KINDS = [
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
]


class Settings(Place, frozen=True, forbid_unknown_fields=True, kw_only=True):
    mount: Annotated[
        tuple[str, ...],
        option("Where something has to be mounted; without it, whatever is mounted there now", "DIRECTORY"),
    ] = ()


title = "files and directories"
schemes = ()
reveals = "Access times of files, where the file system keeps them."
settings = Settings

_UNMOUNTED = "nothing is mounted there any more"


def source(settings: Settings) -> "_Directory":
    return _Directory(settings)


def noticed(settings: Settings) -> Mapping[str, object]:
    """What is mounted there now."""
    return {"mount": [*(settings.mount or needed(settings.url))]}


class _Directory:
    def __init__(self, settings: Settings) -> None:
        self._location, self._mounts = settings.url, settings.mount

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
        top = os.path.realpath(location)
        lost = self._lost(top)
        rights = Rights()
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(location, {_seen_from(location, top, each) for each in lost}, rights)
        else:
            is_open = rights.lead_to(os.path.dirname(top))  # noqa: PTH120 - of text
            yield _listed(location, status, rights if is_open else None)
        if self._lost(top) != lost:
            raise Unreachable(f"{printable(location)}: {_UNMOUNTED}", hint="it is tried again")
        yield Mark("", whole=True)

    def _lost(self, top: str) -> set[str]:
        """Where below the location nothing is mounted any more. Raises Unreachable where it is the location
        itself that lies nowhere."""
        lost = missing(self._mounts) if self._mounts else set[str]()
        for point in lost:
            if _lies_under(top, point):
                raise Unreachable(
                    f"{printable(point)}: {_UNMOUNTED}", hint="mount it, or remove the source and add it anew"
                )
        return lost

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        return part(_open(ref.path), start, end)

    def put(self, path: str, content: bytes) -> str:
        with (Path(self._location) / path).open("xb") as file:
            file.write(content)
        return os.path.join(self._location, path)  # noqa: PTH118 - as a listing has it

    def remove(self, path: str) -> None:
        (Path(self._location) / path).unlink()

    def close(self) -> None:
        """Nothing is kept open."""


def _instead(location: str) -> str:
    """What to do about a path that is none: findings name places inside files, "x.zip!/a.csv"."""
    ends = (at for at, letter in enumerate(location) if letter == "!")
    file = next((location[:at] for at in ends if os.path.isfile(location[:at])), None)  # noqa: PTH113 - "\0"
    return f"pass the file itself: {printable(file)}" if file else "check the path"


def _walk(location: str, lost: Collection[str], rights: Rights) -> Iterator[Ref | Unread]:
    """Memory: the names of one directory at a time, some 50 MB for a million files.

    lost  folders where something else was mounted
    """
    top = os.path.realpath(location)
    waiting = [(location, rights.lead_to(top))]
    while waiting:
        folder, is_open = waiting.pop()
        if folder in lost:
            yield Unread(folder, _UNMOUNTED)
            continue
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
                    below.append((path, is_open and rights.lead_into(path, status)))
                elif stat.S_ISLNK(status.st_mode):
                    yield from _link(path, top)
                else:
                    yield _listed(path, status, rights if is_open else None)
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


def _seen_from(location: str, top: str, point: str) -> str:
    """A folder below the location's real path, as it is met from the location."""
    return location.rstrip("/") + point[len(top.rstrip("/")) :]


def _listed(path: str, status: os.stat_result, rights: Rights | None) -> Ref | Unread:
    """rights: where everybody may go to it."""
    if not stat.S_ISREG(status.st_mode):
        return Unread(path, _what(status))
    modified = status.st_mtime_ns
    version = f"{status.st_size} {modified} {status.st_ctime_ns} {status.st_ino}"
    readers = rights.readers(path, status) if rights else ""
    return Ref(path, version, status.st_size, modified // 1000, readers)


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
