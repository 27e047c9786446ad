"""A whole MariaDB server for tests: its accounts come from any address, and it is bare before each test."""

import re
import socket
import subprocess
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pymysql

from servers import Audited
from trapstreet.core.model.access_events import PastUse
from trapstreet.plugins.changes._mariadb.clone import proxy_header

DESK = "10.1.2.3"
_OWN = ("mysql", "information_schema", "performance_schema", "sys")
_GRANTS = ("global_priv", "db", "tables_priv", "columns_priv", "procs_priv", "roles_mapping", "proxies_priv")
_BROKEN_VIEW, _NOT_FROM_THERE = 1356, 1130
_KEPT = "User NOT IN ('root', 'mariadb.sys', 'PUBLIC')"


class Office:
    """The server, as its root, who comes from 127.0.0.1."""

    def __init__(self, server: Audited) -> None:
        self.url, self.log = server.url, server.log
        self._port = urlsplit(server.url).port or 3306
        self._connection = pymysql.connect(
            host="127.0.0.1", port=self._port, user="root", autocommit=True, ssl_disabled=True
        )
        self.do("SET sql_mode = ''")
        self.bare()

    def do(self, *statements: str) -> tuple[Any, ...]:
        """Run them; the rows of the last one."""
        with self._connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)
            return tuple(cursor.fetchall())

    def may(self, statement: str) -> bool:
        """Run it, unless a view's definer may not read what it shows."""
        try:
            self.do(statement)
        except pymysql.MySQLError as error:
            assert error.args[0] == _BROKEN_VIEW, error
            return False
        return True

    def bare(self) -> None:
        """Nothing and nobody is there."""
        self.do("SET foreign_key_checks = 0")
        for (name,) in self.do("SHOW DATABASES"):
            if name not in _OWN:
                self.do(f"DROP DATABASE `{name.replace('`', '``')}`")
        self.do("SET foreign_key_checks = 1")
        self.do(*(f"DELETE FROM mysql.{each} WHERE {_KEPT}" for each in _GRANTS))
        self.do("DELETE FROM mysql.db", "DELETE FROM mysql.roles_mapping", "FLUSH PRIVILEGES")

    def code(
        self, user: str, statement: str, *, client: str = DESK, database: str = "", role: str = ""
    ) -> int:
        """What the server says to a statement of somebody's, all of which is undone; 0 if it is run."""
        try:
            with closing(self._entered(user, client, database)) as connection, connection.cursor() as cursor:
                if role:
                    cursor.execute(f"SET ROLE {role}")
                cursor.execute("START TRANSACTION")
                cursor.execute(statement.replace("?", "NULL"))
                cursor.fetchall()
                cursor.execute("ROLLBACK")
        except pymysql.MySQLError as error:
            return error.args[0] if isinstance(error.args[0], int) else _NOT_FROM_THERE
        return 0

    def runs(self, user: str, *statements: str, client: str = DESK, database: str = "") -> None:
        """Somebody does something that is theirs to do."""
        with closing(self._entered(user, client, database)) as connection, connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)

    def script(self, text: str) -> None:
        """Run a script as somebody would, with the program mariadb."""
        line = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{self._port}", "-uroot"]
        subprocess.run(line, input=text, text=True, check=True)

    def grants(self) -> list[Any]:
        """What SHOW GRANTS says of everybody, columns in whatever order."""
        holders = self.do(f"SELECT User, Host, is_role FROM mysql.user WHERE {_KEPT} ORDER BY 1, 2")
        names = [f"`{user}`" if is_role == "Y" else f"`{user}`@`{host}`" for user, host, is_role in holders]
        told = [
            (name, [text for (text,) in self.do(f"SHOW GRANTS FOR {name}")]) for name in [*names, "PUBLIC"]
        ]
        return [(name, sorted(sorted(re.split(r"[ ,()]+", text)) for text in texts)) for name, texts in told]

    def sums(self) -> tuple[Any, ...]:
        """Sums of everything that is in tables, the grant tables among them."""
        tables = self.do(
            "SELECT CONCAT('`', TABLE_SCHEMA, '`.`', TABLE_NAME, '`') FROM information_schema.TABLES"
            " WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN"
            " ('information_schema', 'performance_schema', 'sys')"
            " AND TABLE_NAME NOT IN ('general_log', 'slow_log', 'gtid_slave_pos') ORDER BY 1"
        )
        return self.do(f"CHECKSUM TABLE {', '.join(name for (name,) in tables)}")

    def close(self) -> None:
        self._connection.close()

    def _entered(self, user: str, client: str, database: str) -> Any:
        line = socket.create_connection(("127.0.0.1", self._port))
        line.sendall(proxy_header(client))
        connection = pymysql.connect(
            user=user, database=database or None, autocommit=True, ssl_disabled=True, defer_connect=True
        )
        try:
            connection.connect(line)
        except BaseException:
            line.close()
            raise
        return connection


def past(
    who: str,
    statement: str,
    database: str = "crm",
    *,
    clients: Sequence[str] = (DESK,),
    on: Sequence[tuple[str, str]] = (),
    times: int = 1,
) -> PastUse:
    return PastUse(who, database, tuple(on), statement, statement, (), times, 1, 2, None, tuple(clients))
