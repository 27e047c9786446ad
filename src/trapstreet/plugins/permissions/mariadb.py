"""Who may read what in MariaDB 10.4 and later: every database of a server, or the one that the URL names.

Reads the grant tables and information_schema in one read-only transaction. Least grants: SELECT on each table
of `mysql` that _mariadb_catalogue.py and _mariadb_powers.py name and on mysql.proc, which lets it see what
routines do; SHOW VIEW on everything, with which it sees all names; SELECT on each view, so that it sees what
that shows.
"""

import re
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.rights import Bits, Door, Grant, How, Principal, Resource, Rights, bits_of
from trapstreet.core.model.urls import without_password
from trapstreet.plugins._mariadb import Within, is_lost, refused
from trapstreet.plugins.permissions import _mariadb_catalogue as catalogue
from trapstreet.plugins.permissions._mariadb_accounts import Accounts, Member
from trapstreet.plugins.permissions._mariadb_altering import doors as altering
from trapstreet.plugins.permissions._mariadb_contents import (
    ColumnGrant,
    Contents,
    Proxy,
    Routine,
    RoutineGrant,
    Table,
    TableGrant,
    View,
)
from trapstreet.plugins.permissions._mariadb_doors import Doors
from trapstreet.plugins.permissions._mariadb_kept import doors as kept
from trapstreet.plugins.permissions._mariadb_lent import doors as lent
from trapstreet.plugins.permissions._mariadb_matching import Account, DatabaseGrant, specificity
from trapstreet.plugins.permissions._mariadb_powers import GRANT_TABLES
from trapstreet.plugins.permissions._mariadb_powers import doors as powers
from trapstreet.plugins.permissions._mariadb_session import connected

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

title = "MariaDB (mariadb://user@host/[database])"
schemes = ("mariadb", "mysql")

_SAYS_WHO = {"", "mysql_native_password", "mysql_old_password", "ed25519", "unix_socket"}
"""Ways of logging in that make nobody another account than the one that was asked for."""


class Told(NamedTuple):
    """An account, or a role, and its rights on everything.

    rules  SUPER;  alters  ALTER or INDEX;  rewrites  ALTER ROUTINE;  plugin, others  its ways of logging in
    """

    user: str
    host: str
    is_role: bool
    default_role: str
    selects: bool
    files: bool
    rules: bool
    executes: bool
    alters: bool
    rewrites: bool
    plugin: str | None
    others: str | None

    @property
    def maps(self) -> bool:
        """Whether a way of logging in may say that it is another account."""
        return bool({self.plugin or "", *re.findall(r"\w+", self.others or "")} - _SAYS_WHO)


def rights(location: str) -> Rights:
    """The rights on every table and view of a server's databases. Raises Unreachable, AccessDenied,
    UnusableInput."""
    label = without_password(location)
    database = unquote(urlsplit(location).path.strip("/"))
    with connected(location, label) as cursor:
        return _Server(Within(cursor, cursor), label, database).rights


def rights_within(handle: Within, label: str) -> Rights:
    """The rights as an unfinished change leaves them. Raises Unreachable, AccessDenied, UnusableInput."""
    import pymysql

    try:
        return _Server(handle, label, unquote(urlsplit(label).path.strip("/"))).rights
    except pymysql.MySQLError as error:
        raise refused(error, label) from None


