"""Connections to MariaDB and MySQL in which nothing can be changed and nothing is waited for without end."""

from collections.abc import Sequence
from typing import Any

from trapstreet.core.model.errors import Unreachable
from trapstreet.plugins._mariadb import code_of, connect
from trapstreet.plugins.inventories import LOCK_SECONDS, STATEMENT_SECONDS, Pace

_LOST = frozenset({2003, 2006, 2013, 2014, 2055, 0})
_FOR_OLD_CLIENTS = "5.5.5-"
"""What MariaDB 10 says before its version as one connects."""
_SILENT_SECONDS = STATEMENT_SECONDS + 10


class Session:
    """One connection to a server.

    What a statement is refused for raises pymysql's error; where the server is lost, Unreachable.
    """

    def __init__(self, location: str, *, label: str, pace: Pace) -> None:
        self._label, self._pace = label, pace
        pace.turn()
        self._connection = connect(location, label, seconds=_SILENT_SECONDS)
        said = str(self._connection.get_server_info())  # type: ignore[no-untyped-call]
        self.edition = said.removeprefix(_FOR_OLD_CLIENTS)
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
