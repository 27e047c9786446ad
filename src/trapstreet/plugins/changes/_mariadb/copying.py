"""What of a MariaDB server its clone gets: grants as the server has them, and what is in databases, empty.

Nothing of it is secret: ways of logging in are not read, nor how tables reach other servers, which some
engines keep beside a password. The bodies of routines are not copied: nothing of anybody's runs on the clone.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from trapstreet.plugins.changes._mariadb.standing import Table, quoted

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_ACCOUNTS = "global_priv"
GRANT_TABLES = (
    _ACCOUNTS, "db", "tables_priv", "columns_priv", "procs_priv", "roles_mapping", "proxies_priv",
)  # fmt: skip
_OF_ACCOUNTS = """
    SELECT Host, User, JSON_VALUE(Priv, '$.access'), JSON_VALUE(Priv, '$.version_id'),
        JSON_VALUE(Priv, '$.is_role'), JSON_VALUE(Priv, '$.default_role')
    FROM mysql.global_priv
"""
_PLAIN = ("InnoDB", "MyISAM", "Aria", "MEMORY", "ARCHIVE", "BLACKHOLE", "CSV")
"""Engines whose tables say nothing of other servers. Tables of others are copied by their columns alone."""
_DATABASES = """
    SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1
"""
_RELATIONS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES
    WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1, 2
"""
_COLUMNS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME
    FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
