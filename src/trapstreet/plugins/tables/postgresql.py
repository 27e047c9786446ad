"""Tables in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins.tables import Location
from trapstreet.plugins.tables._sql import Database, Result, Selection, SqlTable, password_from_environment

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import Buffer, Loader

_TABLES = """
    SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name
    FROM information_schema.tables
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 LIMIT 30
"""
_CONNECT_SECONDS = "10"
_NO_ACCESS = ("authentication", "pg_hba.conf", "permission denied", "not permitted", "no password supplied")


class PostgreSQL(Database):
    """A PostgreSQL database: `postgresql://user@host/db?table=[schema.]name`, or `?query=SELECT …`.

    What follows the question mark otherwise, TLS settings for one, goes to the driver, which also knows
    PGSERVICE, PGPASSWORD and .pgpass. One read-only transaction sees one state of the data.
    """

    name = "postgresql"
    title = "PostgreSQL (postgresql://…?table=NAME)"
    schemes = ("postgresql", "postgres")

    def open(self, location: Location) -> SqlTable:
        selection = Selection.of(location)
        settings = _settings(selection)

        @contextmanager
        def result() -> Iterator[Result]:
            with _connected(selection, settings) as connection, _reporting(selection, connection):
                if not (selection.table or selection.query):
                    raise selection.nothing_selected(_tables(connection))
                with connection.cursor("trapstreet") as cursor:
                    cursor.execute(selection.statement('"').encode())
                    yield Result([column.name for column in cursor.description or ()], cursor.fetchmany)

        return SqlTable(selection, self.name, result)


def _settings(selection: Selection) -> dict[str, Any]:
    """The driver's settings out of URL and environment. Raises UnusableInput without the driver's text."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    location = selection.location
    try:
        settings = conninfo_to_dict(f"{location.place}?{urlencode(location.options)}")
    except psycopg.ProgrammingError:
        raise _unreadable(selection) from None
    if "password" not in settings and (password := password_from_environment()):
        settings["password"] = password
    defaults = {"connect_timeout": _CONNECT_SECONDS, "fallback_application_name": "trapstreet"}
    return defaults | settings


@contextmanager
def _connected(selection: Selection, settings: dict[str, Any]) -> "Iterator[psycopg.Connection[Any]]":
    import psycopg

    try:
        connection = psycopg.connect(**settings)
    except psycopg.Error as error:
        raise _refused(str(error), selection) from None
    with connection:
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        connection.execute("SET synchronize_seqscans = off")  # the same order at every reading
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        _take_as_text(connection)
        yield connection


def _refused(text: str, selection: Selection) -> TrapstreetError:
    """Why there is no connection. The driver gives only a text to go by, which may quote the URL."""
    if any(words in text for words in _NO_ACCESS):
        return AccessDenied(
            f"{selection.label}: the server refused the user or the password",
            hint="set PGPASSWORD, TRAPSTREET_DB_PASSWORD or PGSERVICE, or ask for access",
        )
    if "invalid" in text and "value" in text:
        return _unreadable(selection)
    if "does not exist" in text:
        return UnusableInput(f"{selection.label}: no such database or user", hint="check the URL")
    return Unreachable(f"{selection.label}: no connection to the server", hint="check host, port and network")


def _unreadable(selection: Selection) -> UnusableInput:
    return UnusableInput(
        f"{selection.label}: the URL cannot be read",
        hint="check its options; in user and password, write @ : / ? # % as %40 %3A %2F %3F %23 %25",
    )


def _take_as_text(connection: "psycopg.Connection[Any]") -> None:
    """JSON stays text; so does a date that Python cannot hold: infinity, a year before 1 or after 9999."""
    from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
    from psycopg.types.string import TextLoader

    for kind in ("json", "jsonb", "interval"):
        connection.adapters.register_loader(kind, TextLoader)
    for kind, loader in (
        ("date", DateLoader),
        ("timestamp", TimestampLoader),
        ("timestamptz", TimestamptzLoader),
    ):
        connection.adapters.register_loader(kind, _or_text(loader))


def _or_text(loader: "type[Loader]") -> "type[Loader]":
    from psycopg import DataError

    def load(self: "Loader", data: "Buffer") -> object:
        try:
            return loader.load(self, data)
        except DataError:
            return bytes(data).decode()

    return type(loader.__name__, (loader,), {"load": load})


def _tables(connection: "psycopg.Connection[Any]") -> list[str]:
    return [name for (name,) in connection.execute(_TABLES)]


@contextmanager
def _reporting(selection: Selection, connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Inside, an error of the server becomes one of ours, without its text: that may quote a cell."""
    import psycopg
    from psycopg import errors

    try:
        yield
    except errors.InsufficientPrivilege:
        raise AccessDenied(f"{selection.label}: may not be read", hint="ask for SELECT on it") from None
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        if selection.query:
            raise selection.failed("UndefinedTable") from None
        connection.rollback()
        raise selection.no_such_table(_tables(connection)) from None
    except UnicodeDecodeError:
        raise UnusableInput(
            f"{selection.label}: holds text in another encoding than the database says",
            hint="mend it there first",
        ) from None
    except psycopg.Error as error:
        if connection.broken or (error.sqlstate or "08")[:2] in ("08", "53", "57", "58"):
            raise Unreachable(f"{selection.label}: the connection was lost", hint="try again") from None
        raise selection.failed(f"{type(error).__name__}, SQLSTATE {error.sqlstate}") from None


FORMAT = PostgreSQL()
