"""Sessions of `proofs_postgresql.py` through real clients, and what came of each step."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from proofs_postgresql_server import Server, said
from proofs_postgresql_work import Reach, Session, Step

_NUMBER = re.compile(r"(?<== )\d+")
_FED = ((1, "fed"), (2, "fed"))
_PATIENCE = "-c statement_timeout=10s -c lock_timeout=2s"
_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_REACH = """
    SELECT r.rolname, quote_ident(n.nspname), quote_ident(c.relname), p.what
    FROM pg_roles r CROSS JOIN unnest(%s::text[]) p(what) CROSS JOIN pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND r.rolname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'USAGE')
        AND (has_table_privilege(r.oid, c.oid, p.what)
            OR p.what <> 'DELETE' AND has_any_column_privilege(r.oid, c.oid, p.what))
"""


@dataclass(frozen=True, slots=True)
class Came:
    """What a step gave. state: "" where it worked, "skipped" where it was not tried, else the SQLSTATE."""

    state: str = ""
    message: str = ""
    rows: tuple[str, ...] = ()


_ENDS = ("ROLLBACK", "PREPARE TRANSACTION 'two'")
_SKIPPED = Came("skipped")


def reach_of(server: Server, databases: Sequence[str], relations: Sequence[str]) -> Reach:
    """What each role may do with what now, of some relations as they are written."""
    written = set(relations)
    found: dict[tuple[str, str, str], list[str]] = {}
    for database in databases:
        with psycopg.connect(server.url(database=database)) as connection:
            for role, schema, name, right in connection.execute(_REACH, [list(_RIGHTS)]).fetchall():
                quoted = ".".join(each if each[0] == '"' else f'"{each}"' for each in (schema, name))
                if quoted in written:
                    found.setdefault((database, role, right), []).append(quoted)
    return {key: sorted(each) for key, each in found.items()}


def becomes_of(server: Server, logins: Sequence[str]) -> dict[str, list[str]]:
    """As whom each login may SET ROLE."""
    with psycopg.connect(server.url()) as connection:
        how = "SET" if connection.info.server_version >= 160_000 else "MEMBER"
        query = """
            SELECT l, array_agg(rolname ORDER BY rolname)::text[]
            FROM unnest(%s::text[]) l CROSS JOIN pg_roles
            WHERE rolname !~ '^pg_' AND rolname NOT IN (l, 'postgres') AND pg_has_role(l::name, oid, %s)
            GROUP BY l
        """
        return dict(connection.execute(query, [list(logins), how]).fetchall())


def lived(server: Server, sessions: Sequence[Session]) -> list[list[Came]]:
    """What came of each step of some sessions, one after the other."""
    return [[*_session(server, each)] for each in sessions]


def _session(server: Server, session: Session) -> Iterator[Came]:
    try:
        connection = psycopg.connect(
            server.url(session.login, session.database.name),
            autocommit=True,
            options=f"{_PATIENCE} {session.options}",
            prepare_threshold=None,
        )
    except psycopg.Error as error:
        yield from [Came("28000", str(error).strip()[-200:])] * len(session.steps)
        return
    with closing(connection):
        broken = False
        for step in session.steps:
            if broken and step.sql not in _ENDS:
                yield _SKIPPED
                continue
            came = _came(server, session, connection, step)
            broken = connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
            yield came


def _came(server: Server, session: Session, connection: "psycopg.Connection[Any]", step: Step) -> Came:
    if step.how in ("psql", "dump"):
        return _printed(server, session, step)
    try:
        return Came(rows=tuple(_rows(connection, step)))
    except psycopg.Error as error:
        return Came(error.sqlstate or "08000", str(error).partition("\n")[0])


def _printed(server: Server, session: Session, step: Step) -> Came:
    program, arguments = "pg_dump", step.sql.split(" ", 1)
    if step.how == "psql":
        program, arguments = "psql", ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", step.sql]
    status, output = said(server, program, session.login, session.database.name, arguments)
    denied = "permission denied" in output
    return Came(rows=(output,)) if not status else Came("42501" if denied else "psql", output.strip()[:200])


def sent(step: Step) -> str:
    """A statement as the server gets it."""
    if step.how == "cursor":
        return f'DECLARE "server_side" CURSOR FOR {step.sql}'
    if step.sql.startswith("\\copy"):
        return step.sql.replace("\\copy", "COPY", 1)
    found = _NUMBER.search(step.sql) if step.how == "bound" else None
    return f"{step.sql[: found.start()]}$1{step.sql[found.end() :]}" if found else step.sql


def _rows(connection: "psycopg.Connection[Any]", step: Step) -> list[str]:
    """What a statement gives, in an order that does not hang on the server's."""
    statement = step.sql.encode()
    if step.how == "copy":
        with connection.cursor().copy(statement) as copy:
            return sorted(bytes(each).decode() for each in copy)
    if step.how.startswith("feed"):
        number = step.how.partition(" ")[2]
        with connection.cursor().copy(statement) as copy:
            for n, (a, b) in enumerate(_FED):
                copy.write_row((int(number) + n, a, b) if number else (a, b))
        return []
    cursor: Any
    if step.how == "cursor":
        with connection.cursor("server_side") as cursor:
            cursor.execute(statement)
            return sorted(map(repr, cursor.fetchall()))
    if step.how == "bound" and (found := _NUMBER.search(step.sql)):
        cursor = psycopg.RawCursor(connection)
        cursor.execute(sent(step).encode(), [int(found[0])])
    elif step.how == "pipeline":
        with connection.pipeline():
            cursor = connection.execute(statement)
    else:
        cursor = connection.execute(statement, prepare=step.how == "prepared")
    rows = sorted(map(repr, cursor.fetchall())) if cursor.description else []
    return [*rows, str(cursor.rowcount)]