class _Server:
    """What one server tells."""

    def __init__(self, within: Within, label: str, database: str) -> None:
        import pymysql

        self._within = within
        cursor = within.contents
        cursor.execute("SELECT VERSION()")
        version = str((cursor.fetchone() or ("",))[0]).partition("-")[0]
        self.rights = Rights(label, f"MariaDB {version}", ("table or view", "tables and views"), _WHO)
        try:
            told = self._told()
        except pymysql.MySQLError as error:
            if is_lost(error):
                raise
            raise AccessDenied(
                f"{label}: the grant tables may not be read", hint="GRANT SELECT on them: docs/access.md"
            ) from None
        every = [Account(each.user, each.host) for each in told]
        self._accounts = Accounts(
            every,
            {each.user for each in told if each.is_role},
            [Member(*each) for each in self._granted(catalogue.MEMBERS)],
            {account: each.default_role for account, each in zip(every, told, strict=True)},
        )
        self.rights.principals += [
            Principal(
                each.user if each.is_role else f"{each.user}@{each.host}",
                logs_in=not each.is_role,
                note="SUPER" * bool(each.rules),
            )
            for each in told
        ]
        self.rights.memberships += self._accounts.memberships
        self._note_what_is_hidden()
        # Views and routines of other databases show what is in this one.
        asked = sorted(self._asked(catalogue.RELATIONS), key=lambda each: database not in ("", each[0]))
        relations: dict[Table, int] = {each[:2]: number for number, each in enumerate(asked)}
        for schema, name, kind, rows in asked:
            if database in ("", schema):
                what = "view" if "VIEW" in kind else "table"
                self.rights.resources.append(Resource((schema, name), what, rows))
        self._everywhere(told)
        contents = self._contents(relations, told)
        doors = Doors(contents, self._accounts)
        self._note_unseen(doors.unseen)
        self.rights.notes += [
            f"nobody can read view {'.'.join(each)}: its definer may not read what it shows"
            for each in doors.broken
            if database in ("", each[0])
        ]
        writers = doors.on_database(GRANT_TABLES, attrgetter("writes"))
        self.rights.doors += powers(self._granted, self._accounts, writers)
        self.rights.doors += kept(contents, self._accounts, doors.on_database)
        found = [*doors]
        found = [*found, *altering(contents, self._accounts, doors.on_database, beside=found)]
        told_of = len(self.rights.resources)
        self.rights.doors += [each for each in found if each.resource is None or each.resource < told_of]
        self.rights.doors += [*lent(self.rights.doors, self._accounts)]

    def _contents(self, relations: dict[Table, int], told: Sequence[Told]) -> Contents:
        databases = [DatabaseGrant(*each) for each in self._granted(catalogue.DATABASES)]
        return Contents(
            relations,
            wide=_those(each.selects for each in told),
            executes=_those(each.executes for each in told),
            alters=_those(each.alters for each in told),
            rewrites=_those(each.rewrites for each in told),
            databases=sorted(databases, key=specificity),
            tables=[TableGrant(*each) for each in self._granted(catalogue.TABLES)],
            columns=[ColumnGrant(*each) for each in self._granted(catalogue.COLUMNS)],
            views=[View(*each) for each in self._asked(catalogue.VIEWS)],
            routines=[Routine(*each) for each in self._asked(catalogue.FUNCTIONS)],
            routine_grants=[RoutineGrant(*each) for each in self._granted(catalogue.ROUTINES)],
            proxies=[Proxy(*each) for each in self._granted(catalogue.PROXIES)],
            maps=_those(each.maps for each in told),
        )

    def _note_what_is_hidden(self) -> None:
        """The server leaves out, without a word, what this account has no right on."""
        ((names,),) = self._asked(catalogue.SEES_ALL)
        if not names:
            self.rights.unknown.append(
                "tables on which this account has no right: GRANT SHOW VIEW ON *.* to it"
            )
        import pymysql

        try:
            self._asked(catalogue.SEES_ROUTINES)
        except pymysql.MySQLError as error:
            if is_lost(error):
                raise
            self.rights.unknown.append("what routines show: GRANT SELECT ON mysql.proc to this account")

    def _note_unseen(self, views: Sequence[Table]) -> None:
        """The server tells what a view shows to those alone who may read that."""
        if views:
            names = [".".join(each) for each in views]
            more = f" and {len(names) - _NAMED} more" * (len(names) > _NAMED)
            self.rights.unknown.append(
                f"what views show ({', '.join(names[:_NAMED])}{more}), and for whom they work:"
                " GRANT SHOW VIEW and SELECT on them to this account"
            )

    def _told(self) -> list[Told]:
        """Who there is. A clone has accounts of its own, and other ways of logging in."""
        told = [Told(*each) for each in self._granted(catalogue.ACCOUNTS)]
        if self._within.grants is self._within.contents:
            return told
        ways = {each[:2]: each for each in (Told(*row) for row in self._asked(catalogue.ACCOUNTS))}
        return [
            each._replace(plugin=ways[each[:2]].plugin, others=ways[each[:2]].others)
            for each in told
            if each[:2] in ways
        ]

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        """What there is."""
        return _rows(self._within.contents, query)

    def _granted(self, query: str) -> list[tuple[Any, ...]]:
        """Who has which rights."""
        return _rows(self._within.grants, query)

    def _everywhere(self, told: Sequence[Told]) -> None:
        doors, all_, has = self.rights.doors, self._accounts.everybody, self._accounts.has
        wide = _those(each.selects for each in told)
        doors.append(Door(None, How.GRANT, has.arriving(wide), (Grant("SELECT on *.*", wide),), all_))
        files = _those(each.files for each in told)
        text = "FILE: reads files of the server, as far as secure_file_priv lets it"
        doors.append(Door(None, How.SERVER, has.arriving(files), (Grant(text, files),), all_, sure=False))


_WHO = ("account or role", "accounts and roles")
_NAMED = 5
"""How many views are named, of which is not known what they show."""


def _those(chosen: Iterable[bool]) -> Bits:
    return bits_of(number for number, each in enumerate(chosen) if each)


def _rows(cursor: "Cursor", query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return [tuple(map(_text, each)) for each in cursor.fetchall()]


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
