"""Tables in SQLite files."""

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import IO

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Row
from trapstreet.plugins._sqlite import in_one_state
from trapstreet.plugins.tables import Fit, Location, Table
from trapstreet.plugins.tables._files import NewFile, open_regular, reading, writing
from trapstreet.plugins.tables._ground import SqlGround
from trapstreet.plugins.tables._new_table import (
    SqlWriter,
    WriteRows,
    no_fit,
    not_made,
    table_to_make,
    taken,
)
from trapstreet.plugins.tables._sql import UNREADABLE, Result, Selection, SqlTable, quoted
from trapstreet.plugins.tables._types import ColumnType, Sort

_PATIENCE = 30.0
_LARGEST = 1 << 30
_WRITE_AHEAD = slice(18, 20)  # the versions for writing and reading: 2 with a write-ahead log, 1 without
_MAGIC = b"SQLite format 3\0"
_DECLARED = re.compile(r"[A-Za-z]?[A-Za-z0-9_ ]*(\(\d+(, ?\d+)?\))?")
_TYPE_FOR = {
    Sort.INTEGER: "INTEGER",
    Sort.DOUBLE: "REAL",
    Sort.BOOLEAN: "BOOLEAN",
    Sort.BYTES: "BLOB",
}
_TABLES = """
    SELECT name FROM sqlite_schema
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name
"""


class SQLite:
    """A SQLite file: `sqlite:///crm.db?table=customers`, or `crm.db?table=customers`.

    After three slashes the path is relative, after four absolute; after three, one that exists only as an
    absolute path is taken as that. A new table appears with all its rows at once, in one transaction, during
    which nobody else can write to the file; a file that is not there yet appears with it. Into a file that is
    there, even the one that the source is in, the table goes when the transaction ends: until then memory
    holds it, and others read the file as it was.
    """

    name = "sqlite"
    title = "SQLite (sqlite:///FILE?table=NAME)"
    suffixes = ()
    schemes = ("sqlite",)

    def recognises(self, head: bytes, suffix: str) -> Fit:
        return Fit.CERTAIN if head.startswith(_MAGIC) else Fit.NO

    def open(self, location: Location) -> SqlTable:
        location.only("table", "query")
        selection = Selection.of(location)
        held, path = location.held, path_of(location)
        if held is None:
            with reading(str(path)):
                refuse_others(path)

        @contextmanager
        def result() -> Iterator[Result]:
            opened = connected(path) if held is None else _in_memory(held, selection)
            with _reporting(selection), closing(opened) as connection:
                tables = tables_of(connection)
                if not (selection.table or selection.query):
                    raise selection.nothing_selected(tables)
                if selection.table and selection.table.casefold() not in map(str.casefold, tables):
                    raise selection.no_such_table(tables)
                connection.text_factory = text_of
                declared = _declared(connection, selection)
                cursor = connection.execute(selection.statement('"', schemas=False))
                names = [column[0] for column in cursor.description or ()]
                yield Result(names, cursor.fetchmany, [declared.get(name) for name in names])

        return SqlTable(selection, self.name, result)

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> SqlGround:
        from trapstreet.plugins.tables._ground_sqlite import SQLiteEngine

        location.only("table", "query")
        selection = Selection.of(location)
        return SqlGround(SQLiteEngine(selection), selection, key=key, links=links)

    def create(self, location: Location, *, like: Table) -> SqlWriter:
        selection = table_to_make(location)
        location.only("table")
        return SqlWriter(NewSQLiteTable(selection, path_of(location)), like)


