"""A made-up PostgreSQL server for `proofs_postgresql.py`: roles, what they own, and rights drawn at random.

What a server does not take (a rule on a view that has one, a view of what its owner may not see) is left out.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from psycopg import sql

ODD = (
    "order", "two words", 'qu"ote', "Über", "\U0001f600", "it's", "dot.ted", "per%sent", "{brace}", "x" * 63,
    "UPPER", "back\\slash", "semi;colon", "user",
)  # fmt: skip
RIGHTS = ("SELECT", "SELECT", "SELECT", "INSERT", "UPDATE", "DELETE", "ALL")
COLUMNS = ("id", "a", "b", "c")
ROWS = 6


def q(*names: str) -> str:
    """A name in the server's quotes."""
    return ".".join('"' + each.replace('"', '""') + '"' for each in names)


def text(value: str) -> str:
    """A value as a text of SQL."""
    return sql.Literal(value).as_string(None)


@dataclass(slots=True)
class Database:
    """What is in one database: relations and so on as they are written, with their schemas."""

    name: str
    schemas: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    procedures: list[str] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    @property
    def relations(self) -> list[str]:
        return [*self.tables, *self.views, *self.copies]


@dataclass(slots=True)
class World:
    """Who and what there is. statements: how it came to be, each in a database, as the superuser."""

    rng: random.Random
    version: int
    logins: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    databases: list[Database] = field(default_factory=list)
    statements: list[tuple[str, str]] = field(default_factory=list)

    @property
    def roles(self) -> list[str]:
        return [*self.logins, *self.groups]

    def say(self, database: Database | None, *statements: str) -> None:
        self.statements += [(database.name if database else "postgres", each) for each in statements]

    def name(self, plain: str) -> str:
        """Mostly the plain name; now and then an odd one, with the plain one's number."""
        if self.rng.random() > 0.15:
            return plain
        number = plain[-2:].strip("abcdefghijklmnopqrstuvwxyz_")
        return f"{self.rng.choice(ODD)[: 62 - len(number)]}{number}"

    def some(self, most: int = 2) -> str:
        """To whom something is given."""
        if self.rng.random() < 0.15:
            return "PUBLIC"
        return ", ".join(map(q, self.rng.sample(self.roles, self.rng.randint(1, most))))


def world(rng: random.Random, version: int) -> World:
    """A server with two databases."""
    from proofs_postgresql_code import code
    from proofs_postgresql_tables import grants, tables

    made = World(rng, version)
    _roles(made)
    for plain in ("crm", "shop") if rng.random() < 0.5 else ("crm",):
        database = Database(made.name(plain))
        made.databases.append(database)
        made.say(None, f"CREATE DATABASE {q(database.name)}")
        _schemas(made, database)
        tables(made, database)
        code(made, database)
        grants(made, database)
    _settings(made)
    return made


def _roles(made: World) -> None:
    rng = made.rng
    for n in range(rng.randint(4, 7)):
        made.groups.append(made.name(f"g{n}"))
        inherits = "" if rng.random() < 0.8 else " NOINHERIT"
        made.say(None, f"CREATE ROLE {q(made.groups[-1])}{inherits}")
    for n in range(rng.randint(4, 6)):
        made.logins.append(made.name(f"p{n}"))
        inherits = "" if rng.random() < 0.8 else " NOINHERIT"
        made.say(None, f"CREATE ROLE {q(made.logins[-1])} LOGIN{inherits}")
    made.owners = [made.name("own0"), made.name("own1")]
    made.say(None, *(f"CREATE ROLE {q(each)} LOGIN" for each in made.owners))
    for number, group in enumerate(made.groups):
        for above in rng.sample(made.groups[:number], min(number, rng.choice((0, 1, 1, 2)))):
            made.say(None, f"GRANT {q(above)} TO {q(group)}{_option(made)}")
    for login in made.logins:
        for group in rng.sample(made.groups, rng.choice((1, 1, 2, 3))):
            made.say(None, f"GRANT {q(group)} TO {q(login)}{_option(made)}")
        if rng.random() < 0.2:
            made.say(None, f"GRANT {q(rng.choice(made.owners))} TO {q(login)}{_option(made)}")
        if rng.random() < 0.25:
            given = rng.choice(
                ("pg_read_all_data", "pg_write_all_data", "pg_monitor", "pg_read_all_settings",
                 "pg_read_all_stats", "pg_signal_backend", "pg_checkpoint")
            )  # fmt: skip
            made.say(None, f"GRANT {given} TO {q(rng.choice((login, *made.groups)))}")
    if rng.random() < 0.5:
        made.logins.append("boss")
        made.say(None, "CREATE ROLE boss LOGIN SUPERUSER")
    made.logins += made.owners


