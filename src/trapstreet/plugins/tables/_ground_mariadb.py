"""Planting in MariaDB and MySQL."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.plugins._mariadb import opened
from trapstreet.plugins.tables import Table
from trapstreet.plugins.tables._ground_faults import Fault, Why
from trapstreet.plugins.tables._ground_tables import AT_THE_END, Column, Described, ForeignKey, Name
from trapstreet.plugins.tables._sql import Selection, quoted
from trapstreet.plugins.tables.mariadb import (
    MariaDB,
    abandon,
    connection_settings,
    reporting,
    tables_of,
)

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import SSCursor

_NAME, _TEXT = "`", "'"
_FETCH = 8192
_TABLE_TYPES = ("BASE TABLE", "SYSTEM VERSIONED")
_MODE = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO"
_LOCKED_SECONDS = 5
_BEGIN = (
    "SET SESSION net_write_timeout = 3600",  # the server waits while we work on a batch
    "START TRANSACTION READ ONLY",
)
_BEGIN_CHANGES = (
    f"SET SESSION sql_mode = '{_MODE}', lock_wait_timeout = {_LOCKED_SECONDS}",
    f"SET SESSION innodb_lock_wait_timeout = {_LOCKED_SECONDS}",
    "START TRANSACTION",
)
_TABLE = """
    SELECT t.table_schema, t.table_name, t.table_type, e.transactions
    FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
    WHERE t.table_schema = COALESCE(%s, DATABASE()) AND t.table_name = %s
"""
_COLUMNS = """
    SELECT column_name, data_type, extra, is_nullable = 'NO', character_maximum_length
    FROM information_schema.columns
    WHERE table_schema = %s AND table_name = %s AND extra NOT LIKE '%%INVISIBLE%%' ORDER BY ordinal_position
"""
_UNIQUE = """
    SELECT index_name, GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR '\n')
    FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s AND non_unique = 0
    GROUP BY index_name HAVING SUM(sub_part IS NOT NULL OR column_name IS NULL) = 0
    ORDER BY index_name <> 'PRIMARY', index_name
"""
_TRIGGERS = """
    SELECT trigger_name FROM information_schema.triggers
    WHERE event_object_schema = %s AND event_object_table = %s AND event_manipulation = 'INSERT' ORDER BY 1
"""
_SEES_TRIGGERS = """
    SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'TRIGGER'
    UNION SELECT 1 FROM information_schema.schema_privileges
    WHERE privilege_type = 'TRIGGER' AND %s LIKE table_schema
    UNION SELECT 1 FROM information_schema.table_privileges
    WHERE privilege_type = 'TRIGGER' AND table_schema = %s AND table_name = %s
"""
_REFERENCES = """
    SELECT k.constraint_name, k.table_schema, k.table_name,
           GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR '\n'),
           GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR '\n'),
           COALESCE(MAX(c.delete_rule), '') NOT IN ('RESTRICT', 'NO ACTION')
    FROM information_schema.key_column_usage k
    LEFT JOIN information_schema.referential_constraints c  -- not shown to everybody who may read the table
        ON c.constraint_schema = k.table_schema AND c.table_name = k.table_name
        AND c.constraint_name = k.constraint_name
    WHERE k.referenced_table_schema = %s AND k.referenced_table_name = %s
    GROUP BY k.constraint_name, k.table_schema, k.table_name
    ORDER BY k.table_schema, k.table_name, k.constraint_name
