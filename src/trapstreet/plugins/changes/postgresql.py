"""Rights in PostgreSQL 13 and later: taken away in one transaction a database, and given back.

For all people at once a superuser is needed, else somebody who may act as each of them and as each who gave a
right. REVOKE and GRANT lock no table; who alters the same table or right meanwhile waits, a second or so.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import ROW_SECURITY, Change, Look
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.extras import require
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import printable
from trapstreet.plugins.changes._postgresql import script as scripts
from trapstreet.plugins.changes._postgresql.catalogue import Catalogue
from trapstreet.plugins.changes._postgresql.connecting import connected
from trapstreet.plugins.changes._postgresql.looking import catalogue_of
from trapstreet.plugins.changes._postgresql.making import (
    backward,
    forward,
    line,
    rehearse,
    reversible,
    together,
)
from trapstreet.plugins.changes._postgresql.probe import (
    BEGIN,
    BROKEN,
    NO_MEMORY,
    NO_RIGHT,
    Refusal,
    run,
)
from trapstreet.plugins.changes._postgresql.removals import Removals
from trapstreet.plugins.changes._postgresql.replay import PostgresqlReplay
from trapstreet.plugins.changes._postgresql.rights import standing
from trapstreet.plugins.changes._postgresql.rows import (
    PostgresqlRows,
    change_of,
    has_rule,
    parts_of,
    refuse_if_it_fails,
)

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

title = "PostgreSQL (postgresql://user@host/[database])"
schemes = ("postgresql", "postgres")
suffix = "sql"
script = scripts.script

_FIRST = "postgres"
_WITH_DATABASE = 3
_GRANTEES = b"SELECT rolname, quote_ident(rolname) FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^pg_'"
_DATABASES = b"SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY datname"


@contextmanager
def opened(location: str) -> "Iterator[PostgresqlPlace]":
    """A server's databases, or the one in the URL. Raises Unreachable, AccessDenied, UnusableInput."""
    require("pglast", extra="sql", to="ask PostgreSQL about past statements")
    label = without_password(location)
    asked = unquote(urlsplit(location).path.strip("/"))
    with ExitStack() as stack:
        first = stack.enter_context(connected(location, asked or _FIRST, label))
        names = [asked] if asked else [name for (name,) in first.execute(_DATABASES).fetchall()]
        connections: dict[str, Connection] = {}
        for name in names:
            here = name == first.info.dbname
            connections[name] = first if here else stack.enter_context(connected(location, name, label))
        try:
            yield PostgresqlPlace(connections, label, whole=not asked)
        except Refusal as error:  # by a connection that broke, wherever that was
            raise _told(error, label) from None


