"""Planting in SQLite files."""

import math
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.plugins.tables import Table
from trapstreet.plugins.tables._files import reading
from trapstreet.plugins.tables._ground_faults import Fault, Why
from trapstreet.plugins.tables._ground_tables import AT_THE_END, Column, Described, ForeignKey, Name
from trapstreet.plugins.tables._sql import Selection, quoted
from trapstreet.plugins.tables.sqlite import (
    SQLite,
    changing,
    connected,
    path_of,
    refuse_others,
    tables_of,
    text_of,
)

_NAME, _TEXT = '"', "'"
_FETCH = 8192
_DATATYPE = 19 | 12 << 8  # Python 3.11 has no name for it
_SPREAD = ("CASCADE", "SET NULL", "SET DEFAULT")
_ON_INSERT = re.compile(r"\bINSERT\s+ON\b", re.IGNORECASE)
_WHY = {
    "SQLITE_CONSTRAINT_UNIQUE": Why.TAKEN,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Why.TAKEN,
    "SQLITE_CONSTRAINT_ROWID": Why.TAKEN,
    "SQLITE_CONSTRAINT_CHECK": Why.CHECK,
    "SQLITE_CONSTRAINT_NOTNULL": Why.MISSING,
    "SQLITE_CONSTRAINT_FOREIGNKEY": Why.REFERENCE,
    "SQLITE_CONSTRAINT_TRIGGER": Why.RAISED,
    "SQLITE_CONSTRAINT_DATATYPE": Why.NO_FIT,
    "SQLITE_MISMATCH": Why.NO_FIT,
    "SQLITE_TOOBIG": Why.NO_FIT,
    "SQLITE_SCHEMA": Why.CHANGED,
    "SQLITE_PERM": Why.READ_ONLY,
    "SQLITE_AUTH": Why.READ_ONLY,
    "SQLITE_READONLY": Why.READ_ONLY,
    "SQLITE_CANTOPEN": Why.READ_ONLY,
    "SQLITE_BUSY": Why.BUSY,
    "SQLITE_LOCKED": Why.BUSY,
    "SQLITE_FULL": Why.FULL,
    "SQLITE_IOERR_WRITE": Why.FULL,
    "SQLITE_IOERR": Why.AWAY,
}
_NAMED = frozenset(f"SQLITE_CONSTRAINT_{what}" for what in ("UNIQUE", "PRIMARYKEY", "NOTNULL", "CHECK"))
_TABLE = "SELECT name, type, sql FROM sqlite_schema WHERE lower(name) = lower(?)"
_COLUMNS = """
    SELECT name, type, hidden > 1, "notnull" = 1 OR pk = 1 AND upper(type) = 'INTEGER', pk
    FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid
"""
_ORDERED = "SELECT 1 FROM pragma_table_list(?) WHERE wr"
_UNIQUE = """
    SELECT group_concat(name, char(10)) FROM (
        SELECT l.name AS of, i.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i
        WHERE l."unique" AND NOT l.partial AND l.origin <> 'pk' ORDER BY l.seq, i.seqno
    ) GROUP BY of HAVING count(name) = count(*) ORDER BY of
"""
_REFERENCES = """
    SELECT t.name, f.id, f."from", f."to", f.on_delete
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
    WHERE t.type = 'table' AND lower(f."table") = lower(?) ORDER BY t.name, f.id, f.seq
"""


class SQLiteEngine:
    """Statements and errors of SQLite for a `SqlGround`."""

    at_once = 500
    client = "sqlite3 DATABASE < FILE"
    begin: tuple[str, ...] = (".bail on", "PRAGMA foreign_keys = ON;", "BEGIN IMMEDIATE;")
    remarks: tuple[str, ...] = (
        "SQLite has no rights of its own: who may write to file and folder may plant",
    )

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._path = path_of(selection.location)
        with reading(str(self._path)):
            refuse_others(self._path)

    @contextmanager
    def session(self, *, changes: bool) -> "Iterator[_Session]":
        with closing(changing(self._path, spills=False) if changes else connected(self._path)) as connection:
            connection.text_factory = text_of
            yield _Session(connection, self._selection)

    def table(self, name: Name) -> Table:
        location = self._selection.location
        return SQLite().open(replace(location, options={**location.options, "table": name.table}))

    def fault(self, error: Exception) -> Fault | None:
        if isinstance(error, OverflowError):
            return Fault(Why.NO_FIT, "an integer of more than 64 bits")
        if not isinstance(error, sqlite3.Error):
            return None
        code = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
        if getattr(error, "sqlite_errorcode", 0) == _DATATYPE:
            code = "SQLITE_CONSTRAINT_DATATYPE"
        why = next((why for start, why in _WHY.items() if code.startswith(start)), Why.OTHER)
        name = str(error).partition(": ")[2] if code in _NAMED else ""
        return Fault(why, code, name)

    def quoted(self, name: str) -> str:
        return quoted(name, _NAME)

    def named(self, name: Name) -> str:
        return quoted(name.table, _NAME)

    def fits(self, text: str) -> str:
        return text

    def among(
        self, table: Described, positions: Sequence[int], keys: Sequence[Row]
    ) -> tuple[str, Sequence[object]]:
        names = ", ".join(quoted(table.columns[at].name, _NAME) for at in positions)
        row = f"({', '.join('?' * len(positions))})"
        values = [_written(cell) for key in keys for cell in key]
        return f"({names}) IN (VALUES {', '.join([row] * len(keys))})", values

    def literal(self, column: Column, cell: Cell) -> str:
        match _written(cell):
            case None:
                return "NULL"
            case bytes() as raw:
                return f"x'{raw.hex()}'"
            case str() as text if "\0" in text:
                return f"CAST(x'{text.encode().hex()}' AS TEXT)"
            case str() as text:
                return quoted(text, _TEXT)
            case float() as number if not math.isfinite(number):
                return f"{'-' if number < 0 else ''}9e999"
            case number:
                return repr(number)

    def insert(self, table: Described, columns: str) -> str:
        return _insert(table, columns)

    def afterwards(self, table: Described, rows: Sequence[Row]) -> list[str]:
        return []

    def grants(self, tables: Sequence[Described], read: Sequence[Described], role: str) -> list[str]:
        return []


