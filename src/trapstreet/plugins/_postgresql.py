"""Connections to PostgreSQL: what keeps one from being made, in our words, and one that answers no more."""

import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = "10"

_NO_ACCESS = ("authentication", "pg_hba.conf", "permission denied", "not permitted", "no password supplied")

_SIMPLE = re.compile(r"[A-Za-z0-9_.]+")
_NO_CONNECT = "permission denied for database"


def reads_any_text(connection: "psycopg.Connection[Any]") -> None:
    """Have every text told as one, whatever the server keeps it in.

    A database without an encoding has bytes: those that are no UTF-8 are told as \\xe9, and a statement with
    such a name finds nothing. Left alone, the driver gives bytes there.
    """
    from psycopg.adapt import Loader

    class Readable(Loader):
        def load(self, data: Any) -> str:
            return bytes(data).decode("utf-8", "backslashreplace")

    if connection.info.parameter_status("server_encoding") != "SQL_ASCII":
        connection.execute(b"SET client_encoding = 'UTF8'")
        return
    connection.execute(b"SET client_encoding = 'SQL_ASCII'")
    for kind in ("text", "name", "varchar", "bpchar", '"char"'):
        connection.adapters.register_loader(kind, Readable)


def refused(text: str, label: str) -> TrapstreetError:
    """What kept a connection from being made. The driver gives a text only, which may quote the URL."""
    if "canceling statement" in text:
        return Unreachable(f"{label}: the server was too busy to answer in time", hint="try again")
    if _NO_CONNECT in text:
        return AccessDenied(
            f"{label}: the user may not connect to this database",
            hint="ask for CONNECT on it, or give another one",
        )
    if any(words in text for words in _NO_ACCESS):
        return AccessDenied(
            f"{label}: the server refused the user or the password",
            hint="set PGPASSWORD, TRAPSTREET_DB_PASSWORD or PGSERVICE, or ask for access",
        )
    if "invalid" in text and "value" in text:
        return unreadable(label)
    if "does not exist" in text:
        return UnusableInput(f"{label}: no such database or user", hint="check the URL")
    return Unreachable(f"{label}: no connection to the server", hint="check host, port and network")


def psql_connect(database: str) -> list[str]:
    """Lines of a script for psql that go on in a database, whatever it is called: `\\connect` takes a name
    with a = or :// in it for an address, and what follows a line break in one for a command."""
    if _SIMPLE.fullmatch(database):
        return [f'\\connect "{database}"']
    escaped = database.replace("\\", "\\\\").replace("'", "\\'")
    value = f"dbname='{escaped}'".replace("\\", "\\\\").replace("'", "''")
    for character, written in (("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(character, written)
    return [f"\\set trapstreet_database '{value}'", '\\connect -reuse-previous=on :"trapstreet_database"']


def unreadable(label: str) -> UnusableInput:
    """A URL that the driver does not take."""
    return UnusableInput(
        f"{label}: the URL cannot be read",
        hint="check its options; in user and password, write @ : / ? # % as %40 %3A %2F %3F %23 %25",
    )


@cache
def watched(seconds: float) -> "type[psycopg.Connection[Any]]":
    """Connections in which nothing is waited for longer: the line is cut, and OperationalError raised."""
    import psycopg

    class Watched(psycopg.Connection[Any]):
        def wait(self, *arguments: Any, **named: Any) -> Any:
            with cut_when_silent(self, seconds):
                return super().wait(*arguments, **named)

    return Watched


@contextmanager
def cut_when_silent(connection: "psycopg.Connection[Any]", seconds: float) -> Iterator[None]:
    """The driver waits for an answer for ever, and a server that hangs heeds no time limit of its own: after
    so many seconds the line is cut."""
    global _watcher  # noqa: PLW0603 - one thread watches over all: to start one for each wait takes 0.1 ms
    if _watcher is None or not _watcher.is_alive():
        _watcher = threading.Thread(target=_watch, daemon=True)
        _watcher.start()
    this = object()
    _waiting[this] = connection, time.monotonic() + seconds
    try:
        yield
    finally:
        _waiting.pop(this, None)


_LOOKS = 0.2
"""Seconds between two looks at what is waited for."""
_waiting: "dict[object, tuple[psycopg.Connection[Any], float]]" = {}
_watcher: threading.Thread | None = None


def _watch() -> None:
    while True:
        time.sleep(_LOOKS)
        for this, (connection, until) in [*_waiting.items()]:
            if time.monotonic() > until:
                _waiting.pop(this, None)
                _cut(connection)


def _cut(connection: "psycopg.Connection[Any]") -> None:
    import psycopg

    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
