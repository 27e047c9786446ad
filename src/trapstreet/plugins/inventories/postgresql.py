"""PostgreSQL 13 and later: the tables and materialized views of every database of a server, or of one.

Ordinary views show tables, and foreign tables lie elsewhere: they are not sampled. The parts of a partitioned
table are, through the whole. Blocks drawn at random are read, some dozens of a large table.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import TrapstreetError
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
from trapstreet.plugins.inventories import SAMPLE_ROWS, Pace
from trapstreet.plugins.inventories import _postgresql_catalogue as catalogue
from trapstreet.plugins.inventories._postgresql_catalogue import Column, Table
from trapstreet.plugins.inventories._postgresql_session import Session

if TYPE_CHECKING:
    pass

title = "PostgreSQL (postgresql://user@host/[database])"
schemes = ("postgresql", "postgres")

_FIRST = "postgres"
_KINDS = {"r": "table", "p": "table", "m": "materialized view"}
_FEWEST_BLOCKS, _MOST_BLOCKS = 128, 2_000
"""That are read of a table: all of a smaller one, and of a larger one enough for some rows of each."""
_KEPT = "it showed no rows: row security may keep them from this login (see discover --grants)"
_ENCODED = "its text is not in the database's encoding"
_BINARY = ("bytea", "oid")


def inventory(location: str, pace: Pace) -> "_Server":
    return _Server(location, pace)


class _Server:
    """An `Inventory`. One connection at a time: that of the database whose tables are named just now."""

    def __init__(self, location: str, pace: Pace) -> None:
        self.place = server_of(location)
        self._location, self._label, self._pace = location, without_password(location), pace
        self.within = unquote(urlsplit(location).path.strip("/"))
        self._session = Session(location, self.within or _FIRST, label=self._label, pace=pace)
        self._columns: dict[int, list[Column]] = {}
        version = self._session.version
        self.edition = f"PostgreSQL {version // 10_000}.{version % 10_000}"

    def close(self) -> None:
        self._session.close()

    def databases(self) -> list[tuple[str, str]]:
        """The databases that are asked for, and why one cannot be looked into, "" where it can."""
        found = self._session.rows(catalogue.DATABASES)
        return [
            (name, "" if takes and lets_in else "CONNECT is not granted" if takes else "takes no connections")
            for name, takes, lets_in in found
            if self.within in ("", name)
        ]

    def enter(self, database: str) -> Session:
        """A session in a database; the last one is over."""
        self._session.close()
        self._session = Session(self._location, database, label=f"{self._label}: {database}", pace=self._pace)
        return self._session

    def walk(self) -> Iterator[Listed | Unread | Whole]:
        import psycopg

        databases = self.databases()
        for database, why in databases:
            if why:
                yield Unread(database, why)
                continue
            try:
                session = self.enter(database)
                tables = [Table(*row) for row in session.rows(catalogue.TABLES)]
                self._columns = _by_table(session.rows(catalogue.COLUMNS))
            except (TrapstreetError, psycopg.Error) as error:
                yield Unread(database, _why(error))
                continue
            yield from _listed(database, tables)
            yield Whole(database)
        if not self.within:
            yield Whole(unread=tuple(name for name, _ in databases))

    def look(self, listed: Listed) -> Iterator[ShownTable | Unread]:
        """Columns that may not be read are there without values."""
        import psycopg

        table: Table = listed.handle
        columns = self._columns.get(table.oid, [])
        readable = [each for each in columns if each.may_select and table.usable]
        named = ".".join(listed.path)
        if closed := _closed(table, columns):
            yield Unread(named, closed)
        rows: list[tuple[Any, ...]] = []
        records = listed.records
        if readable:
            try:
                rows, counted = self._sample(table, readable, records)
            except (psycopg.Error, UnicodeDecodeError) as error:
                yield Unread(named, _why(error))
                if isinstance(error, psycopg.errors.UndefinedTable):
                    return
            else:
                if not rows and self._may_keep_rows(table):
                    yield Unread(named, _KEPT)
                elif not rows:
                    counted, records = 0, None  # since the server counted them they have gone
                records = counted if records is None else records
        at = {each.name: position for position, each in enumerate(readable)}
        cells = [[row[at[each.name]] if each.name in at else None for each in columns] for row in rows]
        names = [_column(each, records) for each in columns]
        yield ShownTable(listed.path, listed.kind, shown_columns(names, cells, records=records), records)

    def _may_keep_rows(self, table: Table) -> bool:
        """Whether row security holds for this login in a table that is not empty on disk."""
        size = catalogue.SIZES[table.kind].format(oid=table.oid)
        ((active,),) = self._session.rows(f"SELECT row_security_active({table.oid}::oid) AND {size} > 0")
        return bool(active)

    def _sample(
        self, table: Table, columns: Sequence[Column], records: int | None
    ) -> tuple[list[tuple[Any, ...]], int | None]:
        """Rows drawn at random from blocks drawn at random, or the first there are where those were empty;
        and how many rows there are, by what those blocks held."""
        density = (records or 0) / table.pages if table.pages else 0
        wanted = 3 * SAMPLE_ROWS / density if density else 0
        share = catalogue.SHARE.format(
            blocks=round(min(max(wanted, _FEWEST_BLOCKS), _MOST_BLOCKS)),
            size=catalogue.SIZES[table.kind].format(oid=table.oid),
        )
        drawn = f"TABLESAMPLE SYSTEM ({share}) ORDER BY random()"
        found = self._session.rows(_select(table, columns, drawn, f"count(*) OVER () * 100 / {share}"))
        if found:
            return found, round(found[0][-1])
        return self._session.rows(_select(table, columns, "", "NULL")), None


def _select(table: Table, columns: Sequence[Column], drawn: str, counted: str) -> str:
    """The statement that samples: each column as text, and last the number of rows."""
    only = "ONLY " if table.kind == "r" else ""
    names = ", ".join(f"{_quoted(each.name)} AS c{n}" for n, each in enumerate(columns))
    cells = ", ".join(
        "NULL" if each.declared in _BINARY else f"left(c{n}::text, {LONGEST})"
        for n, each in enumerate(columns)
    )
    return (
        f"SELECT {cells}, counted FROM (SELECT {names}, {counted} AS counted"  # noqa: S608 - quoted
        f" FROM {only}{_quoted(table.schema)}.{_quoted(table.name)} {drawn} LIMIT {SAMPLE_ROWS}) AS drawn"
    )


def _listed(database: str, tables: Sequence[Table]) -> Iterator[Listed]:
    paths = {each.oid: (database, each.schema, each.name) for each in tables}
    parts = defaultdict(list)
    for each in tables:
        if each.root is not None and each.kind == "r":
            parts[each.root].append(each)
    for each in tables:
        counted, version, table = each.rows, each.version, each
        if each.kind == "p" and each.root is None:
            own = parts[each.oid]
            counted = sum(part.rows for part in own) if all(part.rows >= 0 for part in own) else -1
            version = _of_all(own)
            table = each._replace(pages=sum(part.pages for part in own))
        yield Listed(
            paths[each.oid],
            _KINDS[each.kind],
            version,
            round(counted) if counted > 0 or (counted == 0 and table.pages) else None,
            part_of=paths.get(each.root, ()) if each.root is not None else (),
            handle=table,
        )


def _of_all(parts: Sequence[Table]) -> str:
    """The version of a table whose rows lie in its parts."""
    if not all(each.version for each in parts):
        return ""
    return hashlib.sha256(" / ".join(each.version for each in parts).encode()).hexdigest()


def _by_table(rows: Sequence[tuple[Any, ...]]) -> dict[int, list[Column]]:
    found = defaultdict(list)
    for row in rows:
        found[row[0]].append(Column(*row))
    return found


def _column(column: Column, records: int | None) -> ColumnName:
    """Of n_distinct below 0, the number depends on how many rows there are."""
    counted = column.n_distinct
    if counted is not None and counted < 0:
        counted = None if records is None else -counted * records
    return ColumnName(column.name, column.declared, None if counted is None else round(counted))


def _closed(table: Table, columns: Sequence[Column]) -> str:
    """What may not be read of a table; "" for nothing."""
    if not table.usable:
        return "USAGE on its schema is not granted"
    closed = [each.name for each in columns if not each.may_select]
    if closed and len(closed) == len(columns):
        return "SELECT is not granted"
    return f"SELECT is not granted on {', '.join(closed)}" if closed else ""


def _why(error: Exception) -> str:
    """What kept us from it; never what the server says of it."""
    from psycopg import errors

    match error:
        case TrapstreetError():
            return error.message
        case errors.UndefinedTable() | errors.InvalidSchemaName():
            return "vanished before it was looked at"
        case errors.InsufficientPrivilege():
            return "may not be read"
        case errors.LockNotAvailable():
            return "somebody keeps it locked"
        case errors.CharacterNotInRepertoire() | errors.UntranslatableCharacter():
            return _ENCODED
        case errors.QueryCanceled():
            return "took too long"
        case errors.DatabaseError():
            return f"cannot be read (SQLSTATE {error.sqlstate})"
    return _ENCODED


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def grants(location: str) -> Sequence[str]:
    from trapstreet.plugins.inventories._postgresql_grants import lines

    server = inventory(location, Pace())
    try:
        return lines(server)
    finally:
        server.close()
