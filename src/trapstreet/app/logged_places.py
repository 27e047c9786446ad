"""Whose logs can be taken in, and what in them is of nothing there."""

import os
from collections.abc import Sequence

from trapstreet.app.discovered import place_of
from trapstreet.core.model.access_events import Strays
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import parts_of, without_password
from trapstreet.core.model.words import printable
from trapstreet.plugins._posix_way import WaysInto
from trapstreet.plugins.accesslogs import Kind
from trapstreet.plugins.permissions import kinds

_LIKE = "like postgresql://db.internal/, or a folder"


def logged_place(location: str) -> str:
    """The name of the place that logs are of: a server, or a folder that is there.

    Raises UnusableInput for what is neither, so that no use is kept where nobody would look for it.
    """
    if not location.strip():
        raise UnusableInput("--place is empty", hint=f"name the server that wrote the logs, {_LIKE}")
    if "://" not in location:
        return _folder(location)
    parts, given = parts_of(location), printable(without_password(location))
    try:
        _ = parts.port if "," not in parts.netloc else None  # of several hosts each has one
    except ValueError:
        raise UnusableInput("--place is no URL that can be read", hint=f"write it {_LIKE}") from None
    known = sorted(each for kind in kinds().values() for each in kind.schemes if each)
    if parts.scheme.lower() not in known:
        raise UnusableInput(
            f"--place: {given} is no place whose rights can be read",
            hint=f"give one of {', '.join(f'{each}://' for each in known)}, or a folder",
        )
    place = place_of(location)
    if not place.partition("://")[2].partition(":")[0]:
        raise UnusableInput(
            f"--place: {given} names no host", hint=f"name the server as the other commands will, {_LIKE}"
        )
    return place


def refuse_foreign(kind: Kind, place: str, label: str) -> None:
    """Raises UnusableInput for a log of a kind that the place, as `logged_place` names it, does not write."""
    if kind.schemes and place.rpartition("://")[0] not in kind.schemes:
        raise UnusableInput(
            f"{label} is {kind.title}, and --place is {printable(place)}", hint="name the place that wrote it"
        )


class Straying:
    """Counts uses that are of nothing in a folder or on a server of files.

    place  as `logged_place` names it;  of a database server none is: its logs tell of nothing else
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._ways = None if "://" in place else WaysInto(place)
        self._server = f"{place.rstrip('/')}/".casefold() if place.startswith("smb://") else ""
        self._times = 0
        self._like: tuple[str, ...] = ()

    def add(self, on: Sequence[tuple[str, ...]], times: int = 1) -> None:
        """Count uses of some paths."""
        if on and not any(map(self._is_there, on)):
            self._times += times
            self._like = self._like or on[0]

    @property
    def found(self) -> Strays | None:
        return Strays(self._place, self._times, self._like) if self._times else None

    def _is_there(self, path: tuple[str, ...]) -> bool:
        if self._ways is not None:
            return len(path) == 2 and self._ways.has(*path)
        return not self._server or f"{path[0]}/".casefold().startswith(self._server)


def _folder(location: str) -> str:
    place = place_of(location)
    if printable(place) != place:  # it is a name in the registry
        raise UnusableInput(
            f"--place: {printable(location)} has a name that does not print", hint="name a folder above it"
        )
    if not os.path.isdir(place):  # noqa: PTH112 - as maps
        hint = f"name the server that wrote the logs, {_LIKE} that is there"
        raise UnusableInput(f"--place: there is no folder {printable(location)}", hint=hint)
    return place
