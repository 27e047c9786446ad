"""MariaDB and MySQL: the tables of every database of a server, or of one. Views show tables and are not
sampled.

There is no TABLESAMPLE. A small table is read whole; of a larger one stretches that begin at places drawn at
random of an integer key, or else its first rows. What a login has no right on, the server does not list.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.inventories import (
    LONGEST,
    ColumnName,
    Listed,
    ShownTable,
    Whole,
    shown_columns,
)
from trapstreet.core.model.objects import Unread
from trapstreet.core.model.urls import server_of, without_password
from trapstreet.plugins._mariadb import code_of
from trapstreet.plugins.inventories import SAMPLE_ROWS, Pace, spread
from trapstreet.plugins.inventories._mariadb_session import Session

title = "MariaDB, MySQL (mariadb://user@host/[database])"
schemes = ("mariadb", "mysql")

LOGIN = "trapstreet_discover"

_OWN = ("information_schema", "performance_schema", "mysql", "sys")
_TABLES = """
    SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS, DATA_LENGTH,
        CASE WHEN UPDATE_TIME < NOW() - INTERVAL 1 SECOND
            THEN CONCAT_WS(' ', ENGINE, CREATE_TIME, UPDATE_TIME) END
    FROM information_schema.TABLES
    WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = %s ORDER BY TABLE_NAME
"""
_COLUMNS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, COLUMN_KEY = 'PRI',
        FIND_IN_SET('select', PRIVILEGES) > 0
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME, ORDINAL_POSITION
"""
_SMALL_BYTES, _SMALL_ROWS = 1 << 21, 20_000
"""Of a table that is read from its beginning to its end."""
_STRETCHES = 20
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "geometry")
_VANISHED, _DENIED, _LOCKED, _TOO_LONG = (1146, 1051, 1049), (1044, 1142, 1143), (1205,), (1969, 3024, 1317)


class Column(NamedTuple):
    """A column. sort: its type without lengths."""

    schema: str
    table: str
    name: str
    declared: str
    sort: str
    in_key: bool
    may_select: bool


class Table(NamedTuple):
    """A table. rows, size: by estimate, None where the engine does not tell."""

    schema: str
    name: str
    rows: int | None
    size: int | None
    version: str | None


def inventory(location: str, pace: Pace) -> "_Server":
    return _Server(location, pace)