def _option(made: World) -> str:
    new = ("", "", "", " WITH INHERIT FALSE", " WITH SET FALSE", " WITH ADMIN OPTION", " WITH ADMIN OPTION")
    return made.rng.choice(new if made.version >= 16 else ("", "", " WITH ADMIN OPTION"))


def _schemas(made: World, database: Database) -> None:
    rng = made.rng
    if rng.random() < 0.5:
        made.say(database, f"ALTER DATABASE {q(database.name)} OWNER TO {q(rng.choice(made.owners))}")
    if rng.random() < 0.4:
        made.say(database, f"REVOKE CONNECT ON DATABASE {q(database.name)} FROM PUBLIC")
        for each in made.roles:
            if rng.random() < 0.7:
                made.say(database, f"GRANT CONNECT ON DATABASE {q(database.name)} TO {q(each)}")
    if rng.random() < 0.3:
        made.say(database, f"REVOKE TEMPORARY ON DATABASE {q(database.name)} FROM PUBLIC")
        made.say(database, f"GRANT TEMPORARY ON DATABASE {q(database.name)} TO {made.some(4)}")
    database.schemas = ["public", *(made.name(f"s{n}") for n in range(rng.randint(2, 3)))]
    for each in database.schemas[1:]:
        made.say(database, f"CREATE SCHEMA {q(each)} AUTHORIZATION {q(rng.choice(made.owners))}")
    for each in database.schemas:
        for _ in range(rng.randint(1, 3)):
            made.say(database, f"GRANT USAGE ON SCHEMA {q(each)} TO {made.some(3)}")
        if rng.random() < 0.5:
            made.say(database, f"GRANT CREATE ON SCHEMA {q(each)} TO {made.some()}")
        made.say(database, *(f"GRANT USAGE ON SCHEMA {q(each)} TO {q(own)}" for own in _mostly(made)))
    if rng.random() < 0.3:
        made.say(database, "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    made.say(database, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for owner in made.owners:
        if rng.random() < 0.4:
            inside = f"IN SCHEMA {q(rng.choice(database.schemas))}" if rng.random() < 0.5 else ""
            right = rng.choice(("SELECT", "INSERT"))
            made.say(
                database,
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {q(owner)} {inside}"
                f" GRANT {right} ON TABLES TO {made.some()}",
            )


def _mostly(made: World) -> Iterator[str]:
    yield from (each for each in made.owners if made.rng.random() < 0.6)


def _settings(made: World) -> None:
    """What sessions begin with."""
    rng = made.rng
    for login in made.logins:
        database = rng.choice(made.databases)
        if rng.random() < 0.3:
            path = ", ".join(map(q, rng.sample(database.schemas, 2)))
            where = f" IN DATABASE {q(database.name)}" if rng.random() < 0.5 else ""
            made.say(None, f"ALTER ROLE {q(login)}{where} SET search_path = {path}")
        if rng.random() < 0.1:
            made.say(None, f"ALTER ROLE {q(login)} SET role = {q(rng.choice(made.groups))}")
    if rng.random() < 0.2:
        database = rng.choice(made.databases)
        path = ", ".join(map(q, database.schemas))
        made.say(None, f"ALTER DATABASE {q(database.name)} SET search_path = {path}")
