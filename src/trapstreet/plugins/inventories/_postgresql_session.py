"""Connections to PostgreSQL in which nothing can be changed and nothing is waited for without end."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.errors import Unreachable
from trapstreet.plugins._postgresql import CONNECT_SECONDS, cut_when_silent, refused, unreadable
from trapstreet.plugins.inventories import LOCK_SECONDS, STATEMENT_SECONDS, Pace

if TYPE_CHECKING:
    pass

_SILENT_SECONDS = STATEMENT_SECONDS + 10
"""After which a server is taken for hanging: it should have ended the statement by itself."""

_SETTINGS = (
    f"SET statement_timeout = '{STATEMENT_SECONDS}s'",
    f"SET lock_timeout = '{LOCK_SECONDS}s'",
    "SET search_path = ''",
    "SET max_parallel_workers_per_gather = 0",
    "SET DateStyle = 'ISO'",
)
_AS_IT_LIES = ("SET client_encoding = 'SQL_ASCII'",)
"""For texts in any encoding: the server would refuse those that are not UTF-8."""


class Session:
    """One connection to one database.

    What a statement is refused for raises psycopg's error; where the server is lost, Unreachable.
    """

    def __init__(self, location: str, database: str, *, label: str, pace: Pace) -> None:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        self._label, self._pace = label, pace
        try:
            given: dict[str, Any] = {**conninfo_to_dict(location)}
        except psycopg.ProgrammingError:
            raise unreadable(label) from None
        if "password" not in given and (password := os.environ.get("TRAPSTREET_DB_PASSWORD")):
            given["password"] = password
        defaults = {"connect_timeout": CONNECT_SECONDS, "fallback_application_name": "trapstreet"}
        asked: dict[str, Any] = defaults | given | {"dbname": database, "client_encoding": "UTF8"}
        pace.turn()
        try:
            self._connection: psycopg.Connection[Any] = psycopg.connect(
                **asked, autocommit=True, prepare_threshold=None
            )
        except psycopg.Error as error:
            raise refused(str(error), label) from None
        self._connection.read_only = True
        self._is_raw = self._connection.info.parameter_status("server_encoding") == "SQL_ASCII"
        settings = (*_SETTINGS, *(_AS_IT_LIES if self._is_raw else ()))
        pace.turn()
        with self._within():
            self._connection.execute("; ".join(settings).encode())

    @property
    def version(self) -> int:
        """Like 160004."""
        return self._connection.info.server_version

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a statement answers, in a read-only transaction of its own."""
        self._pace.turn()
        with self._within(), self._connection.transaction():
            found = self._connection.execute(statement.encode(), values or None).fetchall()
        return [tuple(map(_text, row)) for row in found] if self._is_raw else found

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _within(self) -> Iterator[None]:
        import psycopg

        try:
            with cut_when_silent(self._connection, _SILENT_SECONDS):
                yield
        except psycopg.Error:
            if self._connection.closed or self._connection.broken:
                raise Unreachable(
                    f"{self._label}: the server broke off or did not answer in time",
                    hint="see whether it is up",
                ) from None
            raise


def _text(cell: Any) -> Any:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell
