"""Tables in PostgreSQL."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Row
from trapstreet.plugins._postgresql import CONNECT_SECONDS, refused, unreadable
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
    import psycopg
    from psycopg.abc import AdaptContext, Buffer, Loader

_TABLES = """
    SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name
    FROM information_schema.tables
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 LIMIT 30
"""
_AWAY = ("08", "53", "57", "58")  # classes of SQLSTATE
_LONGEST_NAME = 63
_KEPT = frozenset(
    "bool int2 int4 int8 float4 float8 numeric text varchar bpchar date time timetz timestamp timestamptz"
    " interval bytea uuid json jsonb inet cidr macaddr".split()
)
_TYPE_FOR = {
    Sort.INTEGER: "bigint",
    Sort.NUMERIC: "numeric",
    Sort.DOUBLE: "double precision",
    Sort.BOOLEAN: "boolean",
    Sort.DATE: "date",
    Sort.TIME: "time",
    Sort.TIMESTAMP: "timestamp",
    Sort.ZONED_TIMESTAMP: "timestamptz",
    Sort.BYTES: "bytea",
    Sort.UUID: "uuid",
}


class PostgreSQL(Database):
    """A PostgreSQL database: `postgresql://user@host/db?table=[schema.]name`, or `?query=SELECT …`.

    What follows the question mark otherwise, TLS settings for one, goes to the driver, which also knows
    PGSERVICE, PGPASSWORD and .pgpass. One read-only transaction sees one state of the data. A new table
    appears with all its rows at once, in one transaction; its user needs CREATE and USAGE on the schema,
    nothing else.
    """

    name = "postgresql"
    title = "PostgreSQL (postgresql://…?table=NAME)"
    schemes = ("postgresql", "postgres")

    def open(self, location: Location) -> SqlTable:
        selection = Selection.of(location)
        settings = connection_settings(selection)

        @contextmanager
        def result() -> Iterator[Result]:
            with _connected(selection, settings) as connection, _reporting(selection, connection):
                if not (selection.table or selection.query):
                    raise selection.nothing_selected(tables_of(connection))
                with connection.cursor("trapstreet") as cursor:
                    cursor.execute(selection.statement('"').encode())
                    found = cursor.description or ()
                    yield Result([column.name for column in found], cursor.fetchmany, _types(found))

        return SqlTable(selection, self.name, result)

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> SqlGround:
        from trapstreet.plugins.tables._ground_postgresql import PostgreSQLEngine

        selection = Selection.of(location)
        return SqlGround(PostgreSQLEngine(selection), selection, key=key, links=links)

    def create(self, location: Location, *, like: Table) -> SqlWriter:
        selection = table_to_make(location)
        return SqlWriter(NewPostgreSQLTable(selection, connection_settings(selection), like.columns), like)


class NewPostgreSQLTable:
    """A table that a transaction makes."""

    kind = "postgresql"
    text = "text"
    takes = PLAIN

    def __init__(self, selection: Selection, settings: dict[str, Any], columns: Sequence[str]) -> None:
        """Makes the table and takes it back, to see that nothing is in its way."""
        self.label = selection.label
        self._selection = selection
        self._settings = settings | {"client_encoding": "UTF8"}
        self._name = ".".join(map(self.quoted, selection.parts()))
        with self.reporting(), connect(selection, self._settings) as connection:
            self._make(connection, ", ".join(f"{self.quoted(column)} text" for column in columns))
            connection.rollback()

    def kept(self, source: str) -> str | None:
        return source if source in _KEPT else None

    def type_for(self, found: ColumnType) -> str:
        return _TYPE_FOR.get(found.sort, self.text)

    def quoted(self, column: str) -> str:
        if len(column.encode(errors="replace")) > _LONGEST_NAME:  # the server would cut it short
            raise UnusableInput(
                f"{self.label}: a name of more than {_LONGEST_NAME} bytes", hint="choose a shorter one"
            )
        return quoted(column, '"')

    @contextmanager
    def filling(self, columns: str) -> "Iterator[psycopg.Connection[Any]]":
        with connect(self._selection, self._settings) as connection:
            self._make(connection, columns)
            yield connection

    @contextmanager
    def rows(self, opened: "psycopg.Connection[Any]", width: int) -> Iterator[WriteRows]:
        with opened.cursor() as cursor, cursor.copy(f"COPY {self._name} FROM STDIN".encode()) as copy:

            def write(rows: Iterable[Row]) -> None:
                for row in rows:
                    copy.write_row(row)

            yield write

    @contextmanager
    def reporting(self) -> Iterator[None]:
        import psycopg
        from psycopg import errors

        try:
            yield
        except errors.DuplicateTable:
            raise taken(self.label) from None
        except errors.InvalidSchemaName:
            raise UnusableInput(f"{self.label}: there is no such schema", hint="make it first") from None
        except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction) as error:
            raise AccessDenied(
                f"{self.label}: may not make it (SQLSTATE {error.sqlstate})",
                hint="ask for CREATE and USAGE on the schema, of a server that takes changes",
            ) from None
        except psycopg.DataError as error:
            raise no_fit(self.label, type(error).__name__) from None
        except psycopg.Error as error:
            if (error.sqlstate or "08")[:2] in _AWAY:
                raise Unreachable(
                    f"{self.label}: the connection was lost, or the server has no room ({error.sqlstate})",
                    hint="see to the server and try again",
                ) from None
            raise not_made(self.label, f"{type(error).__name__}, SQLSTATE {error.sqlstate}") from None

    def _make(self, connection: "psycopg.Connection[Any]", columns: str) -> None:
        connection.execute(f"CREATE TABLE {self._name} ({columns})".encode())


def connection_settings(selection: Selection) -> dict[str, Any]:
    """The driver's settings out of URL and environment. Raises UnusableInput without the driver's text."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    location = selection.location
    try:
        settings = conninfo_to_dict(f"{location.place}?{urlencode(location.options)}")
    except psycopg.ProgrammingError:
        raise unreadable(selection.label) from None
    if "password" not in settings and (password := password_from_environment()):
        settings["password"] = password
    defaults = {"connect_timeout": CONNECT_SECONDS, "fallback_application_name": "trapstreet"}
    return defaults | settings