class _Server:
    """An `Inventory`."""

    def __init__(self, location: str, pace: Pace) -> None:
        self.place = server_of(location)
        self.within = unquote(urlsplit(location).path.strip("/"))
        self._session = Session(location, label=without_password(location), pace=pace)
        number = self._session.edition.partition("-")[0]
        self.edition = f"{'MariaDB' if self._session.is_mariadb else 'MySQL'} {number}"
        self._columns: dict[tuple[str, str], list[Column]] = {}
        if self.within and not self.databases():
            self.close()
            raise UnusableInput(
                f"{self.within}: there is no such database, or this login has no right on it",
                hint="check its name, or grant it: discover --grants",
            )
        self._random = random.Random()  # noqa: S311 - which rows are drawn is no secret

    def close(self) -> None:
        self._session.close()

    def walk(self) -> Iterator[Listed | Unread | Whole]:
        import pymysql

        databases = self.databases()
        for database in databases:
            try:
                tables = [Table(*row) for row in self._session.rows(_TABLES, [database])]
                self._columns = _by_table(self._session.rows(_COLUMNS, [database]))
            except pymysql.MySQLError as error:
                yield Unread(database, _why(error))
                continue
            for each in tables:
                yield Listed((each.schema, each.name), "table", each.version or "", each.rows, handle=each)
            yield Whole(database)
        if not self.within:
            yield Whole(unread=tuple(databases))

    def databases(self) -> list[str]:
        """Those that this login sees."""
        found = [str(name) for (name,) in self._session.rows("SHOW DATABASES")]
        return [name for name in found if name.lower() not in _OWN and self.within in ("", name)]

    def look(self, listed: Listed) -> Iterator[ShownTable | Unread]:
        """Columns that may not be read are there without values."""
        import pymysql

        table: Table = listed.handle
        columns = self._columns.get((table.schema, table.name), [])
        readable = [each for each in columns if each.may_select]
        named = ".".join(listed.path)
        if not readable:
            yield Unread(named, "SELECT is not granted")
        elif len(readable) < len(columns):
            closed = ", ".join(each.name for each in columns if not each.may_select)
            yield Unread(named, f"SELECT is not granted on {closed}")
        rows: list[tuple[Any, ...]] = []
        records = listed.records
        if readable:
            try:
                rows = self._sample(table, readable)
                if _is_small(table):
                    ((records,),) = self._session.rows(f"SELECT COUNT(*) FROM {_named(table)}")  # noqa: S608 - quoted
            except (pymysql.MySQLError, UnicodeDecodeError) as error:
                yield Unread(named, _why(error))
                if code_of(error) in _VANISHED:
                    return
        at = {each.name: position for position, each in enumerate(readable)}
        cells = [[row[at[each.name]] if each.name in at else None for each in columns] for row in rows]
        names = [ColumnName(each.name, each.declared) for each in columns]
        yield ShownTable(listed.path, listed.kind, shown_columns(names, cells, records=records), records)

    def _sample(self, table: Table, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
        cells = ", ".join(map(_cell, columns))
        named = _named(table)
        if _is_small(table):
            return self._session.rows(
                f"SELECT {cells} FROM {named} ORDER BY RAND() LIMIT {SAMPLE_ROWS}"  # noqa: S608 - quoted
            )
        key = [each for each in columns if each.in_key]
        bounds = self._bounds(named, key[0]) if len(key) == 1 and key[0].sort in _INTEGERS else None
        if bounds is None:
            return self._session.rows(f"SELECT {cells} FROM {named} LIMIT {SAMPLE_ROWS}")  # noqa: S608 - quoted
        by = quoted(key[0].name)
        starts = spread(*bounds, _STRETCHES, self._random)
        stretches = " UNION ".join(
            f"(SELECT {by} AS `trapstreet at`, {cells} FROM {named} WHERE {by} >= {start}"  # noqa: S608 - quoted
            f" ORDER BY {by} LIMIT {SAMPLE_ROWS // _STRETCHES})"
            for start in starts
        )
        return [row[1:] for row in self._session.rows(stretches)]

    def _bounds(self, named: str, key: Column) -> tuple[int, int] | None:
        by = quoted(key.name)
        ((low, high),) = self._session.rows(f"SELECT MIN({by}), MAX({by}) FROM {named}")  # noqa: S608 - quoted
        return None if low is None else (int(low), int(high))


def _named(table: Table) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def _is_small(table: Table) -> bool:
    return (table.size or 0) <= _SMALL_BYTES and (table.rows or 0) <= _SMALL_ROWS


def _by_table(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], list[Column]]:
    found = defaultdict(list)
    for row in rows:
        column = Column(*row)
        found[column.schema, column.table].append(column)
    return found


def _cell(column: Column) -> str:
    if column.sort.lower() in _BINARY:
        return "NULL"
    return f"LEFT(CAST({quoted(column.name)} AS CHAR), {LONGEST})"


def _why(error: Exception) -> str:
    """What kept us from it; never what the server says of it."""
    code = code_of(error)
    if isinstance(error, UnicodeDecodeError):
        return "its text is not in its character set"
    if code in _VANISHED:
        return "vanished before it was looked at"
    if code in _DENIED:
        return "may not be read"
    if code in _LOCKED:
        return "somebody keeps it locked"
    return "took too long" if code in _TOO_LONG else f"cannot be read (error {code})"


def quoted(name: str) -> str:
    """An identifier. A percent sign in one is no placeholder: statements with names have no values."""
    return "`" + name.replace("`", "``") + "`"


def grants(location: str) -> Sequence[str]:
    """Statements for the server's own client."""
    server = inventory(location, Pace())
    try:
        databases = server.databases()
    finally:
        server.close()
    who = f"'{LOGIN}'@'%'"
    said = [f"CREATE USER {who} IDENTIFIED BY '…';", "", "-- The least: each database by itself."]
    for each in databases:
        pattern = each.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
        said.append(
            f"GRANT SELECT ON {quoted(pattern)}.* TO {who};"
            if each.isprintable()
            else "-- a database whose name has characters that do not print: grant it by hand"
        )
    return [*said, "", "-- Or all of them, now and later:", f"-- GRANT SELECT ON *.* TO {who};"]
