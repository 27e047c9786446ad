"""The server of bench/proofs_mariadb.py, as its root."""

import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql

from proofs_mariadb_clients import entered
from proofs_mariadb_world import Login, World, on, quoted
from servers import Audited

_OWN = ("mysql", "information_schema", "performance_schema", "sys")
_GRANTS = ("global_priv", "db", "tables_priv", "columns_priv", "procs_priv", "roles_mapping", "proxies_priv")
_GLOBALS = (
    "server_audit_query_log_limit = 16384",
    "server_audit_file_rotate_size = 1000000000",
    "lock_wait_timeout = 3",
    "innodb_lock_wait_timeout = 2",
    "max_statement_time = 10",
)
_PATIENCE = 20.0


class Server:
    """A server whose accounts come from any address, and whose log is taken when it is asked for."""

    def __init__(self, audited: Audited) -> None:
        self.url, self._log = audited.url, audited.log
        self.port = urlsplit(audited.url).port or 3306
        self._root = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            autocommit=True,
            ssl_disabled=True,
            charset="utf8mb4",
        )
        self._do("SET sql_mode = ''", *(f"SET GLOBAL {each}" for each in _GLOBALS))

    def make(self, world: World) -> None:
        """Nothing and nobody is there but that world."""
        self._do("SET foreign_key_checks = 0")
        for (name,) in self._do("SHOW DATABASES"):
            if name not in _OWN:
                self._do(f"DROP DATABASE {quoted(name)}")
        self._do("SET foreign_key_checks = 1")
        self._do(*(f"DELETE FROM mysql.{each} WHERE User NOT IN ('root', 'mariadb.sys')" for each in _GRANTS))
        self._do("DELETE FROM mysql.roles_mapping", "FLUSH PRIVILEGES")
        self.refused = self.do_all(world.setup)
        self._do("FLUSH PRIVILEGES")

    def do_all(self, statements: Iterable[str]) -> list[str]:
        """Do those that can be done; the others, and why they cannot."""
        refused = []
        for each in statements:
            try:
                self._do(each)
            except pymysql.MySQLError as error:
                refused.append(f"{error.args[-1]}: {each}")
        return refused

    @contextmanager
    def logged(self, log: Path) -> Iterator[None]:
        """What the server's log has of what is done meanwhile, in a file of one's own."""
        begun = self._log.stat().st_size if self._log.exists() else 0
        self._do("SET GLOBAL server_audit_logging = ON")
        yield
        end, text, before = time.monotonic() + _PATIENCE, b"", None
        while time.monotonic() < end and text != before:  # the server says later who left
            before = text
            time.sleep(0.3)
            text = self._log.read_bytes()[begun:]
        self._do("SET GLOBAL server_audit_logging = OFF")
        log.write_bytes(text)

    def grants(self) -> set[str]:
        """What SHOW GRANTS says of everybody, one right a line."""
        holders = self._do(
            "SELECT User, Host, is_role FROM mysql.user WHERE User NOT IN ('root', 'mariadb.sys', 'PUBLIC')"
        )
        names = [
            quoted(user) if is_role == "Y" else f"'{_text(user)}'@'{_text(host)}'"
            for user, host, is_role in holders
        ]
        told = {f"PUBLIC: {line}" for (line,) in self._do("SHOW GRANTS FOR PUBLIC")}
        for name in names:
            told |= {f"{name}: {line}" for (line,) in self._do(f"SHOW GRANTS FOR {name}")}
        return {_sorted(each) for each in told}

    def script(self, text: str) -> None:
        """Run a script as somebody would, with the program mariadb."""
        line = [
            "mariadb",
            "--no-defaults",
            "-h127.0.0.1",
            f"-P{self.port}",
            "-uroot",
            "--default-character-set=utf8mb4",
        ]
        subprocess.run(line, input=text, text=True, check=True)

    def reads(self, login: Login, world: World) -> tuple[str, set[tuple[str, str]]]:
        """By which account somebody is let in, "" by none, and what they read, in any of their roles."""
        found: set[tuple[str, str]] = set()
        try:
            connection = entered(login.user, login.client, "", self.port)
        except (pymysql.MySQLError, OSError):
            return "", found
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            account = cursor.fetchone()[0]
            for role in ("", "NONE", *map(quoted, world.roles)):
                with suppress(pymysql.MySQLError):
                    if role:
                        cursor.execute(f"SET ROLE {role}")
                    found |= {each[:2] for each in world.relations if _reads(cursor, each[:2], each.columns)}
        return account, found

    def _do(self, *statements: str) -> tuple[Any, ...]:
        with self._root.cursor() as cursor:
            for each in statements:
                cursor.execute(each)
            return tuple(cursor.fetchall())


def _reads(cursor: Any, table: tuple[str, str], columns: Iterable[str]) -> bool:
    for column in columns:
        with suppress(pymysql.MySQLError):
            cursor.execute(f"SELECT {quoted(column)} FROM {on(*table)} LIMIT 1")
            return True
    return False


def _text(name: str) -> str:
    return name.replace("\\", "\\\\").replace("'", "''")


def _sorted(line: str) -> str:
    """A line of SHOW GRANTS whose rights and columns are in order."""
    return " ".join(sorted(re.split(r"[ ,()]+", line)))
