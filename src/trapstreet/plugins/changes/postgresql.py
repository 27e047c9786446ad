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
from trapstreet.core.model.words import counted, printable
from trapstreet.plugins._postgresql import CONNECT_SECONDS, refused, unreadable
from trapstreet.plugins.changes._postgresql_catalogue import Catalogue, catalogue_of
from trapstreet.plugins.changes._postgresql_probe import BEGIN, NO_MEMORY, NO_RIGHT, Refusal, run
from trapstreet.plugins.changes._postgresql_replay import PostgresqlReplay
from trapstreet.plugins.changes._postgresql_rights import changes_of, given_on, standing
from trapstreet.plugins.changes._postgresql_rows import PostgresqlRows, change_of, refuse_if_it_fails

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

title = "PostgreSQL (postgresql://user@host/[database])"
schemes = ("postgresql", "postgres")

_FIRST = "postgres"
_AT_ONCE = 200
"""Changes that are tried out in one transaction."""
_DATABASES = b"SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY datname"


@contextmanager
def opened(location: str) -> "Iterator[PostgresqlPlace]":
    """A server's databases, or the one in the URL. Raises Unreachable, AccessDenied, UnusableInput."""
    require("pglast", extra="sql", to="ask PostgreSQL about past statements")
    label = without_password(location)
    asked = unquote(urlsplit(location).path.strip("/"))
    with ExitStack() as stack:
        first = stack.enter_context(_connected(location, asked or _FIRST, label))
        names = [asked] if asked else [name for (name,) in first.execute(_DATABASES).fetchall()]
        connections: dict[str, Connection] = {}
        for name in names:
            here = name == first.info.dbname
            connections[name] = first if here else stack.enter_context(_connected(location, name, label))
        yield PostgresqlPlace(connections, label, whole=not asked)