class _Session:
    """A transaction in a SQLite file."""

    def __init__(self, connection: sqlite3.Connection, selection: Selection) -> None:
        self._connection = connection
        self._selection = selection

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def root(self) -> Described:
        names = tables_of(self._connection)
        if not self._selection.table:
            raise self._selection.nothing_selected(names)
        found = self._all(_TABLE, self._selection.table)
        if not found:
            raise self._selection.no_such_table(names)
        ((name, kind, statement),) = found
        if kind != "table" or re.match(r"\s*CREATE\s+VIRTUAL", statement, re.IGNORECASE):
            raise UnusableInput(
                f"{self._selection.label}: this is a view or another thing that no rows are planted in",
                hint="name the table that the rows come from",
            )
        return self.describe(Name("", name))

    def describe(self, name: Name) -> Described:
        found = self._all(_COLUMNS, name.table)
        columns = tuple(
            Column(column, kind, generated=bool(computed), required=bool(required))
            for column, kind, computed, required, _ in found
        )
        made = Described(name, columns)
        primary = tuple(at for place, at in sorted((row[4], at) for at, row in enumerate(found)) if place)
        unique = [made.positions(names.split("\n")) for (names,) in self._all(_UNIQUE, name.table)]
        by_key = len(primary) == 1 and columns[primary[0]].type.upper() == "INTEGER"
        by_key = by_key or bool(self._all(_ORDERED, name.table))
        triggers = self._all(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", name.table
        )
        return replace(
            made,
            unique=(primary, *unique) if primary else tuple(unique),
            primary=bool(primary),
            triggers=tuple(trigger for trigger, statement in triggers if _ON_INSERT.search(statement)),
            remarks=() if by_key else (AT_THE_END,),
        )

    def references(self, parent: Name) -> list[ForeignKey]:
        there = self.describe(parent)
        keys: dict[tuple[str, int], list[Any]] = {}
        for child, number, *rest in self._all(_REFERENCES, parent.table):
            keys.setdefault((child, number), []).append(rest)
        made = []
        for (child, _), found in keys.items():
            refers = self._spelled(Name("", child), [column for column, _, _ in found])
            referred = [column for _, column, _ in found if column is not None]
            made.append(
                ForeignKey(
                    f"({', '.join(refers)})",
                    Name("", child),
                    refers,
                    parent,
                    self._spelled(parent, referred or [there.columns[at].name for at in there.key]),
                    found[0][2] in _SPREAD,
                )
            )
        return made

    def select(self, statement: str, values: Sequence[object]) -> Iterator[Sequence[Sequence[Any]]]:
        cursor = self._connection.execute(statement, values)
        while fetched := cursor.fetchmany(_FETCH):
            yield fetched

    def insert(self, table: Described, rows: Sequence[Row]) -> None:
        given = [at for at, column in enumerate(table.columns) if not column.generated]
        into = _insert(table, ", ".join(quoted(table.columns[at].name, _NAME) for at in given))
        values = ([_written(row[at]) for at in given] for row in rows)
        self._connection.executemany(f"{into} VALUES ({', '.join('?' * len(given))})", values)

    def delete(self, statement: str, values: Sequence[object]) -> int:
        return self._connection.execute(statement, values).rowcount

    def _all(self, statement: str, *values: object) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def _spelled(self, name: Name, columns: Sequence[str]) -> tuple[str, ...]:
        """The columns as the table spells them: a foreign key may do so in other letters."""
        known = {column.casefold(): column for column, *_ in self._all(_COLUMNS, name.table)}
        return tuple(known[column.casefold()] for column in columns)


def _insert(table: Described, columns: str) -> str:
    return f"INSERT INTO {quoted(table.name.table, _NAME)} ({columns})"


def _written(cell: Cell) -> str | int | float | bytes | None:
    """The cell as SQLite holds it."""
    match cell:
        case bool():
            return int(cell)
        case None | str() | int() | float() | bytes():
            return cell
    return cell_text(cell)
