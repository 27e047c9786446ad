"""An empty MariaDB server made the clone of another one, and emptied again."""

import ipaddress
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import counted, printable
from trapstreet.plugins._mariadb import connect, port_of, tls_of
from trapstreet.plugins.changes._mariadb.clone import Clone, one, told
from trapstreet.plugins.changes._mariadb.copying import GRANT_TABLES, Grants, Structure, rights_of
from trapstreet.plugins.changes._mariadb.standing import quoted

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_SECONDS = 300
_STATEMENT_SECONDS = 20
_KEPT = "trapstreet_kept"
_OURS = ("mysql", "information_schema", "performance_schema", "sys")
_FRESH = "test"
"""A database that comes with a new server; it counts as none as long as nothing is in it."""
_GLOBALS = {
    "max_statement_time": _STATEMENT_SECONDS, "init_connect": "", "sync_frm": 0, "aria_group_commit": "soft",
    "innodb_flush_log_at_trx_commit": 0,
}  # fmt: skip


@contextmanager
def cloned(url: str, label: str, asked: "Cursor") -> Iterator[Clone]:
    """A server that is empty made the clone of another, and emptied at the end.

    asked  of the other server, which is only read;  label  what that one is called
    Raises UnusableInput where it is not empty, or no server for this; AccessDenied, Unreachable.
    """
    import pymysql

    name = without_password(url)
    if urlsplit(url).scheme.lower() not in ("mariadb", "mysql"):
        raise UnusableInput(f"{name} is no MariaDB server", hint="like mariadb://root@127.0.0.1:3307/")
    connection = connect(url, name, seconds=_SECONDS, passwords=("TRAPSTREET_CLONE_PASSWORD",))
    try:
        with closing(connection), connection.cursor() as bare:
            _refuse_unfit(bare, asked, name, label)
            grants, structure = Grants.of(asked), Structure.of(asked)
            address = urlsplit(url).hostname or "localhost", port_of(url, name)
            clone = Clone(address, tls_of(url), grants, rights_of(bare))
            with _prepared(bare, asked, structure):
                try:
                    clone.fill(bare, structure)
                    yield clone
                finally:
                    clone.close()
    except pymysql.MySQLError as error:
        raise told(error, name) from None


def _refuse_unfit(bare: "Cursor", asked: "Cursor", name: str, label: str) -> None:
    """Raises UnusableInput unless one is an empty server of the other's series, and not the same one."""
    lock = f"trapstreet {secrets.token_hex(8)}"
    one(bare, "SELECT GET_LOCK(%s, 0)", lock)
    try:
        if one(asked, "SELECT IS_FREE_LOCK(%s)", lock) != (1,):
            raise UnusableInput(f"{name} is the same server as {label}", hint="give an empty one of yours")
    finally:
        one(bare, "SELECT RELEASE_LOCK(%s)", lock)
    (here, cases, resolves), (there, theirs, _) = (
        one(each, "SELECT VERSION(), @@lower_case_table_names, NOT @@skip_name_resolve")
        for each in (bare, asked)
    )
    if "MariaDB" not in here or _series(here) != _series(there):
        what = f"{name} is {printable(here)}, and {label} is {printable(there)}"
        raise UnusableInput(what, hint="start one of the same series")
    if cases != theirs:
        raise UnusableInput(
            f"{name} tells names by case otherwise than {label}",
            hint=f"start it with --lower-case-table-names={theirs}",
        )
    if resolves:
        raise UnusableInput(f"{name} looks names of hosts up", hint="start it with --skip-name-resolve")
    bare.execute(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN %s ORDER BY 1", (_OURS,)
    )
    there_are = [str(database) for (database,) in bare.fetchall()]
    used = [each for each in there_are if each != _FRESH or not _is_bare(bare, each)]
    if used:
        of = counted(len(used), "database")
        raise UnusableInput(
            f"{name} is not empty: it has {of}, {printable(used[0])} among them" if len(used) > 1
            else f"{name} is not empty: it has a database, {printable(used[0])}",
            hint="give an empty server of yours, which nobody needs: docs/advise-mariadb.md",
        )  # fmt: skip


def _is_bare(cursor: "Cursor", database: str) -> bool:
    (things,) = one(
        cursor,
        "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s)"
        " + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s)",
        database,
        database,
    )
    return not things


def _series(version: str) -> list[str]:
    return version.split(".")[:2]


@contextmanager
def _prepared(bare: "Cursor", asked: "Cursor", structure: Structure) -> Iterator[None]:
    """An empty server that lets us say where people come from; in the end it is what it was."""
    bare.execute("SET SESSION sql_log_bin = 0, max_statement_time = 0, sql_mode = ''")
    (us,) = one(bare, "SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()")
    (mode,) = one(asked, "SELECT @@GLOBAL.sql_mode")
    wanted: Mapping[str, Any] = {
        **_GLOBALS,
        "proxy_protocol_networks": _network(str(us)),
        "sql_mode": str(mode),
    }
    before: Mapping[str, Any] = {name: one(bare, f"SELECT @@GLOBAL.{name}")[0] for name in wanted}
    fresh = one(bare, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", _FRESH)
    bare.execute(f"CREATE DATABASE {_KEPT}")
    for table in GRANT_TABLES:
        bare.execute(f"CREATE TABLE {_KEPT}.{table} LIKE mysql.{table}")
        bare.execute(f"INSERT INTO {_KEPT}.{table} SELECT * FROM mysql.{table}")  # noqa: S608 - our own names
    try:
        bare.execute(f"DROP DATABASE IF EXISTS {_FRESH}")
        for name, value in wanted.items():
            _set(bare, name, value)
        yield
    finally:
        with suppress(Exception):  # the one who ends us may have ended the server, too
            _put_back(bare, structure, before, fresh=fresh == (1,))


def _put_back(bare: "Cursor", structure: Structure, before: Mapping[str, Any], *, fresh: bool) -> None:
    bare.execute("SET SESSION foreign_key_checks = 0")  # of tables in other databases
    for database in structure.databases:
        bare.execute(f"DROP DATABASE IF EXISTS {quoted(database)}")
    if fresh:
        bare.execute(f"CREATE DATABASE IF NOT EXISTS {_FRESH}")
    for table in GRANT_TABLES:
        bare.execute(f"DELETE FROM mysql.{table}")  # noqa: S608 - our own names
        bare.execute(f"INSERT INTO mysql.{table} SELECT * FROM {_KEPT}.{table}")  # noqa: S608 - likewise
    bare.execute("FLUSH PRIVILEGES")
    bare.execute(f"DROP DATABASE {_KEPT}")
    for name, value in before.items():
        _set(bare, name, value)


def _set(cursor: "Cursor", name: str, value: Any) -> None:
    cursor.execute(f"SET GLOBAL {name} = %s", (value,))


def _network(us: str) -> str:
    """The networks that may say where people come from: ours alone, as the server sees us."""
    host = us.rpartition(":")[0] if us.count(":") != 0 else us
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return "localhost, 127.0.0.1, ::1"
