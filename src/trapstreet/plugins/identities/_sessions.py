"""Connections to database servers, in which nothing can be changed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins._connecting import tls_context
from trapstreet.plugins._mariadb import HIDDEN_PASSWORDS_ONLY
from trapstreet.plugins._postgresql import CONNECT_SECONDS, refused, unreadable

if TYPE_CHECKING:
    import psycopg
    from pymysql.cursors import Cursor

_SECONDS = 60
_REFUSED = frozenset({1044, 1045, 1130, 1698})


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
        with psycopg.connect(**(defaults | settings), autocommit=True) as connection:
            connection.execute(b"SET default_transaction_read_only = on")
            connection.execute(f"SET statement_timeout = '{_SECONDS}s'".encode())
            yield connection
    except psycopg.Error as error:
        raise refused(str(error), label) from None


@contextmanager
def mariadb(location: str, label: str) -> "Iterator[Cursor]":
    """A cursor in a read-only transaction. TLS is used where the server has it; `?ca=FILE` verifies it."""
    import pymysql

    parts = urlsplit(location)
    try:
        port = parts.port or 3306
    except ValueError:
        raise UnusableInput(f"{label}: no such port", hint="like mariadb://user@host:3306/") from None
    password = unquote(parts.password) if parts.password else None
    password = password or os.environ.get("TRAPSTREET_DB_PASSWORD") or os.environ.get("MYSQL_PWD") or ""
    settings: dict[str, Any] = {
        "host": parts.hostname or "localhost",
        "port": port,
        "user": unquote(parts.username) if parts.username else None,
        "password": password,
        "charset": "utf8mb4",
        "connect_timeout": int(CONNECT_SECONDS),
        "read_timeout": _SECONDS,
        "auth_plugin_map": HIDDEN_PASSWORDS_ONLY,
    }
    if asked := parse_qs(parts.query).get("ca"):
        settings["ssl"] = tls_context(Path(asked[0]))
    try:
        connection = pymysql.connect(**settings)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION max_statement_time = {_SECONDS}")
                cursor.execute("START TRANSACTION READ ONLY")
                yield cursor
        finally:
            connection.close()
    except pymysql.MySQLError as error:
        code = error.args[0] if error.args else None
        if code in _REFUSED:
            raise AccessDenied(
                f"{label}: the server refused (error {code})", hint="check user and password"
            ) from None
        raise Unreachable(
            f"{label}: no connection to the server, or it broke (error {code})",
            hint="check host, port and network",
        ) from None
