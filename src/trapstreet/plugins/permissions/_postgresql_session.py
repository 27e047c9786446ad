"""Connections to PostgreSQL by a URL, in which nothing can be changed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trapstreet.plugins._postgresql import CONNECT_SECONDS, reads_any_text, refused, unreadable, watched

if TYPE_CHECKING:
    import psycopg

STATEMENT_SECONDS = 300
"""No statement takes longer."""
SILENT_SECONDS = STATEMENT_SECONDS + 10.0
"""After which a server is taken for hanging: it should have ended the statement by itself."""


@contextmanager
def connected(location: str, database: str, label: str) -> "Iterator[psycopg.Connection[Any]]":
    """A connection whose every transaction is read-only and sees one state."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        settings: dict[str, Any] = {**conninfo_to_dict(location)}
    except psycopg.ProgrammingError:
        raise unreadable(label) from None
    if "password" not in settings and (password := os.environ.get("TRAPSTREET_DB_PASSWORD")):
        settings["password"] = password
    defaults: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "fallback_application_name": "trapstreet"}
    try:
        connection = watched(SILENT_SECONDS).connect(**(defaults | settings | {"dbname": database}))
    except psycopg.Error as error:
        raise refused(str(error), label) from None
    try:
        with connection:
            connection.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'".encode())
            connection.execute(b"SET lock_timeout = '5s'")
            reads_any_text(connection)
            connection.commit()
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield connection
    except psycopg.Error as error:
        raise refused(str(error), label) from None
