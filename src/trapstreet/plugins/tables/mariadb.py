"""Tables in MariaDB and MySQL."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import UUID

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Row
from trapstreet.plugins._mariadb import opened
from trapstreet.plugins.tables import Location, Table
from trapstreet.plugins.tables._cells import PLAIN
from trapstreet.plugins.tables._ground import SqlGround
from trapstreet.plugins.tables._new_table import (
    SqlWriter,
    WriteRows,
    no_fit,
    not_made,
    table_to_make,
    taken,
)
from trapstreet.plugins.tables._sql import (
    Database,
    Result,
    Selection,
    SqlTable,
    password_from_environment,
    quoted,
)
from trapstreet.plugins.tables._types import ColumnType, Sort

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor, SSCursor

_ADDRESS = re.compile(r"(?P<host>\[[^\]]+\]|[^:/]*)(?::(?P<port>\d{1,5}))?(?:/(?P<database>[^/]*))?")
_OPTIONS = (
    "unix_socket",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_verify_cert",
    "ssl_verify_identity",
    "ssl_disabled",
)
_SWITCHES = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
_TABLES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1 LIMIT 30"
)
_NO_ACCESS = frozenset({1044, 1045, 1130, 1142, 1143, 1227, 1370, 1698})
_AWAY = frozenset({1040, 1053, 1129, 1203, 2002, 2003, 2005, 2006, 2013})
_NO_DATABASE, _NO_TABLE, _TABLE_THERE = frozenset({1046, 1049}), 1146, 1050
_READ_ONLY, _NO_ROOM = frozenset({1290, 1836}), frozenset({0, 1021, 1030, 1114, 1205, 1206, 3675})
_NO_FIT = frozenset({1153, 1264, 1265, 1292, 1366, 1406, 3988})
_IS_THERE = """
    SELECT 1 FROM information_schema.tables WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s
