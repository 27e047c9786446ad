"""Row security that is not there yet: what it would leave whom, asked for without making it.

To make a policy takes a lock that nobody gets past. So its predicate is evaluated as the person, in a
transaction that can only read: with their rights on whatever tables it asks, and their name as current_user.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.changes import ROW_SECURITY, Bound, Change, RowsLeft
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins.changes._postgresql.catalogue import Catalogue, Relation
from trapstreet.plugins.changes._postgresql.probe import (
    NO_RIGHT,
    STATEMENT_SECONDS,
    Refusal,
    quoted,
    run,
    undone,
)

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_NAME, _OTHERWISE = "trapstreet_reads", "trapstreet_otherwise"
_BEGIN = f"""
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '1s';
    SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'; SET LOCAL search_path = pg_catalog
"""
_AT_ONCE = 10_000
_KEY = """
    SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indisprimary AND i.indnkeyatts = 1 AND i.indrelid = %s
"""
_BOUND = """
    SELECT NOT (r.rolsuper OR r.rolbypassrls
        OR (pg_has_role(r.oid, c.relowner, 'USAGE') AND NOT c.relforcerowsecurity)),
        c.relkind IN ('r', 'p')
    FROM pg_roles r, pg_class c WHERE r.rolname = %s AND c.oid = %s
"""


_HAS_RULE = """
    SELECT 1 FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE p.polname = %s AND n.nspname = %s AND c.relname = %s