class PostgresqlPlace:
    """A server, or one of its databases, as long as its connections are open.

    whole  all its databases: only then memberships can be judged, which count in each
    """

    def __init__(self, connections: "dict[str, Connection]", label: str, *, whole: bool) -> None:
        self._connections, self._label, self._whole = connections, label, whole
        version = next(iter(connections.values())).info.server_version
        self.edition = f"PostgreSQL {version // 10_000}.{version % 10_000}"
        self._removals: dict[str, Removals] = {}

    @cached_property
    def _catalogues(self) -> dict[str, Catalogue]:
        return {name: catalogue_of(each) for name, each in self._connections.items()}

    def covers(self, use: PastUse) -> bool:
        """Whether a use was made in one of the databases, or nothing says in which."""
        return self._whole or use.database in ("", *self._connections)

    def changes(self) -> list[Change]:
        """Every right that can be taken away and comes back as it was: each was tried, and all at once.

        Memberships come last: who gave a right in any database may reach what it is on by one alone.
        Raises Unreachable where somebody else is changing one of them.
        """
        found: dict[str, Change] = {}
        for name, connection in self._connections.items():
            self._removals[name] = Removals(standing(connection).given, name)
            there = self._removals[name].changes()
            new = [each for each in there if each.key not in found and (self._whole or each.database)]
            kept = reversible(connection, new)
            apart = {each.key for each in kept if each.database} - {
                each.key for each in together(connection, [each for each in kept if each.database])
            }
            found |= {each.key: each for each in kept if each.key not in apart}
        return sorted(found.values(), key=lambda each: not each.database)

    @cached_property
    def _grantees(self) -> dict[str, str]:
        """All to whom a right can be given, and each in the server's quotes."""
        return dict(next(iter(self._connections.values())).execute(_GRANTEES).fetchall())

    def grantees(self) -> frozenset[str]:
        """All roles but superusers and the server's own."""
        return frozenset(self._grantees)

    def handed_over(self, change: Change, to: Sequence[str]) -> Change:
        """One of `changes()`, on something in a database, that gives the right to some roles as well."""
        return self._removals[change.database].handed_over(
            change, [(name, self._grantees[name]) for name in to]
        )

    def reversible(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes in databases that come back as it was: each was tried."""
        kept = {
            change.key
            for name, each in self._connections.items()
            for change in reversible(each, [change for change in changes if change.database == name])
        }
        return [each for each in changes if each.key in kept]

    def standing(self) -> dict[str, list[str]]:
        """All rights as they are, by database."""
        return {name: standing(each).lines for name, each in self._connections.items()}

    def replay(self, uses: Sequence[PastUse], changes: Sequence[Change]) -> PostgresqlReplay:
        """Past uses, looked at as things are now."""
        with self._speaking():
            return PostgresqlReplay(self._connections, self._catalogues, uses, changes)

    def rehearse(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes and take them back in each database, in a transaction that is rolled back."""
        for name, stage in self._stages(changes, shared_in_each=True):
            try:
                rehearse(self._connections[name], stage, look)
            except Refusal as error:
                raise _told(error, f"{self._label}: the changes cannot be made") from None

    def row_rule(self, table: str, predicate: str) -> Change:
        """The change by which only the rows of a predicate are read. Raises UnusableInput."""
        parts, (first, *more) = parts_of(table), self._connections
        if more and len(parts) != _WITH_DATABASE:
            raise UnusableInput("row security is of one database", hint="name it in the URL")
        name = parts[0] if len(parts) == _WITH_DATABASE else first
        if name not in self._connections:
            raise UnusableInput(
                f"there is no database {printable(name)} at {self._label}", hint="see: trapstreet access map"
            )
        change = change_of(self._catalogues[name], name, table, predicate)
        refuse_if_it_fails(self._connections[name], change)
        return change

    def rows(self, change: Change) -> PostgresqlRows:
        """The rows of the table that such a rule is about."""
        return PostgresqlRows(self._connections[change.database], self._catalogues[change.database], change)

    def make(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes, one transaction a database; if a later one fails, the earlier ones are taken back."""
        made: list[Change] = []
        shared = [each for each in changes if not each.database]
        try:
            for name, stage in self._stages(changes):
                with self._final(name) as connection:
                    forward(connection, stage)
                    with self._also(connection, shared if not {*shared} & {*stage} else ()):
                        look(connection)
                made += stage
        except (Refusal, TrapstreetError, KeyboardInterrupt) as error:
            self.take_back(made)
            if isinstance(error, Refusal):
                raise _told(error, f"{self._label}: nothing was changed") from None
            raise

    def take_back(self, changes: Sequence[Change]) -> list[Change]:
        """Take changes back, the last one first; those that cannot be, since what they are of is gone."""
        gone = [each for each in changes if each.database not in ("", *self._connections)]
        for name, stage in reversed([*self._stages(changes)]):
            try:
                with self._final(name) as connection:
                    gone += backward(connection, stage)
            except Refusal as error:
                what = f"{self._label}: not everything could be given back"
                raise _told(error, what, hint="run it again") from None
        return gone

    def made(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that are made: the right is not there, or the rule is, or what is given."""
        found: list[Change] = []
        there = {name: {*standing(each).lines} for name, each in self._connections.items()}
        for each in changes:
            name = each.database or next(iter(there))
            if each.kind == ROW_SECURITY:
                made = name in there and has_rule(self._connections[name], each)
            else:
                lines = there.get(name, set())
                made = line(each) not in lines or not lines.isdisjoint(each.gives)
            found += [each] if made else []
        return found

    def _stages(
        self, changes: Sequence[Change], *, shared_in_each: bool = False
    ) -> Iterator[tuple[str, list[Change]]]:
        """The changes by database, in their order; what the whole server has in the last, or in each."""
        names = [name for name in self._connections if any(each.database == name for each in changes)]
        if any(not each.database for each in changes):
            names = [*self._connections] if shared_in_each else names or [*self._connections][:1]
        for number, name in enumerate(names):
            shared = ("",) if shared_in_each or number == len(names) - 1 else ()
            own = [each for each in changes if each.database == name]
            yield name, own + [each for each in changes if not each.database and shared]

    @contextmanager
    def _also(self, connection: "Connection", changes: Sequence[Change]) -> Iterator[None]:
        """Changes that a later database's transaction makes, made as long as somebody looks."""
        if changes:
            run(connection, "SAVEPOINT later")
            forward(connection, changes)
        yield
        if changes:
            run(connection, "ROLLBACK TO SAVEPOINT later")

    @contextmanager
    def _final(self, name: str) -> "Iterator[Connection]":
        """A transaction that counts."""
        connection = self._connections[name]
        run(connection, BEGIN)
        try:
            yield connection
        except BaseException:
            run(connection, "ROLLBACK")
            raise
        run(connection, "COMMIT")

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Errors of the server in our words."""
        try:
            yield
        except Refusal as error:
            raise _told(error, self._label) from None


def _told(error: Refusal, what: str, *, hint: str = "make a new plan") -> TrapstreetError:
    """A refusal of the server as one line."""
    if error.state == NO_RIGHT:
        return AccessDenied(f"{what}: {printable(error.message)}", hint="log in as a superuser")
    if error.state == NO_MEMORY:
        more = "raise its max_locks_per_transaction, or take one role after the other: --role"
        return UnusableInput(f"{what}: too many tables at once for the server", hint=more)
    if error.state.startswith(BROKEN):
        return Unreachable(f"{what}: the connection broke", hint="try again")
    if error.held:
        return Unreachable(f"{what}: somebody else holds what it needs", hint="try again")
    return UnusableInput(f"{what}: {printable(error.message)}", hint=hint)