"""
_WHY = {
    Why.TAKEN: (1062, 1586),
    Why.CHECK: (4025, 3819),
    Why.MISSING: (1048, 1364),
    Why.REFERENCE: (1216, 1217, 1451, 1452),
    Why.NO_FIT: (1264, 1265, 1292, 1366, 1406, 1411, 3988, 1067, 1690),
    Why.RAISED: (1643, 1644, 1645),
    Why.CHANGED: (1054, 1146, 1412),
    Why.DENIED: (1044, 1045, 1142, 1143, 1227, 1370),
    Why.READ_ONLY: (1290, 1792, 1836),
    Why.BUSY: (1205, 1213, 1969, 3024),
    Why.FULL: (1021, 1030, 1114, 3675),
    Why.AWAY: (0, 1053, 1077, 1079, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 2055),
}
_CODES = {code: why for why, codes in _WHY.items() for code in codes}
_NAMES = {  # the messages quote cells as well: only these parts of them are names
    1048: re.compile(r"Column '([^']+)' cannot"),
    1062: re.compile(r" for key '([^']+)'$"),
    1406: re.compile(r"^Data too long for column '([^']+)'"),
    1264: re.compile(r"^Out of range value for column '([^']+)'"),
    1451: re.compile(r", CONSTRAINT `([^`]+)` FOREIGN KEY"),
    1452: re.compile(r", CONSTRAINT `([^`]+)` FOREIGN KEY"),
    4025: re.compile(r"^CONSTRAINT [`']([^`']+)[`'] failed"),
    3819: re.compile(r"^Check constraint '([^']+)' is violated"),
}
_UNSEEN = "who plants may not see whether triggers run when rows are added"
_SPAN = re.compile(r"(-?\d+) days?, (\d+):(\d\d):(\d\d)(?:\.(\d{6}))?")


class MariaDBEngine:
    """Statements and errors of MariaDB and MySQL for a `SqlGround`."""

    at_once = 500
    client = "mariadb DATABASE < FILE"
    begin: tuple[str, ...] = (
        "SET NAMES utf8mb4;",
        f"SET SESSION sql_mode = '{_MODE}', innodb_lock_wait_timeout = {_LOCKED_SECONDS};",
        "START TRANSACTION;",
    )
    remarks: tuple[str, ...] = ()

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._settings = connection_settings(selection)

    @contextmanager
    def session(self, *, changes: bool) -> "Iterator[_Session]":
        from pymysql.cursors import SSCursor

        with reporting(self._selection):
            connection = opened(seconds=None, **self._settings, charset="utf8mb4", cursorclass=SSCursor)
        cursor = connection.cursor()
        try:
            for statement in _BEGIN_CHANGES if changes else _BEGIN:
                cursor.execute(statement)
            yield _Session(connection, cursor, self._selection)
        finally:
            abandon(cursor, connection)

    def table(self, name: Name) -> Table:
        location = self._selection.location
        return MariaDB().open(replace(location, options={**location.options, "table": str(name)}))

    def fault(self, error: Exception) -> Fault | None:
        import pymysql

        if not isinstance(error, pymysql.MySQLError):
            return None
        code = error.args[0] if error.args else 0
        if not isinstance(code, int):  # the driver's own words: it cannot write the cell
            return Fault(Why.NO_FIT, "no finite number")
        found = _NAMES[code].search(str(error.args[-1])) if code in _NAMES else None
        return Fault(_CODES.get(code, Why.OTHER), f"error {code}", found[1] if found else "")

    def quoted(self, name: str) -> str:
        return quoted(name, _NAME)

    def named(self, name: Name) -> str:
        return ".".join(map(self.quoted, name))

    def fits(self, text: str) -> str:
        return text.replace("%", "%%")

    def among(
        self, table: Described, positions: Sequence[int], keys: Sequence[Row]
    ) -> tuple[str, Sequence[object]]:
        columns = [table.columns[at] for at in positions]
        names = ", ".join(self.fits(self.quoted(column.name)) for column in columns)
        row = f"({', '.join(['%s'] * len(columns))})"
        values = [_written(*each) for key in keys for each in zip(columns, key, strict=True)]
        return f"({names}) IN ({', '.join([row] * len(keys))})", values

    def literal(self, column: Column, cell: Cell) -> str:
        from pymysql.converters import escape_item

        written = _written(column, cell)
        if isinstance(written, bytes):
            return f"x'{written.hex()}'"
        return str(escape_item(written, "utf8mb4"))

    def insert(self, table: Described, columns: str) -> str:
        return _insert(table, columns)

    def afterwards(self, table: Described, rows: Sequence[Row]) -> list[str]:
        return []

    def grants(self, tables: Sequence[Described], read: Sequence[Described], role: str) -> list[str]:
        user, at, host = role.rpartition("@")
        to = f"{quoted(user, _TEXT)}@{quoted(host, _TEXT)}" if at else quoted(role, _TEXT)
        return [
            *(f"GRANT SELECT, INSERT, DELETE ON {self.named(table.name)} TO {to}" for table in tables),
            *(f"GRANT SELECT ON {self.named(table.name)} TO {to}" for table in read),
        ]


class _Session:
    """A transaction in MariaDB or MySQL."""

    def __init__(self, connection: "Connection[Any]", cursor: "SSCursor", selection: Selection) -> None:
        self._cursor = cursor
        self._selection = selection
        self.commit = connection.commit

    def root(self) -> Described:
        if not self._selection.table:
            raise self._selection.nothing_selected(tables_of(self._cursor))
        *schema, name = self._selection.parts()
        found = self._all(_TABLE, schema[0] if schema else None, name)
        if not found:
            raise self._selection.no_such_table(tables_of(self._cursor))
        ((schema_name, table, kind, transactions),) = found
        if kind not in _TABLE_TYPES:
            raise UnusableInput(
                f"{self._selection.label}: this is a view or another thing that no rows are planted in",
                hint="name the table that the rows come from",
            )
        self._refuse_unsafe(Name(schema_name, table), transactions)
        return self._described(Name(schema_name, table))

    def describe(self, name: Name) -> Described:
        for *_, transactions in self._all(_TABLE, *name):
            self._refuse_unsafe(name, transactions)
        return self._described(name)

    def references(self, parent: Name) -> list[ForeignKey]:
        return [
            ForeignKey(name, Name(schema, table), _names(refers), parent, _names(referred), spreads == 1)
            for name, schema, table, refers, referred, spreads in self._all(_REFERENCES, *parent)
        ]

    def select(self, statement: str, values: Sequence[object]) -> Iterator[Sequence[Sequence[Any]]]:
        self._cursor.execute(statement, values)
        while fetched := self._cursor.fetchmany(_FETCH):
            yield fetched

    def insert(self, table: Described, rows: Sequence[Row]) -> None:
        given = [at for at, column in enumerate(table.columns) if not column.generated]
        into = _insert(table, ", ".join(quoted(table.columns[at].name, _NAME) for at in given))
        statement = f"{into.replace('%', '%%')} VALUES ({', '.join(['%s'] * len(given))})"
        values = [[_written(table.columns[at], row[at]) for at in given] for row in rows]
        self._cursor.executemany(statement, values)

    def delete(self, statement: str, values: Sequence[object]) -> int:
        return self._cursor.execute(statement, values)

    def _all(self, statement: str, *values: object) -> Sequence[Any]:
        self._cursor.execute(statement, values)
        return self._cursor.fetchall()

    def _refuse_unsafe(self, name: Name, transactions: str | None) -> None:
        if transactions != "YES":
            raise UnusableInput(
                f"{name}: its engine knows no transactions: half of the rows might be planted",
                hint="convert it to InnoDB, or hand out copies with trapstreet share",
            )

    def _described(self, name: Name) -> Described:
        columns = tuple(
            Column(
                column, kind, "GENERATED" in extra.replace("DEFAULT_GENERATED", ""), required == 1, longest
            )
            for column, kind, extra, required, longest in self._all(_COLUMNS, *name)
        )
        made = Described(name, columns)
        unique = self._all(_UNIQUE, *name)
        triggers = tuple(trigger for (trigger,) in self._all(_TRIGGERS, *name))
        unseen = not triggers and not self._all(_SEES_TRIGGERS, name.schema, *name)
        remarks = [_UNSEEN] if unseen else []
        made = replace(
            made,
            unique=tuple(made.positions(_names(names)) for _, names in unique),
            primary=any(index == "PRIMARY" for index, _ in unique),
            triggers=triggers,
        )
        return replace(made, remarks=tuple(remarks if made.key else [*remarks, AT_THE_END]))


def _names(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("\n"))


def _insert(table: Described, columns: str) -> str:
    return f"INSERT INTO {'.'.join(quoted(part, _NAME) for part in table.name)} ({columns})"


def _written(column: Column, cell: Cell) -> Cell:
    """The cell as the driver takes it: spans of more than a day are text that MariaDB does not read."""
    if isinstance(cell, UUID):
        return str(cell)
    if column.type == "time" and isinstance(cell, str) and (span := _SPAN.fullmatch(cell)):
        days, hours, minutes, seconds, micros = (int(part or 0) for part in span.groups())
        total = timedelta(days, seconds, micros, 0, minutes, hours)
        return f"{'-' if total < timedelta(0) else ''}{_clock(abs(total))}"
    return cell


def _clock(span: timedelta) -> str:
    minutes, seconds = divmod(span.days * 86_400 + span.seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{span.microseconds:06}"