def connect(selection: Selection, settings: dict[str, Any]) -> "psycopg.Connection[Any]":
    import psycopg

    try:
        return psycopg.connect(**settings)
    except psycopg.Error as error:
        raise refused(str(error), selection.label) from None


@contextmanager
def _connected(selection: Selection, settings: dict[str, Any]) -> "Iterator[psycopg.Connection[Any]]":
    import psycopg

    with connect(selection, settings) as connection:
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        connection.execute("SET synchronize_seqscans = off")  # the same order at every reading
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        take_as_text(connection)
        yield connection


def take_as_text(connection: "psycopg.Connection[Any]") -> None:
    """JSON stays text; so does a date that Python cannot hold: infinity, a year before 1 or after 9999."""
    from psycopg.pq import Format
    from psycopg.types.string import TextLoader

    known = connection.adapters
    for kind in ("json", "jsonb", "interval"):
        known.register_loader(kind, TextLoader)
    for kind in ("date", "timestamp", "timestamptz"):
        loader = known.get_loader(known.types[kind].oid, Format.TEXT)
        assert loader is not None  # noqa: S101 - psycopg has one for each
        known.register_loader(kind, _or_text(loader))


def _or_text(loader: "type[Loader]") -> "type[Loader]":
    """A loader that asks another one: that of psycopg which is compiled, where there is one."""
    from psycopg import DataError
    from psycopg.adapt import Loader as Base

    class OrText(Base):
        def __init__(self, oid: int, context: "AdaptContext | None" = None) -> None:
            super().__init__(oid, context)
            self._load = loader(oid, context).load

        def load(self, data: "Buffer") -> object:
            try:
                return self._load(data)
            except DataError:
                return bytes(data).decode()

    return OrText


def _types(columns: "Sequence[psycopg.Column]") -> list[str | None]:
    """The names of the types, None for arrays and for types that the database made itself."""
    from psycopg import adapters

    found = ((column.type_code, adapters.types.get(column.type_code)) for column in columns)
    return [info.name if info is not None and info.oid == code else None for code, info in found]


def tables_of(connection: "psycopg.Connection[Any]") -> list[str]:
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
        raise selection.no_such_table(tables_of(connection)) from None
    except UnicodeDecodeError:
        raise UnusableInput(
            f"{selection.label}: holds text in another encoding than the database says",
            hint="mend it there first",
        ) from None
    except psycopg.Error as error:
        if connection.broken or (error.sqlstate or "08")[:2] in _AWAY:
            raise Unreachable(f"{selection.label}: the connection was lost", hint="try again") from None
        raise selection.failed(f"{type(error).__name__}, SQLSTATE {error.sqlstate}") from None


FORMAT = DESTINATION = PostgreSQL()
