"""Planting in PostgreSQL."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.plugins.tables import Table
from trapstreet.plugins.tables._ground_faults import Fault, Why
from trapstreet.plugins.tables._ground_tables import AT_THE_END, Column, Described, ForeignKey, Name
from trapstreet.plugins.tables._sql import Selection, quoted
from trapstreet.plugins.tables.postgresql import (
    PostgreSQL,
    connect,
    connection_settings,
    tables_of,
    take_as_text,
)

if TYPE_CHECKING:
    import psycopg

_NAME, _TEXT = '"', "'"
_FETCH = 8192
_FAR = 1_000_000
_LOCKED_SECONDS = 5
_NO_EQUALITY = frozenset("json xml point line polygon jsonpath".split())
_TABLE_KINDS = ("r", "p")

_TABLE = """
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
"""
_COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, -1), a.attgenerated <> '', a.attnotnull,
           CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 END
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_UNIQUE = """
    SELECT i.indisprimary, array_agg(a.attname ORDER BY k.place)
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY k (number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0
    WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
    GROUP BY i.indexrelid, i.indisprimary HAVING bool_and(a.attname IS NOT NULL)
    ORDER BY i.indisprimary DESC, i.indexrelid
"""
_SEQUENCES = """
    SELECT a.attname, quote_ident(n.nspname) || '.' || quote_ident(s.relname)
    FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace JOIN pg_depend d ON s.relkind = 'S' AND (
        d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype = 'i' AND d.refobjid = %(table)s
        OR d.classid = 'pg_attrdef'::regclass AND d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass
    )
    LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
    JOIN pg_attribute a ON a.attrelid = %(table)s
        AND a.attnum = CASE WHEN d.deptype = 'i' THEN d.refobjsubid ELSE f.adnum END
    WHERE d.deptype = 'i' OR f.adrelid = %(table)s
    ORDER BY a.attnum
"""
_TRIGGERS = """
    SELECT tgname FROM pg_trigger
    WHERE tgrelid = %s AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 4 > 0 ORDER BY 1
"""
_RULES = "SELECT rulename FROM pg_rewrite WHERE ev_class = %s AND ev_enabled <> 'D' ORDER BY 1"
_REFERENCES = """
    SELECT c.conname, n.nspname, r.relname,
           (SELECT array_agg(a.attname ORDER BY k.place)
            FROM unnest(c.conkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number),
           (SELECT array_agg(a.attname ORDER BY k.place)
            FROM unnest(c.confkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number),
           c.confdeltype NOT IN ('a', 'r')
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
    WHERE c.contype = 'f' AND c.conparentid = 0 AND c.confrelid = %s ORDER BY n.nspname, r.relname, c.conname
"""
_WHY = {
    "23505": Why.TAKEN,
    "23P01": Why.EXCLUDED,
    "23514": Why.CHECK,
    "23502": Why.MISSING,
    "23503": Why.REFERENCE,
    "P0001": Why.RAISED,
    "42501": Why.DENIED,
    "25006": Why.READ_ONLY,
    "42P01": Why.CHANGED,
    "42703": Why.CHANGED,
    "40001": Why.BUSY,
    "40P01": Why.BUSY,
    "55P03": Why.BUSY,
    "57014": Why.BUSY,
    "22": Why.NO_FIT,
    "53": Why.FULL,
    "08": Why.AWAY,
    "57": Why.AWAY,
    "58": Why.AWAY,
}


class PostgreSQLEngine:
    """Statements and errors of PostgreSQL for a `SqlGround`."""

    at_once = 50_000
    client = "psql --file FILE DATABASE"
    begin: tuple[str, ...] = (
        "\\set ON_ERROR_STOP on",
        "SET client_encoding = 'UTF8';",
        "SET standard_conforming_strings = on;",
        "BEGIN;",
        f"SET LOCAL lock_timeout = '{_LOCKED_SECONDS}s';",
    )
    remarks: tuple[str, ...] = ()

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._settings = connection_settings(selection) | {"client_encoding": "UTF8"}
        self._database = ""

    @contextmanager
    def session(self, *, changes: bool) -> "Iterator[_Session]":
        with connect(self._selection, self._settings) as connection:
            connection.read_only = not changes
            take_as_text(connection)
            connection.execute(f"SET LOCAL lock_timeout = '{_LOCKED_SECONDS}s'".encode())
            self._database = self._database or connection.info.dbname
            yield _Session(connection, self._selection)
            connection.rollback()

    def table(self, name: Name) -> Table:
        location = self._selection.location
        return PostgreSQL().open(replace(location, options={**location.options, "table": str(name)}))

    def fault(self, error: Exception) -> Fault | None:
        import psycopg

        if isinstance(error, UnicodeDecodeError):
            return Fault(Why.NO_FIT, "text in another encoding than the database says")
        if not isinstance(error, psycopg.Error):
            return None
        code = error.sqlstate or "08"
        why = _WHY.get(code) or _WHY.get(code[:2]) or Why.OTHER
        said = error.diag
        at = f"{said.schema_name}.{said.table_name}" if said.table_name else ""
        name = said.constraint_name or said.column_name or ("in a trigger" if said.context else "")
        return Fault(why, f"SQLSTATE {code}", name, at)

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
        arrays = ", ".join(f"%s::{self.fits(column.type)}[]" for column in columns)
        values = [
            [_written(column, cell) for cell in cells]
            for column, cells in zip(columns, zip(*keys, strict=True), strict=True)
        ]
        if len(columns) == 1:
            return f"{names} = ANY({arrays})", values
        return f"({names}) IN (SELECT * FROM unnest({arrays}))", values  # noqa: S608 - quoted

    def literal(self, column: Column, cell: Cell) -> str:
        text = _written(column, cell)
        return "NULL" if text is None else quoted(text, _TEXT)

    def insert(self, table: Described, columns: str) -> str:
        return _insert(table, columns)

    def afterwards(self, table: Described, rows: Sequence[Row]) -> list[str]:
        setting = "SELECT setval({name}, {last}) WHERE {last} > (SELECT last_value FROM {sequence});"
        return [
            setting.format(name=quoted(sequence, _TEXT), last=last, sequence=sequence)
            for at, sequence in table.sequences
            if (last := _last(rows, at)) is not None
        ]

    def grants(self, tables: Sequence[Described], read: Sequence[Described], role: str) -> list[str]:
        to = self.quoted(role)
        schemas = dict.fromkeys(table.name.schema for table in [*tables, *read])
        sequences = [sequence for table in tables for _, sequence in table.sequences]
        return [
            f"GRANT CONNECT ON DATABASE {self.quoted(self._database)} TO {to}",
            *(f"GRANT USAGE ON SCHEMA {self.quoted(schema)} TO {to}" for schema in schemas),
            *(f"GRANT SELECT, INSERT, DELETE ON TABLE {self.named(table.name)} TO {to}" for table in tables),
            *(f"GRANT SELECT ON TABLE {self.named(table.name)} TO {to}" for table in read),
            *(f"GRANT USAGE ON SEQUENCE {sequence} TO {to}" for sequence in sequences),
        ]


class _Session:
    """A transaction in PostgreSQL."""

    def __init__(self, connection: "psycopg.Connection[Any]", selection: Selection) -> None:
        self._connection = connection
        self._selection = selection
        self.commit = connection.commit

    def root(self) -> Described:
        if not self._selection.table:
            raise self._selection.nothing_selected(tables_of(self._connection))
        found = self._table("c.oid = to_regclass(%s)", [self._selection.name('"')])
        if found is None:
            raise self._selection.no_such_table(tables_of(self._connection))
        if found[3] not in _TABLE_KINDS:
            raise UnusableInput(
                f"{self._selection.label}: this is a view or another thing that no rows are planted in",
                hint="name the table that the rows come from",
            )
        return self._described(found)

    def describe(self, name: Name) -> Described:
        found = self._table("n.nspname = %s AND c.relname = %s", name)
        if found is None:
            raise UnusableInput(f"{name}: there is no such table any more", hint="run it again")
        return self._described(found)

    def references(self, parent: Name) -> list[ForeignKey]:
        (oid, *_) = self._table("n.nspname = %s AND c.relname = %s", parent) or (None,)
        return [
            ForeignKey(name, Name(schema, table), tuple(refers), parent, tuple(referred), spreads)
            for name, schema, table, refers, referred, spreads in self._all(_REFERENCES, [oid])
        ]

    def select(self, statement: str, values: Sequence[object]) -> Iterator[Sequence[Sequence[Any]]]:
        with self._connection.cursor("trapstreet") as cursor:
            cursor.execute(statement.encode(), values)
            while fetched := cursor.fetchmany(_FETCH):
                yield fetched

    def insert(self, table: Described, rows: Sequence[Row]) -> None:
        beyond = [each for each in table.sequences if self._is_beyond(table, each[0], rows)]
        given = [at for at, column in enumerate(table.columns) if not column.generated]
        into = _insert(table, ", ".join(quoted(table.columns[at].name, _NAME) for at in given))
        statement = f"{into.replace('%', '%%')} VALUES ({', '.join(['%s'] * len(given))})"
        with self._connection.cursor() as cursor:
            values = ([_written(table.columns[at], row[at]) for at in given] for row in rows)
            cursor.executemany(statement.encode(), values)
        for at, sequence in beyond:
            self._advance(table, sequence, _last(rows, at) or 0)

    def delete(self, statement: str, values: Sequence[object]) -> int:
        return self._connection.execute(statement.encode(), values).rowcount

    def _all(self, statement: str, values: Sequence[object] | Mapping[str, object]) -> list[Any]:
        return self._connection.execute(statement.encode(), values).fetchall()

    def _table(self, condition: str, values: Sequence[object]) -> Any:
        return self._connection.execute(f"{_TABLE} WHERE {condition}".encode(), values).fetchone()

    def _described(self, found: Any) -> Described:
        oid, schema, table, _, secured = found
        columns = tuple(
            Column(name, kind, computed, required, longest, kind not in _NO_EQUALITY)
            for name, kind, computed, required, longest in self._all(_COLUMNS, [oid])
        )
        made = Described(Name(schema, table), columns)
        unique = self._all(_UNIQUE, [oid])
        sequences = dict(self._all(_SEQUENCES, {"table": oid}))
        rules = [name for (name,) in self._all(_RULES, [oid])]
        remarks = [AT_THE_END]
        remarks += ["row-level security may hide rows from who plants"] if secured else []
        remarks += [f"rules rewrite what is done to it: {', '.join(rules)}"] if rules else []
        return replace(
            made,
            unique=tuple(made.positions(names) for _, names in unique),
            primary=any(primary for primary, _ in unique),
            sequences=tuple(zip(made.positions(list(sequences)), sequences.values(), strict=True)),
            triggers=tuple(name for (name,) in self._all(_TRIGGERS, [oid])),
            remarks=tuple(remarks),
        )

    def _is_beyond(self, table: Described, at: int, rows: Sequence[Row]) -> bool:
        """Whether a new number lies beyond all that there are, where the sequence has yet to come."""
        last = _last(rows, at)
        if last is None:
            return False
        column, source = quoted(table.columns[at].name, _NAME), ".".join(quoted(n, _NAME) for n in table.name)
        statement = f"SELECT coalesce(max({column}), 0) FROM {source}"  # noqa: S608 - quoted
        return bool(self._all(statement, ())[0][0] < last)

    def _advance(self, table: Described, sequence: str, last: int) -> None:
        """Take the numbers up to this one from the sequence, so that nobody else gets them.

        Unlike setval this needs no right to set it back, and goes well beside others who take numbers.
        """
        take = f"SELECT max(nextval({quoted(sequence, _TEXT)})) FROM generate_series(1, %s)"  # noqa: S608 - quoted
        reached = self._all(take, [1])[0][0]
        if last - reached > _FAR:
            raise UnusableInput(
                f"{table.name}: a number lies far beyond the sequence {sequence}; nothing was planted",
                hint="register the table again, or set the sequence behind its last number",
            )
        while reached < last:
            before, reached = reached, self._all(take, [last - reached])[0][0]
            if reached <= before:
                return  # it counts downwards or in a circle


def _insert(table: Described, columns: str) -> str:
    name = ".".join(quoted(part, _NAME) for part in table.name)
    return f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE"


def _last(rows: Sequence[Row], at: int) -> int | None:
    return max((cell for row in rows if isinstance(cell := row[at], int)), default=None)


def _written(column: Column, cell: Cell) -> str | None:
    """The cell as text that the column's type reads; one form for statements, arrays of keys and scripts."""
    match cell:
        case None:
            return None
        case bool():
            return "true" if cell else "false"
        case bytes():
            return f"\\x{cell.hex()}"
        case str() if column.type.endswith("[]"):
            return _array(json.loads(cell, parse_int=str, parse_float=str))
        case str() if column.type.endswith("range"):
            return cell.replace("None", "").replace(", ", ",")  # as the driver's ranges print
        case datetime():
            return cell.isoformat(" ")
    return str(cell)


def _array(items: object) -> str:
    match items:
        case list():
            return f"{{{','.join(map(_array, items))}}}"
        case None:
            return "NULL"
        case bool():
            return "true" if items else "false"
        case dict():
            return _array(json.dumps(items, ensure_ascii=False))
    text = str(items).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
