"""Connections to MariaDB by a URL, in which nothing can be changed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins._mariadb import HIDDEN_PASSWORDS_ONLY

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_REFUSED = frozenset({1044, 1045, 1130, 1142, 1143, 1227, 1370, 1698})
_SECONDS = 300


@contextmanager
def connected(location: str, label: str) -> "Iterator[Cursor]":
    """A cursor in a read-only transaction, each of whose statements ends in time."""
    import pymysql

    parts = urlsplit(location)
    try:
        port = parts.port or 3306
    except ValueError:
        raise UnusableInput(f"{label}: no such port", hint="like mariadb://user@host:3306/") from None
    password = unquote(parts.password) if parts.password else None
    password = password or os.environ.get("TRAPSTREET_DB_PASSWORD") or os.environ.get("MYSQL_PWD") or ""
    try:
        connection = pymysql.connect(
            host=parts.hostname or "localhost",
            port=port,
            user=unquote(parts.username) if parts.username else None,
            password=password,
            charset="utf8mb4",
            connect_timeout=10,
            read_timeout=_SECONDS,
            auth_plugin_map=HIDDEN_PASSWORDS_ONLY,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION max_statement_time = {_SECONDS}, lock_wait_timeout = 10")
                cursor.execute("START TRANSACTION READ ONLY")
                yield cursor
        finally:
            connection.close()
    except pymysql.MySQLError as error:
        code = error.args[0] if error.args else None
        if code in _REFUSED:
            raise AccessDenied(
                f"{label}: the server refused (error {code})",
                hint="check user and password, or docs/access.md",
            ) from None
        raise Unreachable(
            f"{label}: no connection to the server, or it broke (error {code})",
            hint="check host, port and network",
        ) from None
