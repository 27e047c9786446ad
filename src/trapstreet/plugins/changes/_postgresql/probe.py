"""One past statement asked for on a PostgreSQL server as somebody: EXPLAIN, in a transaction rolled back.

EXPLAIN asks for every right that running the statement asks for at its beginning, and runs nothing: on
tables, columns, schemas, functions that it calls; not for what those functions do. It takes the locks that
the statement would take, for as long as the transaction holds.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trapstreet.plugins._postgresql import cut_when_silent
from trapstreet.plugins.changes._postgresql.catalogue import Oid
from trapstreet.plugins.changes._postgresql.statements import Asked, asked

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

LOCK_SECONDS = 1
STATEMENT_SECONDS = 20
SILENT_SECONDS = 600.0
"""After which a server is taken for hanging, however many statements it was given at once."""
NO_RIGHT = "42501"
NO_MEMORY = "53200"
_HELD = ("55P03", "57014", "40P01", "40001")
"""Somebody else held what was needed for too long."""
_MEANWHILE = "tuple concurrently "
"""What the server says, by no state of its own, where two change the rights on one thing."""
BROKEN = ("08", "57P")
"""The connection is gone, or the server is going."""
_BUSY = (*_HELD, NO_MEMORY, "57P01")
"""The server was asked at a bad time: this says nothing of rights."""
_UNTYPED, _TYPED_TWICE, _UNGROUPED = "42P18", ("42P08", "42804", "42883"), "42803"
_MOST_TYPED = 20

BEGIN = f"""
    BEGIN; SET LOCAL lock_timeout = '{LOCK_SECONDS}s'; SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s';
    SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL search_path = pg_catalog;
    SET LOCAL enable_partition_pruning = off
"""
"""Pruning would leave all parts out where a NULL is compared with their bounds, and what a plan tells of row
security and of functions with them."""
_READY = "SET LOCAL transaction_read_only = on; SAVEPOINT asked"
_AGAIN = "ROLLBACK TO SAVEPOINT asked; DEALLOCATE ALL"


@dataclass(frozen=True, slots=True)
class Person:
    """As whom something is asked for.

    login   who came;  acts_as  whose rights are used;  path  where names without a schema are looked for
    """

    login: str
    acts_as: str
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said.

    state      "" if it may be done; else the SQLSTATE, and `message` what it says of it
    relations  the tables that would be read or written;  plan  how, to the last detail
    """

    state: str = ""
    message: str = ""
    relations: frozenset[tuple[str, str]] = frozenset()
    plan: str = ""

    @property
    def busy(self) -> bool:
        """Nothing was found out, for another reason than rights."""
        return self.state in _BUSY

    @property
    def not_ours(self) -> bool:
        """The one who asks may not act as that person."""
        return self.state == "role"


class Refusal(Exception):
    """A statement that failed on the server."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.message = message

    @property
    def held(self) -> bool:
        """Somebody else was at what was needed: this says nothing of it, and may pass the next time."""
        return self.state in _HELD or self.message.startswith(_MEANWHILE)


@contextmanager
def undone(connection: "Connection", statements: Sequence[str] = ()) -> Iterator[None]:
    """A transaction in which statements were run; then it can only read, and at the end it is rolled back.

    Raises Refusal where one of them fails.
    """
    run(connection, BEGIN)
    try:
        run(connection, "; ".join([*statements, _READY]))
        yield
    finally:
        run(connection, "ROLLBACK; DEALLOCATE ALL")


def run(connection: "Connection", statements: str) -> Any:
    """Run our own statements, several at once; the last one's result. Raises Refusal."""
    return _sent(connection, connection.pgconn.exec_, statements.encode())


def ask(connection: "Connection", text: str, person: Person, *, split: bool = False) -> Answer:
    """Whether somebody may run a statement that can be explained, inside `undone`."""
    found = asked(text, split=split)
    if found is None:
        return Answer("syntax", "it cannot be read")
    types: dict[int, str] = {}
    while True:
        answer = _explain(connection, found, person, types)
        if (
            answer.state == _UNTYPED
            and len(types) < _MOST_TYPED
            and (number := _untyped(answer)) not in types
        ):
            types[number] = "text"
        elif answer.state in _TYPED_TWICE and not split:
            apart = ask(connection, text, person, split=True)
            return answer if apart.state == _UNGROUPED else apart
        else:
            return answer


def become(connection: "Connection", person: Person) -> None:
    """Act as somebody until the next statement is asked for. Raises Refusal."""
    run(connection, _AGAIN)
    if person.login != person.acts_as and not _may_become(connection, person.login, person.acts_as):
        raise Refusal(NO_RIGHT, f"may not act as {person.acts_as}")
    path = f"SET LOCAL search_path = {person.path}; " if person.path else ""
    try:
        run(connection, f"{path}SET LOCAL ROLE {quoted(person.acts_as)}")
    except Refusal as error:
        raise Refusal("role", error.message) from None


def may_become(connection: "Connection", login: str, group: str) -> bool:
    """Whether somebody may SET ROLE to a group, inside `undone`."""
    run(connection, _AGAIN)  # what was asked before may have failed
    return _may_become(connection, login, group)


def _may_become(connection: "Connection", login: str, group: str) -> bool:
    kind = "SET" if connection.info.server_version >= 160_000 else "MEMBER"
    query = b"SELECT pg_has_role($1::name, $2::name, $3)"
    asked = [login.encode(), group.encode(), kind.encode()]
    return bool(_sent(connection, connection.pgconn.exec_params, query, asked).get_value(0, 0) == b"t")