class NewSQLiteTable:
    """A table that a transaction makes, in a file that is there or in a new one."""

    kind = "sqlite"
    text = "TEXT"
    takes: frozenset[type] = frozenset({str, int, float, bool, bytes, type(None)})

    def __init__(self, selection: Selection, path: Path) -> None:
        self.label = selection.label
        self._selection = selection
        self._path = path
        self._name = selection.name('"', schemas=False)
        self._is_new = not os.path.lexists(path)
        if self._is_new:
            NewFile(path)
            return
        with reading(str(path)):
            refuse_others(path)
        with self.reporting(), closing(changing(path, spills=False)) as connection:
            self._refuse_taken(connection)

    def kept(self, source: str) -> str | None:
        return source if _DECLARED.fullmatch(source) else None

    def type_for(self, found: ColumnType) -> str:
        """Decimals, dates and times are text: SQLite has no types that hold them exactly."""
        return _TYPE_FOR.get(found.sort, self.text)

    def quoted(self, column: str) -> str:
        return quoted(column, '"')

    @contextmanager
    def filling(self, columns: str) -> Iterator[sqlite3.Connection]:
        with ExitStack() as stack:
            path = self._path
            if self._is_new:
                new = NewFile(path)
                stack.enter_context(new).begin()
                path = new.unfinished
            with closing(changing(path, spills=self._is_new)) as connection:
                self._refuse_taken(connection)
                connection.execute(f"CREATE TABLE {self._name} ({columns})")
                yield connection
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextmanager
    def rows(self, opened: sqlite3.Connection, width: int) -> Iterator[WriteRows]:
        statement = f"INSERT INTO {self._name} VALUES ({', '.join('?' * width)})"  # noqa: S608 - quoted

        def write(rows: Iterable[Row]) -> None:
            opened.executemany(statement, rows)

        yield write
        if self._is_new:
            opened.execute("COMMIT")

    @contextmanager
    def reporting(self) -> Iterator[None]:
        try:
            with writing(str(self._path)):
                yield
        except OverflowError:
            raise no_fit(self.label, "an integer of more than 64 bits") from None
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._in_our_words(getattr(error, "sqlite_errorname", "")) from None

    def _in_our_words(self, name: str) -> TrapstreetError:
        if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
            return AccessDenied(f"{self.label}: may not be written to", hint="ask for access to the file")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE")):
            return Unreachable(f"{self.label}: the disk is full", hint="free some space")
        if name.startswith("SQLITE_TOOBIG"):
            return no_fit(self.label, name)
        if name in ("", "SQLITE_ERROR"):
            return not_made(self.label, name or "one name twice")
        return _in_our_words(name, self._selection)

    def _refuse_taken(self, connection: sqlite3.Connection) -> None:
        there = {name.casefold() for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        if self._selection.table.casefold() in there:
            raise taken(self.label)


def path_of(location: Location) -> Path:
    if not location.scheme:
        return Path(location.place)
    rest = location.place.partition("://")[2]
    given = Path(rest.removeprefix("/"))
    return Path(rest) if rest.startswith("/") and not given.exists() and Path(rest).exists() else given


def connected(path: Path) -> sqlite3.Connection:
    """Read-only, and one state of the file however long the reading takes."""
    uri = f"{path.absolute().as_uri()}?{in_one_state(path)}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("BEGIN")
    return connection


def _in_memory(held: IO[bytes], selection: Selection) -> sqlite3.Connection:
    """The database in a file without a name: SQLite opens by names only. It takes its size in memory."""
    if os.fstat(held.fileno()).st_size > _LARGEST:
        raise UnusableInput(
            f"{selection.label}: a database of more than {_LARGEST >> 30} GB", hint="unpack it first"
        )
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with mmap(held.fileno(), 0, access=ACCESS_COPY) as content:
            content[_WRITE_AHEAD] = b"\1\1"  # else it would look for a log beside it
            connection.deserialize(content)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def changing(path: Path, *, spills: bool) -> sqlite3.Connection:
    """Nobody else writes to the file from now on.

    spills  whether pages go into the file before the transaction ends: each time that waits for everybody who
            reads the file, without end if the table that is being copied is in it; if not, memory holds them
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_PATIENCE
    )
    try:
        if not spills:
            connection.execute("PRAGMA cache_spill = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_others(path: Path) -> None:
    """Raises UnusableInput if the file is no SQLite database."""
    with open_regular(path) as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise UnusableInput(f"{path}: this is no SQLite database", hint="check the path")


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """The names of its tables and views."""
    return [name for (name,) in connection.execute(_TABLES)]


def _declared(connection: sqlite3.Connection, selection: Selection) -> dict[str, str]:
    """The types that a table's columns were declared with, "" for none."""
    if not selection.table:
        return {}
    found = connection.execute("SELECT name, type FROM pragma_table_info(?)", (selection.table,))
    return dict(found.fetchall())


def text_of(raw: bytes) -> object:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return UNREADABLE


@contextmanager
def _reporting(selection: Selection) -> Iterator[None]:
    """Inside, an error of SQLite becomes one of ours, without its text: that may quote a cell."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _in_our_words(getattr(error, "sqlite_errorname", ""), selection) from None


def _in_our_words(name: str, selection: Selection) -> TrapstreetError:
    if name.startswith(("SQLITE_PERM", "SQLITE_AUTH")):
        return AccessDenied(f"{selection.label}: may not be read", hint="ask for access to the file")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unreachable(
            f"{selection.label}: busy for {_PATIENCE:.0f} s", hint="try again when nobody writes to it"
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOMEM")):
        return Unreachable(
            f"{selection.label}: cannot be opened ({name})", hint="check the file and its folder"
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return UnusableInput(
            f"{selection.label}: the database is damaged or encrypted", hint="restore or decrypt it"
        )
    return selection.failed(name or "one SELECT is wanted")


FORMAT = DESTINATION = SQLite()