"""
_KEPT = re.compile(
    r"(tiny|small|medium|big)?int(\(\d+\))?( unsigned)?|decimal\(\d+,\d+\)( unsigned)?|double|date"
    r"|datetime(\(\d\))?|(tiny|medium|long)?(text|blob)|(var)?binary\(\d+\)|bit\(\d+\)"
)
_MOST_DIGITS, _MOST_SCALE = 65, 30
_TYPE_FOR = {
    Sort.INTEGER: "bigint",
    Sort.DOUBLE: "double",
    Sort.BOOLEAN: "boolean",
    Sort.DATE: "date",
    Sort.TIME: "time(6)",
    Sort.TIMESTAMP: "datetime(6)",
    Sort.BYTES: "longblob",
}


class MariaDB(Database):
    """A MariaDB or MySQL database: `mariadb://user@host/db?table=name`, or `?query=SELECT …`.

    TLS is set by ssl_ca, ssl_cert, ssl_key, ssl_verify_cert, ssl_verify_identity and ssl_disabled. One
    read-only transaction sees one state of the data. A new table is filled under a name that begins with
    trapstreet_ and renamed at the end; its user needs CREATE, INSERT, ALTER and DROP on the database. A
    killed process leaves that table behind.
    """

    name = "mariadb"
    title = "MariaDB and MySQL (mariadb://…?table=NAME)"
    schemes = ("mariadb", "mysql")

    def open(self, location: Location) -> SqlTable:
        location.only("table", "query", *_OPTIONS)
        selection = Selection.of(location)
        settings = connection_settings(selection)

        @contextmanager
        def result() -> Iterator[Result]:
            with reporting(selection), _connected(settings) as cursor:
                if not (selection.table or selection.query):
                    raise selection.nothing_selected(tables_of(cursor))
                types = _execute(cursor, selection)
                yield Result([column[0] for column in cursor.description or ()], cursor.fetchmany, types)

        return SqlTable(selection, self.name, result)

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> SqlGround:
        from trapstreet.plugins.tables._ground_mariadb import MariaDBEngine

        location.only("table", "query", *_OPTIONS)
        selection = Selection.of(location)
        return SqlGround(MariaDBEngine(selection), selection, key=key, links=links)

    def create(self, location: Location, *, like: Table) -> SqlWriter:
        selection = table_to_make(location)
        location.only("table", *_OPTIONS)
        return SqlWriter(NewMariaDBTable(selection, connection_settings(selection), like.columns), like)


class NewMariaDBTable:
    """A table that is filled under another name, since MariaDB does not take back that it made one."""

    kind = "mariadb"
    text = "longtext"
    takes = PLAIN - {UUID}

    def __init__(self, selection: Selection, settings: dict[str, Any], columns: Sequence[str]) -> None:
        """Makes the table under its other name and drops it, to see that nothing is in its way."""
        self.label = selection.label
        self._settings = settings
        *schema, name = selection.parts()
        self._name = selection.name("`")
        self._part = ".".join(quoted(each, "`") for each in [*schema, f"trapstreet_{token_hex(8)}"])
        with self.reporting(), self._connected() as cursor:
            cursor.execute(_IS_THERE, (schema[0] if schema else None, name))
            if cursor.fetchone():
                raise taken(self.label)
            self._make(cursor, ", ".join(f"{self.quoted(column)} longtext" for column in columns))
            cursor.execute(f"DROP TABLE {self._part}")

    def kept(self, source: str) -> str | None:
        if re.fullmatch(r"(var)?char\(\d+\)", source):
            return "text"  # a decoy may be longer than any real cell
        return source if _KEPT.fullmatch(source) else None

    def type_for(self, found: ColumnType) -> str:
        if found.sort is Sort.NUMERIC:
            fits = found.scale <= _MOST_SCALE and found.digits + found.scale <= _MOST_DIGITS
            return f"decimal({found.digits + found.scale or 1},{found.scale})" if fits else self.text
        return _TYPE_FOR.get(found.sort, self.text)

    def quoted(self, column: str) -> str:
        return quoted(column, "`")

    @contextmanager
    def filling(self, columns: str) -> "Iterator[Cursor]":
        try:
            with self._connected() as cursor:
                self._make(cursor, columns)
                yield cursor
                cursor.execute(f"RENAME TABLE {self._part} TO {self._name}")
        except BaseException:
            self._drop()
            raise

    @contextmanager
    def rows(self, opened: "Cursor", width: int) -> Iterator[WriteRows]:
        marks = ", ".join(["%s"] * width)
        statement = f"INSERT INTO {self._part.replace('%', '%%')} VALUES ({marks})"  # noqa: S608 - quoted

        def write(rows: Iterable[Row]) -> None:
            opened.executemany(statement, list(rows))

        yield write

    @contextmanager
    def reporting(self) -> Iterator[None]:
        import pymysql

        try:
            yield
        except pymysql.MySQLError as error:
            raise self._in_our_words(error.args[0] if error.args else 0) from None

    def _in_our_words(self, code: object) -> TrapstreetError:
        if code == _TABLE_THERE:
            return taken(self.label)
        if code in _READ_ONLY:
            return AccessDenied(
                f"{self.label}: the server takes no changes (error {code})", hint="name the primary"
            )
        if code in _NO_ACCESS:
            return AccessDenied(
                f"{self.label}: the server refused (error {code})",
                hint="check the password, or ask for CREATE, INSERT, ALTER and DROP on the database",
            )
        if code in _AWAY or code in _NO_ROOM:
            return Unreachable(
                f"{self.label}: no connection to the server, or it has no room (error {code})",
                hint="see to the server and the network, and try again",
            )
        if code in _NO_DATABASE:
            return UnusableInput(f"{self.label}: there is no such database", hint="check the URL")
        if code in _NO_FIT or not isinstance(code, int):  # the driver's own words: it cannot write the cell
            return no_fit(self.label, f"error {code}" if isinstance(code, int) else "no finite number")
        return not_made(self.label, f"error {code}")

    @contextmanager
    def _connected(self) -> "Iterator[Cursor]":

        connection = opened(seconds=None, **self._settings, charset="utf8mb4", autocommit=True)
        try:
            cursor = connection.cursor()
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES', lock_wait_timeout = 30")
            yield cursor
        finally:
            connection.close()

    def _make(self, cursor: "Cursor", columns: str) -> None:
        cursor.execute(f"CREATE TABLE {self._part} ({columns}) DEFAULT CHARACTER SET utf8mb4")

    def _drop(self) -> None:
        """By a connection of its own: the other may have been interrupted within a statement."""
        import pymysql

        with suppress(pymysql.MySQLError), self._connected() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {self._part}")


def connection_settings(selection: Selection) -> dict[str, Any]:
    """The driver's settings out of URL and environment. Raises UnusableInput."""
    person, _, address = selection.location.place.partition("://")[2].rpartition("@")
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise UnusableInput(
            f"{selection.label}: the URL cannot be read", hint="write it as mariadb://user@host:port/database"
        )
    user, colon, password = person.partition(":")
    settings: dict[str, Any] = {
        "host": found["host"].strip("[]") or "localhost",
        "port": int(found["port"] or 3306),
        "database": unquote(found["database"] or "") or None,
        "password": unquote(password) if colon else password_from_environment("MYSQL_PWD") or "",
    }
    if user:
        settings["user"] = unquote(user)
    return settings | {
        name: _SWITCHES.get(value, value) for name, value in selection.location.options.items()
    }