def _explain(connection: "Connection", found: Asked, person: Person, types: dict[int, str]) -> Answer:
    declared = ", ".join(types.get(n + 1, "unknown") for n in range(found.parameters))
    values = f"({', '.join(['NULL'] * found.parameters)})" if found.parameters else ""
    try:
        become(connection, person)
        if types:
            # The statement was parsed from a tree of ours, in which no value is left: it is one statement.
            run(connection, f"PREPARE asked ({declared}) AS {found.statement}")
        else:
            _sent(connection, connection.pgconn.prepare, b"asked", found.statement.encode())
        result = run(connection, f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE asked {values}")
    except Refusal as error:
        return Answer(error.state, error.message)
    plan = (result.get_value(0, 0) or b"").decode(errors="backslashreplace")
    return Answer(relations=frozenset(_relations(json.loads(plan))), plan=plan)


def rights_on(
    connection: "Connection", persons: Sequence[str], relations: Sequence[Oid], functions: Sequence[Oid]
) -> str:
    """All rights that some roles have on some things, as one text, inside `undone`. Raises Refusal."""
    parameters = [persons, relations, functions]
    return as_they_are(connection, _RIGHTS, [*map(array_of, parameters)])


def as_they_are(connection: "Connection", query: bytes, parameters: Sequence[str]) -> str:
    """The one text that a query of ours gives, inside `undone`. Raises Refusal."""
    run(connection, _AGAIN)
    result = _sent(connection, connection.pgconn.exec_params, query, [each.encode() for each in parameters])
    return (result.get_value(0, 0) or b"").decode(errors="backslashreplace")


def without_entry(connection: "Connection", roles: Sequence[str]) -> list[str]:
    """Those of some roles that may not connect to the database."""
    query = (
        b"SELECT r FROM unnest($1::text[]) r"
        b" WHERE NOT has_database_privilege(r::name, current_database(), 'CONNECT')"
    )
    result = _sent(connection, connection.pgconn.exec_params, query, [array_of(roles).encode()])
    return [(result.get_value(n, 0) or b"").decode(errors="backslashreplace") for n in range(result.ntuples)]


_RIGHTS = b"""
    SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
        SELECT concat_ws(' ', r, c.oid, has_schema_privilege(r::name, c.relnamespace, 'USAGE'),
            has_table_privilege(r::name, c.oid, 'SELECT'), has_table_privilege(r::name, c.oid, 'INSERT'),
            has_table_privilege(r::name, c.oid, 'UPDATE'), has_table_privilege(r::name, c.oid, 'DELETE'),
            has_table_privilege(r::name, c.oid, 'TRUNCATE'),
            has_table_privilege(r::name, c.oid, 'SELECT WITH GRANT OPTION'),
            has_table_privilege(r::name, c.oid, 'INSERT WITH GRANT OPTION'),
            has_table_privilege(r::name, c.oid, 'UPDATE WITH GRANT OPTION'),
            has_table_privilege(r::name, c.oid, 'DELETE WITH GRANT OPTION'),
            ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL
                AND has_column_privilege(r::name, c.oid, a.attnum, 'SELECT')),
            ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL
                AND has_column_privilege(r::name, c.oid, a.attnum, 'INSERT')),
            ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL
                AND has_column_privilege(r::name, c.oid, a.attnum, 'UPDATE')),
            pg_has_role(r::name, c.relowner, 'USAGE'),
            ARRAY(SELECT p.oid FROM pg_policy p WHERE p.polrelid = c.oid AND EXISTS (SELECT FROM
                unnest(p.polroles) g WHERE g = 0 OR pg_has_role(r::name, g, 'USAGE')))) AS line
        FROM unnest($1::text[]) r CROSS JOIN pg_class c WHERE c.oid = ANY($2::oid[])
        UNION ALL
        SELECT concat_ws(' ', r, 'f', p.oid, has_schema_privilege(r::name, p.pronamespace, 'USAGE'),
            has_function_privilege(r::name, p.oid, 'EXECUTE'))
        FROM unnest($1::text[]) r CROSS JOIN pg_proc p WHERE p.oid = ANY($3::oid[])
    ) lines
"""


def quoted(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def array_of(values: Iterable[object]) -> str:
    """Names or numbers as an array of the server."""
    escaped = (str(each).replace("\\", "\\\\").replace('"', '\\"') for each in values)
    return "{" + ",".join(f'"{each}"' for each in escaped) + "}"


def _sent(connection: "Connection", call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call of libpq answers. Raises Refusal."""
    from psycopg import pq

    with cut_when_silent(connection, SILENT_SECONDS):
        result = call(*arguments)

    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY):
        return result
    state = result.error_field(pq.DiagnosticField.SQLSTATE) or b"08000"
    message = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    raise Refusal(state.decode(), message.decode(errors="replace").strip())


def _untyped(answer: Answer) -> int:
    number = re.search(r"\$(\d+)", answer.message)
    return int(number.group(1)) if number else 0


def _relations(plan: Any) -> Iterator[tuple[str, str]]:
    """What a plan reads and writes, by schema and name."""
    left = [plan]
    while left:
        each = left.pop()
        if isinstance(each, list):
            left.extend(each)
        elif isinstance(each, dict):
            if "Relation Name" in each:
                yield each.get("Schema", ""), each["Relation Name"]
            left.extend(value for value in each.values() if isinstance(value, list | dict))
