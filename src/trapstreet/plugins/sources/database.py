"""Databases of one's own: PostgreSQL, MariaDB and MySQL, SQLite. Each table is an object, in CSV.

A table is read as it is then, in a read-only transaction of its own: one that is changed all the time is read
with its changes, and again the next time, since its version is from before.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, cast
from urllib.parse import quote, unquote

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources._address import Account, address_of, login_of
from trapstreet.plugins.sources._database import Engine, Server
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import Blocks, part

title = "databases (PostgreSQL, MariaDB, MySQL, SQLite)"
schemes = ("postgresql", "postgres", "mariadb", "mysql", "sqlite")
reveals = "Whoever runs the server sees logins and, where statements are logged, that tables are read."

_PASSWORD = "TRAPSTREET_DATABASE_PASSWORD"  # noqa: S105 - the variable's name


class settings(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):  # noqa: N801 - the kind's
    """postgresql://host/database, mariadb://host (every database there) or mariadb://host/database, or
    sqlite:////path/of/file."""

    schema: Annotated[
        tuple[str, ...], option("a schema to read; else all but the system's (repeatable)", "NAME")
    ] = ()
    views: Annotated[bool, option("read views and foreign tables, too")] = False
    minutes: Annotated[
        int, msgspec.Meta(ge=1, le=10_000), option("that the reading of one table may take", "NUMBER")
    ] = 60
    ca: Annotated[Path | None, option("the authority of the server's certificate, PEM", "FILE")] = None


def source(settings: settings) -> "_Database":
    return _Database(settings)


class _Database:
    def __init__(self, settings: settings) -> None:
        self._settings = settings
        self._engine, self._place = _engine(settings)

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Views are not listed unless they are wanted: what they show lies in tables."""
        schema, _, name = cursor.partition("/")
        after = _unquoted(schema), _unquoted(name)
        for page in self._engine.tables(after, views=self._settings.views):
            for each in page:
                if self._settings.schema and each.schema not in self._settings.schema:
                    continue
                path = (
                    f"{self._place}/{each.schema}.{each.name}"
                    if each.schema
                    else f"{self._place}/{each.name}"
                )
                handle = f"{_quoted(each.schema)}/{_quoted(each.name)}"
                if each.why:
                    yield Unread(path, each.why)
                else:
                    yield Ref(path, each.version, readers=each.readers, handle=handle)
            yield Mark(f"{_quoted(page[-1].schema)}/{_quoted(page[-1].name)}")
        yield Mark("", whole=True)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        schema, _, name = ref.handle.partition("/")
        blocks = self._engine.rows(_unquoted(schema), _unquoted(name))
        first = next(blocks, b"")  # what cannot be read says so now
        return part(cast(BinaryIO, Blocks(_with(first, blocks), close=blocks.close)), start, end)

    def close(self) -> None:
        """Nothing is kept open."""


def _engine(settings: settings) -> tuple[Engine, str]:
    """The engine that reads a location, and how the location is shown. Raises UnusableInput, AccessDenied."""
    scheme, _, rest = settings.url.partition("://")
    if scheme.lower() == "sqlite":
        from trapstreet.plugins.sources._database_sqlite import SQLite

        if settings.schema:
            raise UnusableInput("a SQLite file has no schemas", hint="leave schema out")
        path = Path(rest.removeprefix("/"))
        if not path.is_absolute() and not path.exists() and Path(rest).exists():
            path = Path(rest)  # sqlite:///srv/crm.db
        return SQLite(path, settings.minutes), f"sqlite:///{path}"
    address = address_of(settings.url, variable=_PASSWORD)
    user, password = login_of(settings, address, variable=_PASSWORD)
    if "?" in address.path:
        raise UnusableInput("the address has options behind it", hint="give them as ca, schema and so on")
    server = Server(
        host=address.host,
        port=address.port,
        database=address.path,
        user=user,
        password=password,
        ca=settings.ca,
        minutes=settings.minutes,
    )
    if address.scheme in ("mariadb", "mysql"):
        from trapstreet.plugins.sources._database_mariadb import MariaDB

        return MariaDB(server), address.shown()
    from trapstreet.plugins.sources._database_postgresql import PostgreSQL

    return PostgreSQL(server), address.shown()


def _with(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from blocks


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="surrogateescape")


def _unquoted(name: str) -> str:
    return unquote(name, errors="surrogateescape")
