"""Databases with rights in them, for tests of access maps: one of every trap, and made up at random."""

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

TRAPS = """
CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN IN ROLE {agents};
CREATE ROLE {bert} LOGIN NOINHERIT IN ROLE {agents};
CREATE ROLE {carl} LOGIN; CREATE ROLE {dora} LOGIN; CREATE ROLE {eve} LOGIN; CREATE ROLE {fred} LOGIN;
CREATE ROLE {gina} LOGIN; CREATE ROLE {hugo} LOGIN REPLICATION; CREATE ROLE {ines} LOGIN BYPASSRLS;
CREATE ROLE {jane} LOGIN; CREATE ROLE {kurt} LOGIN; CREATE ROLE {owner} LOGIN;
GRANT pg_read_all_data TO {fred};
GRANT pg_execute_server_program TO {kurt};
GRANT {agents} TO {gina} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;
CREATE SCHEMA crm AUTHORIZATION {owner};
SET ROLE {owner};
CREATE TABLE crm.customers (id int, name text, email text);
INSERT INTO crm.customers SELECT n, 'x', 'y' FROM generate_series(1, 10) n;
GRANT USAGE ON SCHEMA crm TO {agents}, {carl}, {dora}, {eve}, {ines}, {jane};
GRANT SELECT ON crm.customers TO {agents};
GRANT SELECT (id, name) ON crm.customers TO {carl};
GRANT SELECT (email) ON crm.customers TO {carl};
CREATE VIEW crm.names AS SELECT name FROM crm.customers; GRANT SELECT ON crm.names TO {eve};
CREATE VIEW crm.careful WITH (security_invoker) AS SELECT name FROM crm.customers;
GRANT SELECT ON crm.careful TO {dora};
CREATE TABLE crm.tickets (id int, agent text);
INSERT INTO crm.tickets SELECT n, CASE WHEN n < 4 THEN '{anna}' ELSE 'x' END FROM generate_series(1, 10) n;
ALTER TABLE crm.tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON crm.tickets FOR SELECT TO {agents} USING (agent = current_user);
GRANT SELECT ON crm.tickets TO {agents}, {dora}, {ines};
CREATE MATERIALIZED VIEW crm.tickets_copy AS SELECT * FROM crm.tickets;
GRANT SELECT ON crm.tickets_copy TO PUBLIC;
CREATE TABLE crm.forced (id int); ALTER TABLE crm.forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TABLE crm.events (id int) PARTITION BY RANGE (id);
CREATE TABLE crm.events_1 PARTITION OF crm.events FOR VALUES FROM (0) TO (10);
INSERT INTO crm.events VALUES (1);
GRANT SELECT ON crm.events TO {jane};
CREATE TABLE crm.secrets (id int);
CREATE FUNCTION crm.count_secrets() RETURNS bigint LANGUAGE sql SECURITY DEFINER
    AS 'SELECT count(*) FROM crm.secrets';
REVOKE ALL ON crm.secrets FROM {owner};
ALTER DEFAULT PRIVILEGES IN SCHEMA crm GRANT SELECT ON TABLES TO {dora};
RESET ROLE;
CREATE TABLE public."od.d ""x
" (id int); GRANT SELECT ON public."od.d ""x
" TO {anna};
"""

TRAPPED = "agents anna bert carl dora eve fred gina hugo ines jane kurt owner".split()


class World:
    """A database of its own on a real server; its roles have names of their own too.

    url  as the superuser;  names  the roles' names by what a test calls them
    """

    def __init__(self, server: str) -> None:
        mark = uuid4().hex[:8]
        self.database = f"w_{mark}"
        self._server, self._mark = server, mark
        self.names: dict[str, str] = {}
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.database}".encode())
        self.url = urlunsplit(urlsplit(server)._replace(path=f"/{self.database}"))
        # A prepared statement would not look its names up again: the right on the schema is asked for then.
        self.connection = psycopg.connect(self.url, autocommit=True, prepare_threshold=None)

    def named(self, *names: str) -> None:
        """Give these names to roles that the world takes away at its end."""
        self.names |= {each: f"{each}_{self._mark}" for each in names}

    def do(self, sql: str) -> None:
        """Run statements with the names of roles filled in."""
        text = sql
        for each, name in self.names.items():
            text = text.replace("{" + each + "}", name)
        self.connection.execute(text.encode())

    def rows_seen(self, session: str, select: str, *, become: str = "") -> int | None:
        """How many rows somebody gets; None: the server refuses. As the server itself answers."""
        rows = self.rows_for(session, select, become=become)
        return None if rows is None else len(rows)

    def rows_for(self, session: str, select: str, *, become: str = "") -> list[tuple[Any, ...]] | None:
        """As `rows_seen`, the rows themselves."""
        self.connection.execute(f"SET SESSION AUTHORIZATION {session}".encode())
        try:
            if become:
                self.connection.execute(f"SET ROLE {become}".encode())
            return self.connection.execute(select.encode()).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            return None
        finally:
            self.connection.execute(b"RESET SESSION AUTHORIZATION")

    def close(self) -> None:
        self.connection.close()
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self.database} WITH (FORCE)".encode())
            for name in self.names.values():
                with suppress(psycopg.Error):
                    connection.execute(f"DROP ROLE {name}".encode())


