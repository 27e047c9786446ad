"""Kinds of logs that tell who used what. One file in this folder is one kind.

A kind is a module with
    title             what people call it
    schemes           whose logs they are, by how locations begin: ("postgresql",), "" for folders; () of any
    knows(line)       whether a line is the beginning of a record of this kind
    read(lines, log)  what the file tells, as AccessEvents, and Unread for what it does not
A name that begins with "_" is a part that kinds share.

`read` takes its lines from `lines` and settles there what it has taken whole: the next run goes on behind it.
A line that says nothing of any use is passed over; one that is torn, or that cannot be read, is Unread and
the next ones are read. Where several lines tell of one statement, `_ending` keeps it whole at the end of a
log that grows.
"""

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from types import MappingProxyType
from typing import Protocol, cast

from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.accesslogs._lines import Lines
from trapstreet.plugins.accesslogs._unpacked import DAMAGED, unpacked

__all__ = ["DAMAGED", "HEAD_BYTES", "Kind", "Lines", "Log", "kind_of", "kinds", "unpacked"]

_LINES = 50
HEAD_BYTES = 1 << 16
"""How much of a file's beginning tells its kind."""


@dataclass(frozen=True, slots=True)
class Log:
    """What is known of a log beside its text.

    label     of the file, safe to print
    zone      of its times, where they do not say it themselves
    place     whose log it is: the folder that its paths are in, where they are not whole
    clock     Unix microseconds
    """

    label: str
    zone: tzinfo | None = None
    place: str = ""
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000


class Kind(Protocol):
    """A module of this folder."""

    title: str
    schemes: tuple[str, ...]

    def knows(self, line: str) -> bool: ...
    def read(self, lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType(
        {name: cast(Kind, importlib.import_module(f"{__name__}.{name}")) for name in names}
    )


def kind_of(head: bytes, label: str) -> tuple[str, Kind]:
    """The kind of a log by its beginning, whatever it is called, and the kind's name.

    Raises UnusableInput where no kind knows it.
    """
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    for line in text.splitlines(keepends=True)[:_LINES]:  # the first that is known: others may quote another
        for name, kind in kinds().items():
            if kind.knows(line):
                return name, kind
    known = "; ".join(kind.title for kind in kinds().values())
    raise UnusableInput(f"{label} is no log that is known", hint=f"known are: {known}")
