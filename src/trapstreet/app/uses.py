"""What is known of past uses of a place."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trapstreet.app.discovered import place_of
from trapstreet.app.kept_names import imports_of
from trapstreet.app.log_imports import folder_of
from trapstreet.app.logged_places import Straying
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.access_events import PastUse, RecordsUsed, Strays, TableUse
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Cell
from trapstreet.plugins._posix_way import WaysInto

if TYPE_CHECKING:
    from trapstreet.events import Events


def past_uses(workspace: Workspace, place: str) -> list[PastUse]:
    """All uses of a place that its imported logs tell of, by account and statement; the most frequent first.

    place  a location there
    """
    with events_of(workspace, place) as events:
        return events.past_uses()


def uses_to_prove(workspace: Workspace, place: str) -> list[PastUse]:
    """All that nobody may be kept from: past uses, and connections, in MariaDB those into a database."""
    with events_of(workspace, place) as events:
        return proving(events, place)


def proving(events: "Events", place: str) -> list[PastUse]:
    """The same, of events that were opened."""
    scheme = place_of(place).partition("://")[0]
    if scheme not in ("postgresql", "mariadb"):
        return events.past_uses()
    entered = [each for each in events.connections() if each.database or scheme == "postgresql"]
    return [*events.past_uses(), *entered]


def last_uses(workspace: Workspace, place: str) -> dict[str, int]:
    """By account, as logs name it: when it was last seen there, in Unix µs."""
    with events_of(workspace, place) as events:
        return events.last_seen()


def records_used(
    workspace: Workspace, place: str, path: tuple[str, ...], *, key: str = ""
) -> dict[str, RecordsUsed]:
    """By account: which records of a table it used, as far as statements or logs name them.

    key  the column that is the table's key
    """
    with events_of(workspace, place) as events:
        return events.records_used(path, key)


def record_ids_of(
    workspace: Workspace, place: str, path: tuple[str, ...], column: str, values: Sequence[Cell]
) -> NDArray[np.uint64]:
    """The RecordIds of values of a column, as `records_used` has them; in the order of the values."""
    from trapstreet.events.names import kept

    key = workspace.ring.uses_key(place_of(place), tuple(kept(path)), column)
    return record_ids(key, [(value,) for value in values])


@contextmanager
def events_of(workspace: Workspace, place: str) -> "Iterator[Events]":
    """The events of a place; of a folder none of whose own logs were imported, those of the nearest above."""
    from trapstreet.events import Events

    rows = imports_of(_logged(place))
    folders = [folder_of(workspace, each) for each in sorted({row.place for row in rows})]
    yield Events(folders, [row.name for row in rows], scratch=workspace.tmp)


def followed(uses: Sequence[TableUse], location: str) -> Sequence[TableUse]:
    """Uses of files at a location by where their paths end, if links lead there from elsewhere."""
    place = place_of(location)
    if "://" in place:
        return uses
    ways = WaysInto(place)
    ends = [ways.way(*each.path)[1] if len(each.path) == 2 else "" for each in uses]
    return [
        replace(each, path=os.path.split(end)) if end else each for each, end in zip(uses, ends, strict=True)
    ]


def strays_among(uses: Iterable[PastUse], place: str) -> Strays | None:
    """Those of a place's past uses that are of nothing in the place whose logs tell of them."""
    straying = Straying(_logged(place))
    for each in uses:
        straying.add(each.on, each.times)
    return straying.found


def unread_lines(place: str) -> int:
    """How many lines of a place's imported logs could not be read, of the workspace that is open: what was
    done in them nobody knows."""
    return sum(row.unread for row in imports_of(_logged(place)))


def _logged(location: str) -> str:
    """The place whose logs tell of a location."""
    place = server = place_of(location)
    while not imports_of(server) and "://" not in server:
        if not server.strip("/"):
            return place
        server = os.path.dirname(server)  # noqa: PTH120 - as maps
    return server
