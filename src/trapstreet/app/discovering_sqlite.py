"""SQLite databases among files, and what lies beside them: a log or a journal has rows of its database.

Which rows, and of which table, only the database knows: a log is taken to hold what the database holds with
the log's changes in it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import IO

from trapstreet.app.held_in_memory import in_memory
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.holdings import IN_LOG
from trapstreet.core.model.inventories import Listed, ShownTable
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins._sqlite_log import MAGICS, with_log
from trapstreet.plugins.inventories import Pace
from trapstreet.plugins.inventories.sqlite import MAGIC, SQLiteFile, inventory, inventory_of

_JOURNALS = (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", bytes(28))
"""What a journal begins with: of a transaction that goes on or broke off, of one that ended."""
_SIDES = {"-wal": MAGICS, "-journal": _JOURNALS}
_UNPACED = 1e6


def tables(listed: Listed, path: str, shown: str) -> Iterator[ShownTable | Unread]:
    """What a database holds that SQLite can open by a path. Raises as `inventory`."""
    with closing(inventory(f"sqlite:///{path}", Pace(_UNPACED))) as found:
        yield from _tables(listed, found, shown)


def database_of(path: str, head: bytes) -> str | None:
    """The path of the database that a file is the log or journal of, by its name and how it begins; None: it
    is neither."""
    for ending, beginnings in _SIDES.items():
        if path.endswith(ending) and head.startswith(beginnings):
            return path.removesuffix(ending)
    return None


def tables_in_log(
    listed: Listed, log: SourceObject, database: SourceObject | None, *, fetched: int | None
) -> Iterator[ShownTable | Unread]:
    """What a log or journal may hold.

    database  beside it; None: none was listed there
    fetched   bytes of a file that is fetched from its server at most; None: both can be opened by their paths
    Raises as `tables`, and OSError.
    """
    why = "no database was listed beside it" if database is None else _unreadable(database)
    if why or database is None:
        yield Unread(log.path, f"{why}: nobody knows of whom the rows in this log are")
        return
    found = (
        tables(listed, database.path, log.path)
        if fetched is None
        else _fetched(listed, log, database, most=fetched)
    )
    for each in found:
        yield each if isinstance(each, Unread) else ShownTable(each.path, IN_LOG, each.columns, each.records)


def _unreadable(database: SourceObject) -> str:
    """Why a database cannot be asked what lies in its log; "" where it can."""
    name = os.path.basename(database.path)  # noqa: PTH119 - of text
    try:
        with closing(database.open()) as file:
            head = file.read(len(MAGIC))
    except FileNotFoundError:
        return f"its database {name} is gone"
    except (OSError, TrapstreetError):
        return f"its database {name} cannot be read"
    return "" if head == MAGIC else f"{name} is no SQLite database, or is encrypted"


def _fetched(
    listed: Listed, log: SourceObject, database: SourceObject, *, most: int
) -> Iterator[ShownTable | Unread]:
    with in_memory(database, most=most) as file, in_memory(log, most=most) as changes:
        yield from tables_in_memory(listed, file, log=changes, shown=log.path)


def tables_in_memory(
    listed: Listed, database: IO[bytes], *, log: IO[bytes] | None = None, shown: str
) -> Iterator[ShownTable | Unread]:
    """What a database holds with the changes of its log. Raises as `with_log`."""
    image = with_log(database, log or BytesIO())
    try:
        found = inventory_of(image, Pace(_UNPACED))
    except sqlite3.Error:
        yield Unread(shown, "the database is damaged")
        return
    with closing(found):
        yield from _tables(listed, found, shown)


def _tables(listed: Listed, tables: SQLiteFile, shown: str) -> Iterator[ShownTable | Unread]:
    for each in tables.walk():
        if isinstance(each, Unread):
            yield Unread(shown, each.why, each.partly)
        elif isinstance(each, Listed):
            for found in tables.look(each):
                if isinstance(found, Unread):
                    yield Unread(f"{shown}!{found.path}", found.why)
                else:
                    yield ShownTable((*listed.path, *found.path), found.kind, found.columns, found.records)