@contextmanager
def world(server: str) -> Iterator[World]:
    """An empty database on a server."""
    made = World(server)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def traps(server: str) -> Iterator[World]:
    """A database with one of every trap."""
    with world(server) as made:
        made.named(*TRAPPED)
        for statement in TRAPS.split(";\n"):
            made.do(statement)
        made.connection.execute(b"ANALYZE")
        yield made


def at_random(made: World, rng: random.Random, *, roles: int, tables: int) -> list[str]:
    """Fill a world with roles, schemas, tables, views and rights; the names of the tables and views."""
    names = [f"r{n}" for n in range(roles)]
    made.named(*names)
    for n, each in enumerate(names):
        attributes = [
            "LOGIN" if rng.random() < 0.7 else "NOLOGIN",
            "INHERIT" if rng.random() < 0.8 else "NOINHERIT",
        ]
        attributes += ["BYPASSRLS"] * (rng.random() < 0.03) + ["SUPERUSER"] * (rng.random() < 0.02)
        made.do(f"CREATE ROLE {{{each}}} {' '.join(attributes)}")
        for group in rng.sample(names[:n], min(n, rng.choice((0, 1, 1, 2)))):
            options = rng.choice(("", "WITH INHERIT FALSE", "WITH SET FALSE", "WITH ADMIN OPTION"))
            made.do(f"GRANT {{{group}}} TO {{{each}}} {options}")
    made.do(f"GRANT pg_read_all_data TO {{{rng.choice(names)}}}")
    made.do(f"ALTER DATABASE {made.database} OWNER TO {{{rng.choice(names)}}}")
    schemas = [f"s{n}" for n in range(5)]
    for schema in schemas:
        made.do(f"CREATE SCHEMA {schema} AUTHORIZATION {{{rng.choice(names)}}}")
        made.do(f"GRANT USAGE ON SCHEMA {schema} TO {_some(rng, names)}")
    made.do(f"GRANT USAGE ON SCHEMA {schemas[0]} TO pg_database_owner")
    found: list[str] = []
    for n in range(tables):
        found.append(_relation(made, rng, f"{rng.choice(schemas)}.t{n}", names, found))
    return found


def _relation(made: World, rng: random.Random, name: str, roles: list[str], before: list[str]) -> str:
    owner, what = rng.choice(roles), rng.random()
    if before and what < 0.25:
        made.do(f"CREATE VIEW {name} AS SELECT a FROM {rng.choice(before)}")
    elif before and what < 0.3:
        made.do(f"CREATE VIEW {name} WITH (security_invoker) AS SELECT a FROM {rng.choice(before)}")
    else:
        made.do(f"CREATE TABLE {name} (a int, b int); INSERT INTO {name} VALUES (1, 1), (2, 2)")
        _row_security(made, rng, name, roles)
        if rng.random() < 0.2:
            made.do(f"GRANT SELECT (a) ON {name} TO {_some(rng, roles)}")
    made.do(f"ALTER TABLE {name} OWNER TO {{{owner}}}")
    if rng.random() < 0.8:
        made.do(f"GRANT SELECT ON {name} TO {_some(rng, roles)}")
    if rng.random() < 0.1:
        made.do(f"REVOKE SELECT ON {name} FROM {{{owner}}}")
    return name


def _row_security(made: World, rng: random.Random, name: str, roles: list[str]) -> None:
    if rng.random() > 0.3:
        return
    made.do(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    if rng.random() < 0.3:
        made.do(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    for n in range(rng.choice((0, 1, 2))):
        kind = rng.choice(("PERMISSIVE", "PERMISSIVE", "RESTRICTIVE"))
        which = rng.choice(("true", "a = 1"))
        action = rng.choice(("SELECT", "ALL", "UPDATE"))
        made.do(f"CREATE POLICY p{n} ON {name} AS {kind} FOR {action} TO {_some(rng, roles)} USING ({which})")


def _some(rng: random.Random, roles: list[str]) -> str:
    if rng.random() < 0.1:
        return "PUBLIC"
    return ", ".join(f"{{{each}}}" for each in rng.sample(roles, rng.choice((1, 1, 2))))
