"""Tables in MariaDB and MySQL."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins.tables import Location
from trapstreet.plugins.tables._sql import Database, Result, Selection, SqlTable, password_from_environment

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import SSCursor

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
_NO_DATABASE, _NO_TABLE = 1049, 1146


class MariaDB(Database):
    """A MariaDB or MySQL database: `mariadb://user@host/db?table=name`, or `?query=SELECT …`.

    TLS is set by ssl_ca, ssl_cert, ssl_key, ssl_verify_cert, ssl_verify_identity and ssl_disabled. One
    read-only transaction sees one state of the data.
    """

    name = "mariadb"
    title = "MariaDB and MySQL (mariadb://…?table=NAME)"
    schemes = ("mariadb", "mysql")

    def open(self, location: Location) -> SqlTable:
        location.only("table", "query", *_OPTIONS)
        selection = Selection.of(location)
        settings = _settings(selection)

        @contextmanager
        def result() -> Iterator[Result]:
            with _reporting(selection), _connected(settings) as cursor:
                if not (selection.table or selection.query):
                    raise selection.nothing_selected(_tables(cursor))
                _execute(cursor, selection)
                yield Result([column[0] for column in cursor.description or ()], cursor.fetchmany)

        return SqlTable(selection, self.name, result)


def _settings(selection: Selection) -> dict[str, Any]:
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
    import pymysql
    from pymysql.cursors import SSCursor

    connection = pymysql.connect(**settings, charset="utf8mb4", connect_timeout=10, cursorclass=SSCursor)
    cursor = connection.cursor()
    try:
        cursor.execute("SET SESSION net_write_timeout = 3600")  # the server waits while we work on a batch
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield cursor
    finally:
        _abandon(cursor, connection)


def _abandon(cursor: "SSCursor", connection: "Connection[Any]") -> None:
    """Close without reading the rest of the result, as the driver would: it may be millions of rows."""
    result: Any = getattr(cursor, "_result", None)
    if result is not None:
        result.unbuffered_active = False
    connection.close()


def _execute(cursor: "SSCursor", selection: Selection) -> None:
    import pymysql

    try:
        cursor.execute(selection.statement("`"))
    except pymysql.MySQLError as error:
        if selection.query or error.args[0] != _NO_TABLE:
            raise
        raise selection.no_such_table(_tables(cursor)) from None


def _tables(cursor: "SSCursor") -> list[str]:
    cursor.execute(_TABLES)
    return [name for (name,) in cursor.fetchall()]


@contextmanager
def _reporting(selection: Selection) -> Iterator[None]:
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
    if code == _NO_DATABASE:
        return UnusableInput(f"{selection.label}: there is no such database", hint="check the URL")
    return selection.failed(f"error {code}")


FORMAT = MariaDB()