class PostgresqlPlace:
    """A server, or one of its databases, as long as its connections are open.

    whole  all its databases: only then memberships can be judged, which count in each
    """

    def __init__(self, connections: "dict[str, Connection]", label: str, *, whole: bool) -> None:
        self._connections, self._label, self._whole = connections, label, whole
        version = next(iter(connections.values())).info.server_version
        self.edition = f"PostgreSQL {version // 10_000}.{version % 10_000}"

    @cached_property
    def _catalogues(self) -> dict[str, Catalogue]:
        return {name: catalogue_of(each) for name, each in self._connections.items()}

    def covers(self, use: PastUse) -> bool:
        """Whether a use was made in one of the databases, or nothing says in which."""
        return self._whole or use.database in ("", *self._connections)

    def changes(self) -> list[Change]:
        """Every right that can be taken away and comes back as it was: each was tried."""
        found: dict[str, Change] = {}
        for name, connection in self._connections.items():
            there = changes_of(standing(connection).given, name)
            new = [each for each in there if each.key not in found and (self._whole or each.database)]
            found |= {each.key: each for each in _reversible(connection, new)}
        return [*found.values()]

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
                _rehearse(self._connections[name], stage, look)
            except Refusal as error:
                raise _told(error, f"{self._label}: the changes cannot be made") from None

    def narrowing(self, table: str, predicate: str) -> Change:
        """The change by which only the rows of a predicate are read. Raises UnusableInput."""
        if len(self._connections) != 1:
            raise UnusableInput("row security is of one database", hint="name it in the URL")
        ((name, connection),) = self._connections.items()
        change = change_of(self._catalogues[name], name, table, predicate)
        refuse_if_it_fails(connection, change)
        return change

    def rows(self, change: Change) -> PostgresqlRows:
        """The rows of the table that a narrowing is about."""
        return PostgresqlRows(self._connections[change.database], self._catalogues[change.database], change)

    def make(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes, one transaction a database; if a later one fails, the earlier ones are taken back."""
        made: list[Change] = []
        try:
            for name, stage in self._stages(changes):
                with self._final(name) as connection:
                    _forward(connection, stage)
                    look(connection)
                made += stage
        except (Refusal, TrapstreetError) as error:
            self.take_back(made)
            if isinstance(error, Refusal):
                raise _told(error, f"{self._label}: nothing was changed") from None
            raise

    def take_back(self, changes: Sequence[Change]) -> None:
        """Take changes back, the last one first."""
        for name, stage in reversed([*self._stages(changes)]):
            try:
                with self._final(name) as connection:
                    _backward(connection, stage)
            except Refusal as error:
                raise _told(error, f"{self._label}: not everything could be given back") from None

    def _stages(
        self, changes: Sequence[Change], *, shared_in_each: bool = False
    ) -> Iterator[tuple[str, list[Change]]]:
        """The changes by database, in their order; what the whole server has in the first, or in each."""
        names = [name for name in self._connections if any(each.database == name for each in changes)]
        if any(not each.database for each in changes):
            names = [*self._connections] if shared_in_each else names or [*self._connections][:1]
        for number, name in enumerate(names):
            shared = ("",) if shared_in_each or not number else ()
            yield name, [each for each in changes if each.database in (name, *shared)]

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


def _reversible(connection: "Connection", changes: Sequence[Change]) -> list[Change]:
    """Those of some changes that can be made, do what they say, and can be taken back."""
    kept: set[str] = set()
    things: dict[tuple[str, ...], list[Change]] = {}
    for each in changes:
        things.setdefault(each.on, []).append(each)
    every = [*things.values()]
    left = [every[n : n + _AT_ONCE] for n in range(0, len(every), _AT_ONCE)]
    while left:
        bundle = left.pop()
        keys = {each.key for some in bundle for each in some}
        if _comes_back(connection, [each for some in bundle for each in some]):
            kept |= keys
        elif half := len(bundle) // 2:
            left += [bundle[:half], bundle[half:]]
    return [each for each in changes if each.key in kept]


def _comes_back(connection: "Connection", changes: Sequence[Change]) -> bool:
    """Whether changes take just those rights away, of all on the same things, and give them back.

    changes  each thing's together, in their order
    """
    paths = sorted({".".join(each.on[1:] if each.database else each.on) for each in changes})

    def there() -> set[str]:
        return {each.key for each in given_on(connection, paths)}

    run(connection, BEGIN)
    try:
        before = there()
        run(connection, "; ".join(each for change in changes for each in change.forward))
        after = there()
        run(connection, "; ".join(each for change in reversed(changes) for each in change.back))
        return after == before - {_line(each) for each in changes} and there() == before
    except Refusal:
        return False
    finally:
        run(connection, "ROLLBACK")


def _rehearse(connection: "Connection", changes: Sequence[Change], look: Look) -> None:
    run(connection, BEGIN)
    try:
        before = _forward(connection, changes)
        look(connection)
        _backward(connection, changes)
        if {*standing(connection).lines} != before:
            raise UnusableInput("the way back does not lead back", hint="take fewer rights away at once")
    finally:
        run(connection, "ROLLBACK")


def _forward(connection: "Connection", changes: Sequence[Change]) -> set[str]:
    """Make changes, and see that those rights are gone and no others; all there were before.

    Raises Refusal, UnusableInput.
    """
    there = before = {*standing(connection).lines}
    run(connection, "; ".join(each for change in changes for each in change.forward))
    after = {*standing(connection).lines}
    if any(each.kind == ROW_SECURITY for each in changes):
        before, after = ({each for each in lines if _is_right(each)} for lines in (before, after))
    if after != before - {_line(each) for each in changes}:
        raise UnusableInput(
            "the server changed other rights than it was told to", hint="see its event triggers"
        )
    return there


def _backward(connection: "Connection", changes: Sequence[Change]) -> None:
    """Take changes back, and see that those rights are there again. Raises Refusal, UnusableInput."""
    run(connection, "; ".join(each for change in reversed(changes) for each in change.back))
    missing = {_line(each) for each in changes if each.kind != ROW_SECURITY} - {*standing(connection).lines}
    if missing:
        raise UnusableInput(f"{counted(len(missing), 'right')} did not come back", hint="run it again")


def _line(change: Change) -> str:
    """What `standing` says of the right that a change takes away."""
    return change.key.removeprefix(f"{change.database} ")


def _is_right(line: str) -> bool:
    return not line.startswith(("policy ", "r ", "p "))


def _told(error: Refusal, what: str) -> TrapstreetError:
    """A refusal of the server as one line."""
    if error.state == NO_RIGHT:
        return AccessDenied(f"{what}: {printable(error.message)}", hint="log in as a superuser")
    if error.state == NO_MEMORY:
        hint = "raise its max_locks_per_transaction, or take one role after the other: --role"
        return UnusableInput(f"{what}: too many tables at once for the server", hint=hint)
    if error.state.startswith("08"):
        return Unreachable(f"{what}: the connection broke", hint="try again")
    return UnusableInput(f"{what}: {printable(error.message)}", hint="make a new plan")


@contextmanager
def _connected(location: str, database: str, label: str) -> "Iterator[Connection]":
    """A connection without a transaction, whose names mean those of the server itself."""
    import os

    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        settings: dict[str, Any] = {**conninfo_to_dict(location)}
    except psycopg.ProgrammingError:
        raise unreadable(label) from None
    if "password" not in settings and (password := os.environ.get("TRAPSTREET_DB_PASSWORD")):
        settings["password"] = password
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "fallback_application_name": "trapstreet",
        "client_encoding": "utf8",
    }
    try:
        connection = psycopg.connect(
            **(defaults | settings | {"dbname": database}), autocommit=True, prepare_threshold=None
        )
    except psycopg.Error as error:
        raise refused(str(error), label) from None
    try:
        with connection:
            connection.execute(b"SET search_path = pg_catalog")
            yield connection
    except psycopg.Error as error:
        raise refused(str(error), label) from None
