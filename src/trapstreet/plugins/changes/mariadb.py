"""Rights in MariaDB 10.4 and later: tried out on an empty clone, taken away one after the other, given back.

Nothing of it is transactional there: what was taken away is given back where something fails, or `take_back`
does so later. To read what there is takes rights on all of it; to change, GRANT OPTION with what is granted.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Look
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, UnusableInput
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import counted, printable
from trapstreet.plugins._mariadb import Within, code_of, connect, is_lost, refused
from trapstreet.plugins.changes._mariadb import script as scripts
from trapstreet.plugins.changes._mariadb.beside import doubt_of_all
from trapstreet.plugins.changes._mariadb.catalogue import Catalogue, catalogue_of
from trapstreet.plugins.changes._mariadb.checks import People
from trapstreet.plugins.changes._mariadb.clone import Clone, asking, one
from trapstreet.plugins.changes._mariadb.hosts import Hosts
from trapstreet.plugins.changes._mariadb.nearness import Nearness
from trapstreet.plugins.changes._mariadb.preparing import cloned
from trapstreet.plugins.changes._mariadb.replay import MariadbReplay
from trapstreet.plugins.changes._mariadb.rights import changes_of
from trapstreet.plugins.changes._mariadb.shadows import hiding
from trapstreet.plugins.changes._mariadb.standing import Standing, standing
from trapstreet.plugins.changes._mariadb.trying import rehearse, reversible
from trapstreet.plugins.changes._no_row_security import NoRowSecurity

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

title = "MariaDB (mariadb://user@host/[database])"
schemes = ("mariadb", "mysql")
suffix = "sql"
script = scripts.script
clones = True

_SECONDS = 300
_LOCK_SECONDS = 10
_WHERE = "mysql"
"""The database in which MariaDB keeps its rights."""
_GONE = frozenset({1054, 1133, 1146, 1305, 1396, 1959, 1049})
"""What the server says where an account, role, table, column or routine is not there."""

_OF_ONE = frozenset({1044, 1064, 1141, 1142, 1143, 1147, 1227, 1403, 1410, 1698})
"""What it says where one change is refused, and another may well not be."""
_UNDO = "run it again with --undo"


@contextmanager
def opened(location: str, clone: str = "") -> "Iterator[MariadbPlace]":
    """A server; with a database in the URL, its rights on that one alone may change.

    clone  the URL of an empty server; "" then nothing can be tried out
    Raises Unreachable, AccessDenied, UnusableInput.
    """
    import pymysql

    label = without_password(location)
    database = unquote(urlsplit(location).path.strip("/"))
    with ExitStack() as stack:
        connection = stack.enter_context(closing(connect(location, label, seconds=_SECONDS)))
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SET SESSION max_statement_time = {_SECONDS}, lock_wait_timeout = {_LOCK_SECONDS}"
                )
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
                (version,) = one(cursor, "SELECT VERSION()")
                if "MariaDB" not in version:
                    raise UnusableInput(f"{label} is not MariaDB", hint="MySQL's rights are not changed here")
                tries = stack.enter_context(cloned(clone, label, cursor)) if clone else None
                yield MariadbPlace(location, label, cursor, tries, database)
        except pymysql.MySQLError as error:
            raise _told(error, label) from None


class MariadbPlace(NoRowSecurity):
    """A server, as long as the connection is open that only reads there.

    database  "" rights on all may change
    """

    def __init__(
        self, location: str, label: str, asked: "Cursor", clone: Clone | None, database: str
    ) -> None:
        self._location, self._label, self._database = location, label, database
        self._asked, self._clone = asked, clone
        (version,) = one(asked, "SELECT VERSION()")
        self.edition = f"MariaDB {version.partition('-')[0]}"

    @cached_property
    def _catalogue(self) -> Catalogue:
        return catalogue_of(self._asked)

    @cached_property
    def _there(self) -> Standing:
        return standing(self._asked)

    @property
    def _tried(self) -> Clone:
        if self._clone is None:
            raise UnusableInput(
                "MariaDB cannot take a change back unseen: it is tried out on an empty server",
                hint="start one and name it: --clone mariadb://root@127.0.0.1:3307/ (docs/advise-mariadb.md)",
            )
        return self._clone

    def covers(self, use: PastUse) -> bool:
        """All of them: in any database a statement may name another."""
        return True

    def changes(self) -> list[Change]:
        """Every right that can be taken away and comes back as it was: each was tried on the clone."""
        clone, there = self._tried, self._there
        user, _, host = one(self._asked, "SELECT CURRENT_USER()")[0].rpartition("@")
        tables = self._catalogue.relations
        hides = hiding(there, {schema for schema, _ in tables})
        found = changes_of(
            there,
            tables,
            (user, host),
            depth=self._catalogue.depth,
            but=hides,
            database=self._database,
        )
        with asking():
            return reversible(clone, found)

    def standing(self) -> dict[str, list[str]]:
        """All rights as they are."""
        return {_WHERE: standing(self._asked).lines}

    def replay(self, uses: Sequence[PastUse], changes: Sequence[Change]) -> MariadbReplay:
        """Past uses, looked at as things are now."""
        (by_name,) = one(self._asked, "SELECT NOT @@skip_name_resolve")
        people = People(self._there, Hosts(self._there, by_name=bool(by_name)), uses)
        with asking():
            return MariadbReplay(
                self._tried,
                self._catalogue,
                people,
                uses,
                Nearness(changes, self._there),
                doubt=doubt_of_all(self._asked),
            )

    def rehearse(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes on the clone, and take them back there."""
        with asking():
            rehearse(self._tried, changes, lambda grants: look(Within(self._asked, grants)))

    def make(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes, one after the other; if one fails, or `look` raises, take back what was made."""
        begun: list[Change] = []
        before = {*standing(self._asked).lines}
        try:
            with self._writing() as cursor:
                for each in changes:
                    begun.append(each)
                    for statement in each.forward:
                        cursor.execute(statement)
            after = {*standing(self._asked).lines}
            if after != before - {each.key for each in changes}:
                raise UnusableInput(
                    "the server changed other rights than it was told to", hint="make a new plan"
                )
            look(Within(self._asked, self._asked))
        except BaseException as error:
            self.take_back(self.made(begun))
            if isinstance(error, TrapstreetError | KeyboardInterrupt) or not _is_servers(error):
                raise
            raise _told(error, f"{self._label}: nothing was changed") from None

    def take_back(self, changes: Sequence[Change]) -> list[Change]:
        """Take changes back, the last one first; those that cannot be, since what they are of is gone."""
        import pymysql

        gone: list[Change] = []
        stuck: list[tuple[Change, BaseException]] = []
        names = {each.name for each in standing(self._asked).holders}
        try:
            with self._writing() as cursor:
                for each in reversed(changes):
                    try:
                        gone += [] if each.of in names and _is_back(cursor, each) else [each]
                    except pymysql.MySQLError as error:
                        if code_of(error) not in _OF_ONE:
                            raise
                        stuck.append((each, error))
        except pymysql.MySQLError as error:
            what = f"{self._label}: not everything could be given back"
            raise _told(error, what, hint=_UNDO) from None
        if stuck:
            each, why = stuck[0]
            more = f" and {len(stuck) - 1:,} more" if len(stuck) > 1 else ""
            what = f"{self._label}: all was given back but {printable(each.says)}{more}"
            raise _told(why, what, hint=_UNDO)
        missing = {each.key for each in changes if each not in gone} - {*standing(self._asked).lines}
        if missing:
            raise UnusableInput(f"{counted(len(missing), 'right')} did not come back", hint="run it again")
        return gone

    def made(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that are made: the right is not there."""
        there = {*standing(self._asked).lines}
        return [each for each in changes if each.key not in there]

    @contextmanager
    def _writing(self) -> "Iterator[Cursor]":
        """A connection by which something can be changed."""
        connection = connect(self._location, self._label, seconds=_SECONDS)
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(scripts.MODE)
            cursor.execute(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}")
            yield cursor
            cursor.execute(scripts.READ_AGAIN)


def _is_back(cursor: "Cursor", change: Change) -> bool:
    """Take one change back, if what it is of is still there."""
    import pymysql

    try:
        for statement in change.back:
            cursor.execute(statement)
    except pymysql.MySQLError as error:
        if code_of(error) in _GONE:
            return False
        raise
    return True


def _is_servers(error: BaseException) -> bool:
    import pymysql

    return isinstance(error, pymysql.MySQLError)


def _told(error: BaseException, what: str, *, hint: str = "make a new plan") -> TrapstreetError:
    """A refusal of the server as one line."""
    code = error.args[0] if error.args else 0
    message = str(error.args[1]) if len(error.args) > 1 else ""
    if code in (1044, 1045, 1142, 1143, 1227, 1410):
        return AccessDenied(f"{what}: {printable(message)}", hint="log in as one that may grant all of it")
    if isinstance(error, Exception) and is_lost(error):
        return refused(error, what)
    return UnusableInput(f"{what}: {printable(message)}", hint=hint)
