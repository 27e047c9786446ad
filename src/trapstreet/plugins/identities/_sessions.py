"""Connections to database servers, in which nothing can be changed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trapstreet.plugins._mariadb import connect
from trapstreet.plugins._mariadb import refused as refused_by_mariadb
from trapstreet.plugins._postgresql import CONNECT_SECONDS, reads_any_text, refused, unreadable, watched

if TYPE_CHECKING:
    import psycopg
    from pymysql.cursors import Cursor

_SECONDS = 60
SILENT_SECONDS = _SECONDS + 10.0
"""After which a server is taken for hanging: it should have ended the statement by itself."""


@contextmanager
def postgresql(location: str, label: str) -> "Iterator[psycopg.Connection[Any]]":
    """A connection whose every statement stands alone, is read-only and ends in time."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        settings: dict[str, Any] = {**conninfo_to_dict(location)}
    except psycopg.ProgrammingError:
        raise unreadable(label) from None
    if "password" not in settings and (password := os.environ.get("TRAPSTREET_DB_PASSWORD")):
        settings["password"] = password
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS, "fallback_application_name": "trapstreet", "dbname": "postgres",
    }  # fmt: skip
    try:
        with watched(SILENT_SECONDS).connect(**(defaults | settings), autocommit=True) as connection:
            reads_any_text(connection)
            connection.execute(b"SET default_transaction_read_only = on")
            connection.execute(f"SET statement_timeout = '{_SECONDS}s'".encode())
            yield connection
    except psycopg.Error as error:
        raise refused(str(error), label) from None


@contextmanager
def mariadb(location: str, label: str) -> "Iterator[Cursor]":
    """A cursor in a read-only transaction. `?ca=FILE` in the URL asks for TLS and verifies it."""
    import pymysql

    connection = connect(location, label, seconds=_SECONDS)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION max_statement_time = {_SECONDS}")
            cursor.execute("START TRANSACTION READ ONLY")
            yield cursor
    except pymysql.MySQLError as error:
        raise refused_by_mariadb(error, label) from None
    finally:
        if connection.open:
            connection.close()
