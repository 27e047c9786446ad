"""What runs on a node: a keeper that holds the index in memory, and tasks that search units with it.

A segment is an anonymous file in memory (memfd), sealed against writing: every task maps the same pages, no
file has a name, and all of it is gone when the keeper and the tasks are, however they end. Whoever is root on
a node, or the same user, can read it there. What comes and goes by Ray is sealed under a key of the scan.
"""

import fcntl
import os
import resource
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from trapstreet import __version__
from trapstreet.app.scale.job import Job, opened, sound
from trapstreet.app.scale.station import Station, scan_unit
from trapstreet.app.scale.units import Unit
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.objects import printable
from trapstreet.core.ports import Source
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.plugins.sources import at_location, shown_location
from trapstreet.watch import TextSearch

JOB, UNIT, PART = b"job", b"unit", b"part"
"""What sealed bytes are, as their associated data; blocks of files have `block_name`."""

_NEVER_WRITTEN = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


class KeeperGone(Exception):
    """The keeper that a task was sent to is not there any more."""


class Place(NamedTuple):
    """Where a node's index is: the keeper's process, and the number of its file that says the rest."""

    process: int
    file: int


class _Held(msgspec.Struct, frozen=True):
    key: bytes
    job: bytes
    files: tuple[int, ...]


def block_name(number: int, offset: int) -> bytes:
    return b"file %d at %d" % (number, offset)


class Keeper:
    """Holds the index of one scan on its node."""

    def __init__(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._key, self._job, self._files = b"", b"", list[int]()

    def version(self) -> str:
        """Of trapstreet, as it is installed here."""
        return __version__

    def begin(self, key: bytes, sealed: bytes) -> None:
        """The scan's key and its job; the segments follow."""
        self._key, self._job = key, open_sealed(key, sealed, aad=JOB)
        self._files = [_memory() for _ in _decoded(self._job).files]

    def take(self, number: int, offset: int, sealed: bytes) -> None:
        """The next block of a segment."""
        with open(self._files[number], "wb", closefd=False) as file:
            file.seek(offset)
            file.write(open_sealed(self._key, sealed, aad=block_name(number, offset)))

    def ready(self) -> tuple[int, int]:
        """A Place, once all has come. Raises UnusableInput where it has not come whole."""
        for descriptor, file in zip(self._files, _decoded(self._job).files, strict=True):
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _NEVER_WRITTEN)
            sound(_path(os.getpid(), descriptor), file)
        about = _memory()
        with open(about, "wb", closefd=False) as file_of_all:
            file_of_all.write(msgspec.msgpack.encode(_Held(self._key, self._job, tuple(self._files))))
        return Place(os.getpid(), about)

    def alive(self) -> bool:
        return True


def scanned(place: tuple[int, int], sealed: bytes) -> bytes:
    """A task: what a unit shows, both sealed. Raises KeeperGone."""
    key, station = _station(Place(*place))
    unit = Unit.decoded(open_sealed(key, sealed, aad=UNIT))
    return seal(key, scan_unit(unit, station).encoded(), aad=PART)


@lru_cache(maxsize=1)
def _station(place: Place) -> tuple[bytes, Station]:
    """The scan's key, and its station in this process, made for its first unit in some tenths of a second."""
    try:
        held = msgspec.msgpack.decode(_path(*place).read_bytes(), type=_Held)
        job = _decoded(held.job)
        lookup, matcher, public, passwords = opened(
            job, lambda number: _path(place.process, held.files[number])
        )
    except OSError as error:
        raise KeeperGone from error

    def source_at(number: int) -> tuple[str, Source]:
        location = job.locations[number]
        if "://" not in location:
            _stand_in(job.folder)
        return shown_location(location), at_location(location)

    search = TextSearch(lookup, matcher, public)
    return held.key, Station(search, source_at, passwords=passwords, ocr=job.ocr)


def _stand_in(folder: str) -> None:
    """Relative paths begin there. A task's process does one task at a time."""
    try:
        os.chdir(folder)
    except OSError as error:
        shown = printable(folder)
        raise Unreachable(f"{shown} is not there on the node", hint="mount it on every node") from error


def _decoded(job: bytes) -> Job:
    return msgspec.msgpack.decode(job, type=Job)


def _memory() -> int:
    return os.memfd_create("trapstreet", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def _path(process: int, descriptor: int) -> Path:
    return Path(f"/proc/{process}/fd/{descriptor}")