"""
_ROUTINE = (
    "db", "name", "type", "specific_name", "language", "sql_data_access", "is_deterministic",
    "security_type", "param_list", "returns", "definer", "sql_mode", "comment", "character_set_client",
    "collation_connection", "db_collation", "aggregate",
)  # fmt: skip
_BODIES = {"FUNCTION": "RETURN NULL", "PROCEDURE": "BEGIN END"}
_AT_ONCE = 500


class Master(NamedTuple):
    """An account of ours on a clone, that may do everything there.

    rights  what mysql.global_priv has of that
    """

    user: str
    host: str
    password: str
    rights: dict[str, Any]


def rights_of(cursor: "Cursor") -> dict[str, Any]:
    """What mysql.global_priv has of the rights of who asks."""
    cursor.execute(f"{_OF_ACCOUNTS} WHERE CONCAT(User, '@', Host) = CURRENT_USER()")
    return next((told for _, _, told in _accounts(cursor)), {})


def _accounts(cursor: "Cursor") -> Iterator[tuple[str, str, dict[str, Any]]]:
    for host, user, access, version, is_role, default in cursor.fetchall():
        told: dict[str, Any] = {"access": int(access or 0)}
        if version is not None:
            told["version_id"] = int(version)
        if is_role in ("1", "true"):
            told["is_role"] = True
        if default:
            told["default_role"] = default
        yield text_of(host), text_of(user), told


@dataclass(frozen=True, slots=True)
class Grants:
    """The grant tables of a server, row by row.

    accounts  (host, user, what of it is no secret);  rows  by table: names of columns, and rows
    """

    accounts: tuple[tuple[str, str, dict[str, Any]], ...]
    rows: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]

    @classmethod
    def of(cls, asked: "Cursor") -> "Grants":
        """Those of a server, which is only read."""
        asked.execute(_OF_ACCOUNTS)
        accounts, rows = tuple(_accounts(asked)), {}
        for table in GRANT_TABLES[1:]:
            asked.execute(f"SELECT * FROM mysql.{table}")  # noqa: S608 - our own names
            columns = tuple(each[0] for each in asked.description or ())
            rows[table] = columns, [*asked.fetchall()]
        return cls(accounts, rows)

    def put(self, cursor: "Cursor", ours: Master, *, all_may: bool = False) -> None:
        """Make them those of a clone, and ours beside them. All accounts have its password.

        all_may  everybody may do everything
        """
        enters = {"plugin": "mysql_native_password", "authentication_string": _digest(ours.password)}
        roles = [name for _, name, told in self.accounts if told.get("is_role")]
        accounts = [
            (
                at,
                name,
                json.dumps(told | (ours.rights if all_may else {}) | ({} if told.get("is_role") else enters)),
            )
            for at, name, told in self.accounts
        ]
        accounts.append((ours.host, ours.user, json.dumps(ours.rights | enters)))
        cursor.execute(f"DELETE FROM mysql.{_ACCOUNTS}")  # noqa: S608 - our own names
        _insert(cursor, _ACCOUNTS, ("Host", "User", "Priv"), accounts)
        for table, (columns, rows) in self.rows.items():
            cursor.execute(f"DELETE FROM mysql.{table}")  # noqa: S608 - our own names
            _insert(cursor, table, columns, rows)
        _insert(
            cursor, "roles_mapping", ("Host", "User", "Role", "Admin_option"),
            [(ours.host, ours.user, role, "Y") for role in roles if role != "PUBLIC"],
        )  # fmt: skip
        cursor.execute("FLUSH PRIVILEGES")


@dataclass(frozen=True, slots=True)
class Structure:
    """What is in a server's databases, but for rows.

    databases  their names, with character set and collation
    tables, views, sequences  by name: statements of which the first that the server takes makes it
    routines   rows of mysql.proc, without bodies
    """

    databases: dict[str, tuple[str, str]]
    tables: dict[Table, tuple[str, ...]]
    views: dict[Table, tuple[str, ...]]
    sequences: dict[Table, tuple[str, ...]]
    routines: list[tuple[Any, ...]]

    @classmethod
    def of(cls, asked: "Cursor") -> "Structure":
        """That of a server, which is only read."""
        asked.execute(_DATABASES)
        databases = {name: (charset, collation) for name, charset, collation in asked.fetchall()}
        tables: dict[Table, tuple[str, ...]] = {}
        views: dict[Table, tuple[str, ...]] = {}
        sequences: dict[Table, tuple[str, ...]] = {}
        by_columns = _by_columns(asked)
        asked.execute(_RELATIONS)
        for schema, name, kind, engine in [*asked.fetchall()]:
            if kind == "VIEW":
                views[schema, name] = tuple(_shown(asked, "VIEW", schema, name))
            elif kind == "SEQUENCE":
                sequences[schema, name] = tuple(_shown(asked, "SEQUENCE", schema, name))
            else:
                whole = _shown(asked, "TABLE", schema, name) if engine in _PLAIN else ()
                tables[schema, name] = (*whole, *by_columns.get((schema, name), ()))
        asked.execute(f"SELECT {', '.join(_ROUTINE)} FROM mysql.proc WHERE db NOT IN ('mysql', 'sys')")  # noqa: S608
        return cls(databases, tables, views, sequences, [*asked.fetchall()])

    def put(self, cursor: "Cursor") -> dict[Table, str]:
        """Make it on a clone; what could not be made, and why."""
        cursor.execute(
            "SET SESSION foreign_key_checks = 0, innodb_strict_mode = 0,"
            " sql_mode = 'NO_DIR_IN_CREATE,IGNORE_BAD_TABLE_OPTIONS,ALLOW_INVALID_DATES,NO_AUTO_CREATE_USER'"
        )
        for name, (charset, collation) in self.databases.items():
            cursor.execute(
                f"CREATE DATABASE IF NOT EXISTS {quoted(name)} CHARACTER SET {charset} COLLATE {collation}"
            )
        columns = (*_ROUTINE, "body", "body_utf8")
        at = _ROUTINE.index("type")
        stubs = [(*row, *[_BODIES.get(text_of(row[at]), "END")] * 2) for row in self.routines]
        _insert(cursor, "proc", columns, stubs)
        left = self._made(cursor, self.sequences) | self._made(cursor, self.tables)
        views, before = self.views, -1
        while views and len(views) != before:  # one may show another
            failed, before = self._made(cursor, views), len(views)
            views = {each: self.views[each] for each in failed}
        left |= self._made(cursor, views)
        cursor.execute("SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'")
        return left

    def _made(self, cursor: "Cursor", things: dict[Table, tuple[str, ...]]) -> dict[Table, str]:
        """Make some; why not, of those that cannot be."""
        import pymysql

        left = {}
        for (schema, name), ways in things.items():
            cursor.execute(f"USE {quoted(schema)}")
            why = "it may not be seen"
            for statement in ways:
                try:
                    cursor.execute(statement)
                except pymysql.MySQLError as error:
                    why = str(error.args[-1])
                else:
                    why = ""
                    break
            if why:
                left[schema, name] = why
        return left


def _shown(asked: "Cursor", what: str, schema: str, name: str) -> Iterator[str]:
    """How the server says that something is made; nothing where it does not."""
    import pymysql

    try:
        asked.execute(f"SHOW CREATE {what} {quoted(schema)}.{quoted(name)}")
    except pymysql.MySQLError:
        return
    row = asked.fetchone()
    if row and row[1]:
        yield str(row[1])


def _by_columns(asked: "Cursor") -> dict[Table, tuple[str]]:
    """How to make tables that have the same columns as a server's, and nothing else of them."""
    asked.execute(_COLUMNS)
    columns: dict[Table, list[str]] = {}
    for schema, name, column, kind, charset in asked.fetchall():
        text = f"{quoted(column)} {kind}{f' CHARACTER SET {charset}' if charset else ''}"
        columns.setdefault((schema, name), []).append(text)
    return {
        table: (f"CREATE TABLE {quoted(table[1])} ({', '.join(texts)})",) for table, texts in columns.items()
    }


def _insert(cursor: "Cursor", table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    places = f"({', '.join(['%s'] * len(columns))})"
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        names = ", ".join(map(quoted, columns))
        cursor.execute(
            f"REPLACE INTO mysql.{table} ({names}) VALUES {', '.join([places] * len(some))}",  # noqa: S608
            [value for row in some for value in row],
        )


def _digest(password: str) -> str:
    """What mysql_native_password keeps of a password."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 - what the server asks for
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def text_of(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
