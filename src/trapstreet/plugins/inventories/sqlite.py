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
from trapstreet.plugins._sqlite import UNTOUCHED, abandoned_log, log_of, unlogged
from trapstreet.plugins._sqlite_log import with_log
from trapstreet.plugins.inventories import SAMPLE_ROWS, STATEMENT_SECONDS, Pace, spread

title = "SQLite (sqlite:////path/of/file)"
schemes = ("sqlite",)

MAGIC = b"SQLite format 3\0"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_SMALL = 20_000
"""Rows of a table that is read from its beginning to its end."""
_STRETCHES = 20
_STEPS = 10_000


def inventory(location: str, pace: Pace) -> "SQLiteFile":
    path = _path_of(location)
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
        if head != MAGIC:
            raise UnusableInput(f"{shown} is no SQLite database", hint="check the path")
        connection, unread = _connected(path)
    except PermissionError as error:
        raise AccessDenied(f"{shown} may not be read", hint="ask for access to the file") from error
    except (OSError, sqlite3.Error) as error:
        raise Unreachable(f"{shown} cannot be opened", hint="check the path") from error
    return SQLiteFile(server_of(location), connection, pace, path=path, unread=unread)


def inventory_of(image: bytearray, pace: Pace) -> "SQLiteFile":
    """That of a database in memory, which has no log. Raises sqlite3.Error."""
    return SQLiteFile("", _in_memory(image), pace, path=None)


def _path_of(location: str) -> Path:
    rest = location.partition("://")[2]
    path = Path(rest.removeprefix("/"))
    if not path.is_absolute() and not path.exists() and Path(rest).exists():
        return Path(rest)  # sqlite:///srv/crm.db
    return path


def _connected(path: Path) -> tuple[sqlite3.Connection, str]:
    """A way to read the file that leaves and changes nothing there, and why its log is not read, if so."""
    log, unread = abandoned_log(path), ""
    if log is not None:
        try:
            with path.open("rb") as file, log.open("rb") as changes:
                return _in_memory(with_log(file, changes)), ""
        except UnusableInput as error:
            unread = f"its log was not read: {error.message}; {error.hint}"
    how = UNTOUCHED if unread or unlogged(path) else "mode=ro"
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10), unread


def _in_memory(image: bytearray) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.deserialize(image)
    except BaseException:
        connection.close()
        raise
    return connection


class SQLiteFile:
    """An `Inventory`.

    path    of the file, whose state is the version of all its tables; None: it has none
    unread  why its log is not seen; "" where it is, or there is none
    """

    def __init__(
        self, place: str, connection: sqlite3.Connection, pace: Pace, *, path: Path | None, unread: str = ""
    ) -> None:
        self.place, self.within = place, ""
        self._connection, self._pace, self._path, self._unread = connection, pace, path, unread
        self._until = 0.0
        self._random = random.Random()  # noqa: S311 - which rows are drawn is no secret
        self._connection.text_factory = lambda text: text.decode(errors="replace")
        self._connection.set_progress_handler(lambda: int(time.monotonic() > self._until), _STEPS)
        self._rows("PRAGMA query_only = ON")
        self.edition = f"SQLite {sqlite3.sqlite_version}"

    def close(self) -> None:
        self._connection.close()

    def walk(self) -> Iterator[Listed | Unread | Whole]:
        try:
            version = self._version()
            names = sorted(name for (name,) in self._rows(_TABLES))
        except (sqlite3.Error, OSError):
            yield Unread(str(self._path or ""), "its tables cannot be listed: damaged, encrypted or locked")
            return
        if self._unread:
            yield Unread(str(self._path), self._unread, partly=True)
        for name in names:
            yield Listed((name,), "table", version, handle=name)
        yield Whole()

    def look(self, listed: Listed) -> Iterator[ShownTable | Unread]:
        name = _quoted(listed.handle)
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
            # Each by itself is looked up; both in one would read the whole table.
            ends = f"SELECT (SELECT min({rowid}) FROM {name}), (SELECT max({rowid}) FROM {name})"  # noqa: S608
            ((low, high),) = self._rows(ends)
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
        self._pace.turn()
        self._until = time.monotonic() + STATEMENT_SECONDS
        return self._connection.execute(statement).fetchall()

    def _version(self) -> str:
        """Of the file and its write-ahead log: size, time of the last change, and its counter of changes."""
        if self._path is None:
            return ""
        with self._path.open("rb") as file:
            counter = file.read(28)[24:].hex()
        found = [self._path.stat()]
        with suppress(FileNotFoundError):
            found.append(log_of(self._path).stat())
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