"""


def change_of(catalogue: Catalogue, database: str, table: str, predicate: str) -> Change:
    """The change by which reading a table shows only the rows of a predicate; writing is not touched.

    Raises UnusableInput where the table is not there, or is several, or the predicate is no expression.
    """
    relation = _relation(catalogue, table)
    condition = _condition(predicate)
    name = f"{quoted(relation.schema)}.{quoted(relation.name)}"
    restrictive = f"CREATE POLICY {_NAME} ON {name} AS RESTRICTIVE FOR SELECT USING ({condition})"
    if relation.row_security:
        forward, back = [restrictive], [f"DROP POLICY {_NAME} ON {name}"]
    else:
        forward = [
            restrictive,
            f"CREATE POLICY {_OTHERWISE} ON {name} USING (true) WITH CHECK (true)",
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        ]
        back = [
            f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY",
            f"DROP POLICY {_OTHERWISE} ON {name}",
            f"DROP POLICY {_NAME} ON {name}",
        ]
    path = (database, relation.schema, relation.name)
    key = f"{database} row security on {name}"
    return Change(key, database, path, ROW_SECURITY, condition, "PUBLIC", tuple(forward), tuple(back))


def has_rule(connection: "Connection", change: Change) -> bool:
    """Whether a change by which only some rows are read is made."""
    return connection.execute(_HAS_RULE, (_NAME, *change.on[1:])).fetchone() is not None


class PostgresqlRows:
    """The rows of a table, as people see them now and would by a change; a context manager."""

    def __init__(self, connection: "Connection", catalogue: Catalogue, change: Change) -> None:
        self._connection, self._change = connection, change
        self._relation = _relation(catalogue, ".".join(map(quoted, change.on[1:])))
        self._name = ".".join(map(quoted, change.on[1:]))

    def __enter__(self) -> "PostgresqlRows":
        run(self._connection, _BEGIN)
        return self

    def __exit__(self, *_: object) -> None:
        run(self._connection, "ROLLBACK")

    def key(self) -> str:
        """The column that is the primary key alone; "" where there is none."""
        found = self._connection.execute(_KEY, (self._relation.oid,)).fetchone()
        return str(found[0]) if found else ""

    def values(self, column: str) -> "Iterator[list[Any]]":
        """All values of a column, each once, many at a time. Raises UnusableInput if it may not be read."""
        import psycopg

        select = f"SELECT DISTINCT {quoted(column)} FROM {self._name}"  # noqa: S608 - a name in quotes
        try:
            with self._connection.cursor(name="trapstreet") as cursor:
                cursor.itersize = _AT_ONCE
                cursor.execute(select.encode())
                while rows := cursor.fetchmany(_AT_ONCE):
                    yield [row[0] for row in rows]
        except psycopg.errors.InsufficientPrivilege:
            raise UnusableInput(
                f"{printable('.'.join(self._change.on))} may not be read by this login",
                hint="log in as one that may read it whole",
            ) from None
        except psycopg.errors.UndefinedColumn:
            return

    def bound(self, who: str) -> Bound:
        """Whether row security holds for somebody."""
        found = self._connection.execute(_BOUND, (who, self._relation.oid)).fetchone()
        if found is None:
            return Bound.GONE
        return Bound.BOUND if found[0] else Bound.FREE

    def left(self, who: str, column: str, values: Sequence[Any]) -> RowsLeft:
        """Of which values of a column somebody sees all rows now, and would not."""
        try:
            run(self._connection, f"SET LOCAL ROLE {quoted(who)}")
        except Refusal:
            self._begin_anew()
            return RowsLeft(unproven="this login may not act as that role: log in as one that may")
        found = self._left(column, values)
        self._begin_anew()  # as oneself again, and whatever was refused
        return found

    def _left(self, column: str, values: Sequence[Any]) -> RowsLeft:
        try:
            now = self._count(column, values, "true")
        except Refusal as error:
            return RowsLeft(unproven=f"it does not read the table itself: {error.message}")
        try:
            then = self._count(column, values, f"({self._change.right})")
        except Refusal as error:
            if error.state == NO_RIGHT:
                return RowsLeft(fails=error.message)
            return RowsLeft(unproven=error.message)
        return RowsLeft(hidden=sum(then.get(value, 0) < rows for value, rows in now.items()))

    def _begin_anew(self) -> None:
        run(self._connection, f"ROLLBACK; {_BEGIN}")

    def _count(self, column: str, values: Sequence[Any], condition: str) -> dict[Any, int]:
        """How many rows there are of each value. The condition was parsed, and is one expression."""
        import psycopg
        from psycopg import sql

        name = sql.SQL(self._name)
        select = sql.SQL(
            "SELECT {column}, count(*) FROM {table} WHERE {column} = ANY({values}) AND {condition} GROUP BY 1"
        ).format(
            column=sql.Identifier(self._relation.name, column),
            table=name,
            values=sql.Literal([*values]),
            condition=sql.SQL(condition),
        )
        try:
            return dict(self._connection.execute(select).fetchall())
        except psycopg.Error as error:
            raise Refusal(error.sqlstate or "", error.diag.message_primary or "") from None


def _relation(catalogue: Catalogue, table: str) -> Relation:
    parts = parts_of(table)
    found = [
        catalogue.relations[oid]
        for oid in catalogue.oids(parts[-2] if len(parts) > 1 else "", parts[-1] if parts else "")
    ]
    if len(found) != 1:
        what = "there is no table" if not found else "there are several tables"
        raise UnusableInput(f"{what} {printable(table)}", hint="name it like schema.table")
    return found[0]


def parts_of(table: str) -> list[str]:
    """The parts of a name, of which some may be in quotes; [] where it is none."""
    from pglast import ast, parse_sql
    from pglast.parser import ParseError

    try:
        select: Any = parse_sql(f"TABLE {table}")[0].stmt
        (relation,) = select.fromClause
    except (ParseError, ValueError, TypeError, AttributeError):
        return []
    if not isinstance(relation, ast.RangeVar):
        return []
    return [each for each in (relation.catalogname, relation.schemaname, relation.relname) if each]


def _condition(predicate: str) -> str:
    """A predicate as one expression, written anew. Raises UnusableInput."""
    from pglast import ast, parse_sql
    from pglast.parser import ParseError
    from pglast.stream import RawStream

    try:
        parsed = parse_sql(f"SELECT 1 WHERE ({predicate}\n)")
        select = parsed[0].stmt
        if len(parsed) == 1 and isinstance(select, ast.SelectStmt) and select.whereClause is not None:
            condition = str(RawStream()(select.whereClause))
            if str(RawStream()(select)) == f"SELECT 1 WHERE {condition}":
                return condition
    except ParseError:
        pass
    raise UnusableInput(f"{printable(predicate)} is no condition", hint="write what WHERE would take")


def refuse_if_it_fails(connection: "Connection", change: Change) -> None:
    """Raises UnusableInput where the server does not take the predicate of a change."""
    table = ".".join(map(quoted, change.on[1:]))
    try:
        with undone(connection):
            run(connection, f"EXPLAIN SELECT 1 FROM {table} WHERE ({change.right})")  # noqa: S608
    except Refusal as error:
        raise UnusableInput(
            f"the server does not take that condition: {printable(error.message)}",
            hint="tables and functions in it need their schema before their names",
        ) from None
