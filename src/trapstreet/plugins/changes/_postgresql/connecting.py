"""Connections to PostgreSQL over which rights are asked for and changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trapstreet.plugins._postgresql import CONNECT_SECONDS, reads_any_text, refused, unreadable, watched
from trapstreet.plugins.changes._postgresql.probe import SILENT_SECONDS

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]


@contextmanager
def connected(location: str, database: str, label: str) -> "Iterator[Connection]":
    """A connection without a transaction, whose names mean those of the server itself."""
    import os

    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        settings: dict[str, Any] = {**conninfo_to_dict(location)}
    except psycopg.ProgrammingError:
        raise unreadable(label) from None
    if "password" not in settings and (password := os.environ.get("TRAPSTREET_DB_PASSWORD")):
        settings["password"] = password
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "fallback_application_name": "trapstreet",
    }
    try:
        connection = watched(SILENT_SECONDS).connect(
            **(defaults | settings | {"dbname": database}), autocommit=True, prepare_threshold=None
        )
    except psycopg.Error as error:
        raise refused(str(error), label) from None
    try:
        with connection:
            reads_any_text(connection)
            connection.execute(b"SET search_path = pg_catalog")
            yield connection
    except psycopg.Error as error:
        raise refused(str(error), label) from None
