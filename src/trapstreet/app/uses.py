"""What is known of past uses of a place."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trapstreet.app.discovered import place_of
from trapstreet.app.log_imports import folder_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.access_events import PastUse, RecordsUsed
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Cell

if TYPE_CHECKING:
    from trapstreet.events import Events


def past_uses(workspace: Workspace, place: str) -> list[PastUse]:
    """All uses of a place that its imported logs tell of, by account and statement; the most frequent first.

    place  a location there
    """
    with events_of(workspace, place) as events:
        return events.past_uses()


def uses_to_prove(workspace: Workspace, place: str) -> list[PastUse]:
    """All that nobody may be kept from: past uses, and where one needs a right for that, connections."""
    with events_of(workspace, place) as events:
        return proving(events, place)


def proving(events: "Events", place: str) -> list[PastUse]:
    """The same, of events that were opened."""
    asks_to_connect = place_of(place).startswith("postgresql://")
    return [*events.past_uses(), *(events.connections() if asks_to_connect else ())]


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
    key = workspace.ring.uses_key(place_of(place), path, column)
    return record_ids(key, [(value,) for value in values])


@contextmanager
def events_of(workspace: Workspace, place: str) -> "Iterator[Events]":
    """The events of a place; of a folder none of whose own logs were imported, those of the nearest above."""
    from trapstreet.events import Events
    from trapstreet.store import imports

    server = place_of(place)
    rows = imports.of_place(server)
    while not rows and server.strip("/") and "://" not in server:
        server = os.path.dirname(server)  # noqa: PTH120 - as maps
        rows = imports.of_place(server)
    names = [row.name for row in rows]
    yield Events(folder_of(workspace, server), names, scratch=workspace.tmp)
