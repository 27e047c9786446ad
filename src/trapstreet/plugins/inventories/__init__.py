"""Kinds of places whose tables can be sampled. One file in this folder is one kind.

A kind is a module with
    title      what people call it
    schemes    how its locations begin: ("postgresql",) for postgresql://…
    inventory(location, pace)  an `Inventory`, connected; before each statement it asks `pace` for its turn
    grants(location)  what a login has to be granted for all to be looked at, as lines that people can run
A name that begins with "_" is a part that kinds share.

Nothing is changed in a place. A table of any size is sampled by reading a bounded part of it; no statement
takes longer than `STATEMENT_SECONDS`, and a server that says nothing is left. What cannot be listed or looked
at is an `Unread`; a place that cannot be asked at all raises Unreachable, AccessDenied or UnusableInput.
"""

import importlib
import pkgutil
import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Protocol, cast

from trapstreet.core.model.inventories import Inventory
from trapstreet.core.model.urls import parts_of

STATEMENT_SECONDS = 20
"""That one statement may take."""

LOCK_SECONDS = 2
"""That is waited for somebody who keeps a table locked."""

SAMPLE_ROWS = 500
"""Rows of a table that are fetched."""

GENTLE = 10.0
"""Statements in a second, unless somebody wants more."""


class Pace:
    """At most so many turns in a second."""

    def __init__(
        self,
        per_second: float = GENTLE,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._apart, self._clock, self._sleep = 1 / per_second, clock, sleep
        self._next = clock()
        self.turns = 0

    def turn(self) -> None:
        """Returns when it is time for the next."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._apart
        self.turns += 1


def spread(low: int, high: int, count: int, draw: random.Random) -> list[int]:
    """Places between two numbers, drawn at random, one in each of so many equal parts."""
    part = (high - low + 1) / count
    return [min(high, low + int((at + draw.random()) * part)) for at in range(count)]


class Kind(Protocol):
    """A module of this folder."""

    title: str
    schemes: tuple[str, ...]

    def inventory(self, location: str, pace: Pace) -> Inventory: ...
    def grants(self, location: str) -> Sequence[str]: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType(
        {name: cast(Kind, importlib.import_module(f"{__name__}.{name}")) for name in names}
    )


def kind_of(location: str) -> Kind | None:
    """The kind that a location is of; None: it is no database."""
    scheme = parts_of(location).scheme.lower() if "://" in location else ""
    return next((each for each in kinds().values() if scheme in each.schemes), None)
