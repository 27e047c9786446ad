"""SQLite: the tables of one file. Views show tables and are not sampled.

All tables have one version, that of the file. A small table is read whole; of a larger one stretches that
begin at places drawn at random of its rowid, or else its first rows.
"""

import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.inventories import LONGEST, ColumnName, Listed, ShownTable, Whole, shown_columns
from trapstreet.core.model.objects import Unread, printable
from trapstreet.core.model.urls import server_of
from trapstreet.plugins._sqlite import UNTOUCHED, unlogged
from trapstreet.plugins.inventories import SAMPLE_ROWS, STATEMENT_SECONDS, Pace, spread

title = "SQLite (sqlite:////path/of/file)"
schemes = ("sqlite",)

_MAGIC = b"SQLite format 3\0"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_SMALL = 20_000
"""Rows of a table that is read from its beginning to its end."""
_STRETCHES = 20
_STEPS = 10_000


def inventory(location: str, pace: Pace) -> "_File":
    return _File(location, pace)


class _File:
    """An `Inventory`."""

    def __init__(self, location: str, pace: Pace) -> None:
        rest = location.partition("://")[2]
        path = Path(rest.removeprefix("/"))
        if not path.is_absolute() and not path.exists() and Path(rest).exists():
            path = Path(rest)  # sqlite:///srv/crm.db
        self.place, self.within = server_of(location), ""
        self._path, self._pace, self._shown = path, pace, printable(str(path))
        self._until = 0.0
        self._random = random.Random()  # noqa: S311 - which rows are drawn is no secret
        try:
            with path.open("rb") as file:
                head = file.read(len(_MAGIC))
            if head != _MAGIC:
                raise UnusableInput(f"{self._shown} is no SQLite database", hint="check the path")
            how = UNTOUCHED if unlogged(path) else "mode=ro"
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=10
            )
        except PermissionError as error:
            raise AccessDenied(f"{self._shown} may not be read", hint="ask for access to the file") from error
        except (OSError, sqlite3.Error) as error:
            raise Unreachable(f"{self._shown} cannot be opened", hint="check the path") from error
        self._connection.text_factory = lambda text: text.decode(errors="replace")
        self._connection.execute("PRAGMA query_only = ON")
        self._connection.set_progress_handler(lambda: int(time.monotonic() > self._until), _STEPS)
        self.edition = f"SQLite {sqlite3.sqlite_version}"

    def close(self) -> None:
        self._connection.close()

    def walk(self) -> Iterator[Listed | Unread | Whole]:
        try:
            version = self._version()
            names = sorted(name for (name,) in self._rows(_TABLES))
        except (sqlite3.Error, OSError):
            yield Unread(str(self._path), "its tables cannot be listed: damaged, encrypted or locked")
            return
        for name in names:
            yield Listed((name,), "table", version, handle=name)
        yield Whole()

    def look(self, listed: Listed) -> Iterator[ShownTable | Unread]:
        name = _quoted(listed.handle)
        self._pace.turn()
        try:
            columns = [
                ColumnName(column, declared)
                for _, column, declared, *_ in self._rows(f"PRAGMA table_info({name})")
            ]
            if not columns:
                yield Unread(listed.path[0], "vanished before it was looked at")
                return
            rows, records = self._sample(name, columns)
        except sqlite3.Error as error:
            too_long = getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT"
            yield Unread(listed.path[0], "took too long" if too_long else "cannot be read: damaged or locked")
            return
        yield ShownTable(listed.path, listed.kind, shown_columns(columns, rows, records=records), records)

    def _sample(
        self, name: str, columns: Sequence[ColumnName]
    ) -> tuple[list[tuple[str | None, ...]], int | None]:
        """Rows, and how many the table has: counted, or by how densely its rowids lie."""
        cells = ", ".join(_cell(each.name) for each in columns)
        rowid = _rowid([each.name for each in columns])
        low = high = None
        with suppress(sqlite3.OperationalError):  # WITHOUT ROWID
            ((low, high),) = self._rows(f"SELECT min({rowid}), max({rowid}) FROM {name}")  # noqa: S608 - quoted
        if low is None or high is None:
            rows = self._rows(f"SELECT {cells} FROM {name} LIMIT {SAMPLE_ROWS}")  # noqa: S608 - quoted
            return rows, len(rows) if len(rows) < SAMPLE_ROWS else None
        span = high - low + 1
        if span <= _SMALL:
            order = f"ORDER BY random() LIMIT {SAMPLE_ROWS}"
            rows = self._rows(f"SELECT {cells} FROM {name} {order}")  # noqa: S608 - quoted
            ((count,),) = self._rows(f"SELECT count(*) FROM {name}")  # noqa: S608 - quoted
            return rows, count
        drawn: dict[int, tuple[str | None, ...]] = {}
        met = passed = 0
        most = SAMPLE_ROWS // _STRETCHES
        for start in spread(low, high, _STRETCHES, self._random):
            number = start
            for number, *row in self._rows(
                f"SELECT {rowid}, {cells} FROM {name} WHERE {rowid} >= {start}"  # noqa: S608 - quoted
                f" ORDER BY {rowid} LIMIT {most}"
            ):
                drawn[number] = tuple(row)
                met += 1
            passed += number - start + 1
        return [*drawn.values()], round(span * met / passed)

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        self._until = time.monotonic() + STATEMENT_SECONDS
        return self._connection.execute(statement).fetchall()

    def _version(self) -> str:
        """Of the file and its write-ahead log: size, time of the last change, and its counter of changes."""
        with self._path.open("rb") as file:
            counter = file.read(28)[24:].hex()
        found = [self._path.stat()]
        log = self._path.with_name(self._path.name + "-wal")
        if log.exists():
            found.append(log.stat())
        return " ".join([counter, *(f"{each.st_size} {each.st_mtime_ns}" for each in found)])


def _cell(column: str) -> str:
    name = _quoted(column)
    return f"CASE WHEN typeof({name}) = 'blob' THEN NULL ELSE substr(CAST({name} AS TEXT), 1, {LONGEST}) END"


def _rowid(columns: Sequence[str]) -> str:
    """A name of the rowid that no column has taken."""
    taken = {each.lower() for each in columns}
    return next((each for each in ("rowid", "_rowid_", "oid") if each not in taken), "NULL")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def grants(location: str) -> Sequence[str]:
    path = location.partition("://")[2].removeprefix("/")
    return [f"Read access to the file {printable(path)} and its folder; no more."]