@contextmanager
def _connected(settings: dict[str, Any]) -> "Iterator[SSCursor]":
    from pymysql.cursors import SSCursor

    connection = opened(seconds=None, **settings, charset="utf8mb4", cursorclass=SSCursor)
    cursor = connection.cursor()
    try:
        cursor.execute("SET SESSION net_write_timeout = 3600")  # the server waits while we work on a batch
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield cursor
    finally:
        abandon(cursor, connection)


def abandon(cursor: "SSCursor", connection: "Connection[Any]") -> None:
    """Close without reading the rest of the result, as the driver would: it may be millions of rows."""
    result: Any = getattr(cursor, "_result", None)
    if result is not None:
        result.unbuffered_active = False
    connection.close()


def _execute(cursor: "SSCursor", selection: Selection) -> list[str | None]:
    """Select; what the columns of a table are of."""
    import pymysql

    types: dict[str, str] = {}
    try:
        if selection.table:
            cursor.execute(f"SHOW COLUMNS FROM {selection.name('`')}")
            types = {name: kind for name, kind, *_ in cursor.fetchall()}
        cursor.execute(selection.statement("`"))
    except pymysql.MySQLError as error:
        if selection.query or error.args[0] != _NO_TABLE:
            raise
        raise selection.no_such_table(tables_of(cursor)) from None
    return [types.get(column[0]) for column in cursor.description or ()]


def tables_of(cursor: "SSCursor") -> list[str]:
    cursor.execute(_TABLES)
    return [name for (name,) in cursor.fetchall()]


@contextmanager
def reporting(selection: Selection) -> Iterator[None]:
    """Inside, an error of the server becomes one of ours, without its text: that may quote a cell."""
    import pymysql

    try:
        yield
    except pymysql.MySQLError as error:
        raise _in_our_words(error.args[0] if error.args else None, selection) from None


def _in_our_words(code: object, selection: Selection) -> TrapstreetError:
    if code in _NO_ACCESS:
        return AccessDenied(
            f"{selection.label}: the server refused (error {code})",
            hint="set TRAPSTREET_DB_PASSWORD or MYSQL_PWD, or ask for SELECT on it",
        )
    if code in _AWAY:
        return Unreachable(
            f"{selection.label}: no connection to the server (error {code})",
            hint="check host, port and network",
        )
    if code in _NO_DATABASE:
        return UnusableInput(f"{selection.label}: there is no such database", hint="check the URL")
    return selection.failed(f"error {code}")


FORMAT = DESTINATION = MariaDB()
