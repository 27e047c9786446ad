"""Connections to MariaDB and MySQL in which nothing can be changed and nothing is waited for without end."""

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins._mariadb import HIDDEN_PASSWORDS_ONLY
from trapstreet.plugins.inventories import LOCK_SECONDS, STATEMENT_SECONDS, Pace

_REFUSED = frozenset({1044, 1045, 1130, 1698})
_LOST = frozenset({2003, 2006, 2013, 2014, 2055, 0})
_SILENT_SECONDS = STATEMENT_SECONDS + 10


class Session:
    """One connection to a server.

    What a statement is refused for raises pymysql's error; where the server is lost, Unreachable.
    """

    def __init__(self, location: str, *, label: str, pace: Pace) -> None:
        import pymysql

        self._label, self._pace = label, pace
        parts = urlsplit(location)
        try:
            port = parts.port or 3306
        except ValueError:
            raise UnusableInput(f"{label}: no such port", hint="like mariadb://user@host:3306/") from None
        password = unquote(parts.password) if parts.password else None
        password = password or os.environ.get("TRAPSTREET_DB_PASSWORD") or os.environ.get("MYSQL_PWD") or ""
        pace.turn()
        try:
            self._connection = pymysql.connect(
                host=parts.hostname or "localhost",
                port=port,
                user=unquote(parts.username) if parts.username else None,
                password=password,
                charset="utf8mb4",
                connect_timeout=10,
                read_timeout=_SILENT_SECONDS,
                write_timeout=_SILENT_SECONDS,
                auth_plugin_map=HIDDEN_PASSWORDS_ONLY,
                autocommit=True,
            )
        except pymysql.MySQLError as error:
            code = code_of(error)
            if code in _REFUSED:
                raise AccessDenied(
                    f"{label}: the server refused the user or the password (error {code})",
                    hint="set MYSQL_PWD or TRAPSTREET_DB_PASSWORD, or ask for access",
                ) from None
            raise Unreachable(
                f"{label}: no connection to the server (error {code})", hint="check host, port and network"
            ) from None
        self.edition = str(self._connection.get_server_info())  # type: ignore[no-untyped-call]
        limit = (
            f"max_statement_time = {STATEMENT_SECONDS}"
            if self.is_mariadb
            else f"max_execution_time = {STATEMENT_SECONDS * 1000}, information_schema_stats_expiry = 0"
        )
        self.rows(f"SET SESSION {limit}, lock_wait_timeout = {LOCK_SECONDS}")
        self.rows("SET SESSION TRANSACTION READ ONLY")

    @property
    def is_mariadb(self) -> bool:
        """Whether it is MariaDB, or else MySQL."""
        return "MariaDB" in self.edition

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a statement answers."""
        import pymysql

        self._pace.turn()
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return [*cursor.fetchall()]
        except pymysql.MySQLError as error:
            if code_of(error) in _LOST:
                raise Unreachable(
                    f"{self._label}: the server broke off or did not answer in time",
                    hint="see whether it is up",
                ) from None
            raise

    def close(self) -> None:
        if self._connection.open:
            self._connection.close()


def code_of(error: Exception) -> object:
    """The number of an error of the server or the driver."""
    return error.args[0] if error.args else 0
