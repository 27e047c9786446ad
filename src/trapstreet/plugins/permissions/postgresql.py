"""Who may read what in PostgreSQL 13 and later: every database of a server, or the one that the URL names.

Reads the catalogues in one read-only transaction a database. A login that may connect is enough; it needs no
right on any table.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.rights import (
    Bits,
    Membership,
    Principal,
    Resource,
    Rights,
    bits_of,
)
from trapstreet.core.model.urls import without_password
from trapstreet.plugins.permissions import _postgresql_catalogue as catalogue
from trapstreet.plugins.permissions import _postgresql_notes as notes
from trapstreet.plugins.permissions import _postgresql_queries as queries
from trapstreet.plugins.permissions._postgresql_catalogue import (
    Coming,
    Contents,
    Database,
    Foreign,
    Handler,
    Member,
    Parameter,
    Publication,
    Role,
    Trusting,
    rows_of,
)
from trapstreet.plugins.permissions._postgresql_doors import Doors
from trapstreet.plugins.permissions._postgresql_entering import Entering
from trapstreet.plugins.permissions._postgresql_roles import Roles
from trapstreet.plugins.permissions._postgresql_server import by_powers, over_all
from trapstreet.plugins.permissions._postgresql_session import STATEMENT_SECONDS, connected

if TYPE_CHECKING:
    import psycopg

title = "PostgreSQL (postgresql://user@host/[database])"
schemes = ("postgresql", "postgres")

_FIRST = "postgres"
_OWN_GRANTS_ONLY = 160_000
"""The version from which on CREATEROLE makes members of those roles only that it has ADMIN OPTION on."""
_PARAMETERS = 150_000
"""The version from which on rights on parameters can be granted."""
_BODIES = 140_000
"""The version from which on functions can be kept parsed."""
_OF_OWNER = "pg_database_owner"

_QUERIES: dict[str, tuple[type, str, str]] = {
    "schemas": (catalogue.Schema, queries.SCHEMAS, "schemas"),
    "relations": (catalogue.Relation, queries.RELATIONS, "tables"),
    "columns": (catalogue.Column, queries.COLUMNS, "grants on columns"),
    "policies": (catalogue.Policy, queries.POLICIES, "row security"),
    "views": (catalogue.Shown, queries.VIEWS, "what views show"),
    "parts": (catalogue.Link, queries.PARTS, "parts of tables"),
    "functions": (catalogue.Function, queries.FUNCTIONS, "functions"),
    "calls": (catalogue.Link, queries.CALLS, "what views call"),
    "hooks": (catalogue.Hook, queries.HOOKS, "what runs functions"),
    "rules": (catalogue.Rule, queries.RULES, "rules"),
    "watchers": (catalogue.Watcher, queries.WATCHERS, "who may make triggers"),
    "powers": (catalogue.Power, queries.POWERS, "functions of the server"),
    "samplers": (catalogue.Sampler, queries.SAMPLERS, "grants on statistics"),
}


def rights(location: str) -> Rights:
    """The rights on every relation of a server's databases.

    Cost: 10,000 tables and 5,000 roles take some seconds. Raises Unreachable, AccessDenied, UnusableInput.
    """
    label = without_password(location)
    asked = unquote(urlsplit(location).path.strip("/"))
    with connected(location, asked or _FIRST, label) as connection:
        found = _Server(connection, label)
    for database in found.databases:
        if asked in ("", database.name):
            found.add(database, location)
    return found.rights


def rights_within(connection: "psycopg.Connection[Any]", label: str) -> Rights:
    """The rights in the database of an open connection, as its transaction sees them."""
    found = _Server(connection, label)
    for database in found.databases:
        if database.name == connection.info.dbname:
            found.read(database, connection)
    return found.rights


class _Server:
    """What one server tells, database after database."""

    def __init__(self, connection: "psycopg.Connection[Any]", label: str) -> None:
        version = connection.info.server_version
        edition = f"PostgreSQL {version // 10_000}.{version % 10_000}"
        self.rights = Rights(label, edition, ("table or view", "tables and views"), ("role", "roles"))
        self._roles: list[Role] = rows_of(Role, connection.execute(queries.ROLES).fetchall())
        members = queries.MEMBERS if version >= _OWN_GRANTS_ONLY else queries.MEMBERS_BEFORE_16
        self._members: list[Member] = rows_of(Member, connection.execute(members.encode()).fetchall())
        self.databases: list[Database] = rows_of(
            Database, connection.execute(queries.DATABASES.encode()).fetchall()
        )
        self._number = {each.oid: number for number, each in enumerate(self._roles)}
        # In each database, pg_database_owner is somebody else: a principal of its own.
        self._of_owner = next((each.oid for each in self._roles if each.name == _OF_OWNER), None)
        self._owners = {each.oid: len(self._roles) + n for n, each in enumerate(self.databases)}
        asked = queries.PARAMETERS if version >= _PARAMETERS else queries.PARAMETERS_BEFORE_15
        parameters = rows_of(Parameter, connection.execute(asked.encode()).fetchall())
        self._make_principals(version, parameters)
        anywhere = [oid for (oid,) in connection.execute(queries.ANYWHERE).fetchall()]
        self._entering = Entering(self.rights, anywhere=anywhere, chosen=version >= _OWN_GRANTS_ONLY)

    def _make_principals(self, version: int, parameters: list[Parameter]) -> None:
        rights = self.rights
        rights.principals += [Principal(each.name, each.logs_in, _note(each)) for each in self._roles]
        rights.principals += [Principal(f"owner of {each.name}", logs_in=False) for each in self.databases]
        number = self._number
        rights.memberships += [
            Membership(
                number[each.member], number[each.group],
                inherits=each.inherits, becomes=each.becomes, admits=each.admits,
            )
            for each in self._members
            if each.member in number and each.group in number
        ]  # fmt: skip
        rights.memberships += [
            Membership(number[each.owner], self._owners[each.oid], inherits=True, becomes=True, admits=False)
            for each in self.databases
            if each.owner in number
        ]
        everybody: Bits = (1 << len(self._roles)) - 1
        superusers = self._those(each.superuser for each in self._roles)
        makers = self._those(each.makes_roles for each in self._roles) & ~superusers
        if makers and version < _OWN_GRANTS_ONLY:
            rights.makes.append((makers, everybody & ~superusers, "CREATEROLE"))
        self.has = Closure(len(rights.principals), edges_of(rights.memberships, lambda each: each.inherits))
        all_ = (1 << len(rights.principals)) - 1
        rights.doors += over_all(Roles(self._roles, self.has, {}, all_), parameters)

    def _those(self, chosen: Iterable[bool]) -> Bits:
        return bits_of(number for number, each in enumerate(chosen) if each)

    def add(self, database: Database, location: str) -> None:
        """One database's relations and doors; what it does not tell is noted."""
        if not database.open:
            self.rights.unknown.append(f"{database.name}: takes no connections")
            self.rights.unread.append((database.name,))
            return
        try:
            with connected(location, database.name, database.name) as connection:
                self.read(database, connection)
        except TrapstreetError as error:
            self.rights.unknown.append(error.message)
            self.rights.unread.append((database.name,))

    def read(self, database: Database, connection: "psycopg.Connection[Any]") -> None:
        """The same, over a connection to it."""
        contents = self._contents(database, connection)
        roles = self._roles_of(database)
        self._take(database, contents, roles)
        self._note(database, connection, roles)

    def _roles_of(self, database: Database) -> Roles:
        alias = {} if self._of_owner is None else {self._of_owner: self._owners[database.oid]}
        everybody = (1 << len(self.rights.principals)) - 1
        return Roles(self._roles, self.has, alias, everybody)

    def _contents(self, database: Database, connection: "psycopg.Connection[Any]") -> Contents:
        asked = dict(_QUERIES)
        if connection.info.server_version < _BODIES:
            kind, _, what = asked["functions"]
            asked["functions"] = kind, queries.FUNCTIONS_BEFORE_14, what
        read = {name: self._read(database, connection, *query) for name, query in asked.items()}
        return Contents(**{each.name: read[each.name] for each in fields(Contents)})

    def _read(
        self, database: Database, connection: "psycopg.Connection[Any]", kind: Any, query: str, what: str
    ) -> Any:
        import psycopg

        try:
            with connection.transaction():
                return rows_of(kind, connection.execute(query.encode()).fetchall())
        except psycopg.errors.InsufficientPrivilege:
            self.rights.unknown.append(f"{database.name}: {what} may not be read")
        except psycopg.errors.QueryCanceled:
            self.rights.unknown.append(f"{database.name}: {what} took longer than {STATEMENT_SECONDS} s")
        self.rights.unread.append((database.name,))
        return []

    def _take(self, database: Database, contents: Contents, roles: Roles) -> None:
        schemas = {each.oid: each.name for each in contents.schemas}
        contents.relations[:] = [each for each in contents.relations if each.schema in schemas]
        enters = self._entering.now(database, roles)
        doors = Doors(contents, roles, first=len(self.rights.resources), enters=enters)
        self.rights.resources += [
            Resource((database.name, schemas[each.schema], each.name), catalogue.KINDS[each.kind], each.rows)
            for each in doors.relations
        ]
        there = [*doors, *by_powers(contents.powers, roles, enters)]
        self.rights.doors += there
        self.rights.doors += self._entering.let_in(there, database, roles)
        self.rights.notes += [
            f"{database.name}: nobody can read view {schemas[each.schema]}.{each.name}:"
            " its owner may not read what it shows"
            for each in doors.broken
        ]

    def _note(self, database: Database, connection: "psycopg.Connection[Any]", roles: Roles) -> None:
        """What else leads out of a database, or into tables that are not there yet."""
        foreign: list[Foreign] = self._read(database, connection, Foreign, queries.FOREIGN, "foreign servers")
        coming: list[Coming] = self._read(database, connection, Coming, queries.COMING, "default privileges")
        handlers: list[Handler] = self._read(
            database, connection, Handler, queries.HANDLERS, "functions that run with rows"
        )
        trusting: list[Trusting] = self._read(
            database, connection, Trusting, queries.TRUSTING, "functions without a path"
        )
        published: list[Publication] = self._read(
            database, connection, Publication, queries.PUBLICATIONS, "publications"
        )
        self.rights.notes += notes.beside(
            database,
            roles,
            published=published,
            foreign=foreign,
            handlers=handlers,
            trusting=trusting,
            coming=coming,
        )


def _note(role: Role) -> str:
    remarks = {
        "superuser": role.superuser,
        "passes row security": role.passes_row_security and not role.superuser,
        "makes roles": role.makes_roles and not role.superuser,
        "may replicate": role.replicates and not role.superuser,
    }
    return ", ".join(text for text, holds in remarks.items() if holds)
