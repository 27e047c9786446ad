"""Who may read what in MariaDB 10.4 and later: every database of a server, or the one that the URL names.

Reads the grant tables and information_schema in one read-only transaction. Least grants: SELECT on each table
of `mysql` that _mariadb_catalogue.py and _mariadb_powers.py name and on mysql.proc, which lets it see what
routines do; SHOW VIEW on everything, with which it sees all names; SELECT on each view, so that it sees what
that shows.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.rights import Bits, Door, Grant, How, Principal, Resource, Rights
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
from trapstreet.plugins.permissions._mariadb_hidden import doors as hidden
from trapstreet.plugins.permissions._mariadb_hidden import revocable
from trapstreet.plugins.permissions._mariadb_kept import doors as kept
from trapstreet.plugins.permissions._mariadb_lent import doors as lent
from trapstreet.plugins.permissions._mariadb_matching import Account, DatabaseGrant, specificity
from trapstreet.plugins.permissions._mariadb_powers import GRANT_TABLES
from trapstreet.plugins.permissions._mariadb_powers import doors as powers
from trapstreet.plugins.permissions._mariadb_replacing import Making, Replacing
from trapstreet.plugins.permissions._mariadb_session import connected
from trapstreet.plugins.permissions._mariadb_told import Told, rows_of, those, told_by
from trapstreet.plugins.permissions._mariadb_triggers import SEES_TRIGGERS, TRIGGERS, UNSEEN, triggers_of
from trapstreet.plugins.permissions._mariadb_triggers import doors as triggered

title = "MariaDB (mariadb://user@host/[database])"
schemes = ("mariadb", "mysql")


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
        self._within, self._database = within, database
        ((version,),) = rows_of(within.contents, "SELECT VERSION()")
        edition = f"MariaDB {version.partition('-')[0]}"
        self.rights = Rights(label, edition, ("table or view", "tables and views"), _WHO)
        told = self._told()
        self._accounts = self._accounts_of(told)
        self._note_what_is_hidden()
        contents = self._contents(told)
        doors = Doors(contents, self._accounts)
        self._note_unread(doors)
        found = [*self._doors(contents, doors)]
        found += doors.as_others(found)
        own = [each for each in found if each.resource is None or each.resource < len(self.rights.resources)]
        self.rights.doors += [*own, *lent(own, self._accounts)]

    def _told(self) -> list[Told]:
        """Who there is. Raises AccessDenied."""
        import pymysql

        try:
            told = told_by(self._within)
        except pymysql.MySQLError as error:
            if is_lost(error):
                raise
            raise AccessDenied(
                f"{self.rights.place}: the grant tables may not be read",
                hint="GRANT SELECT on them: docs/access.md",
            ) from None
        self.rights.principals += [
            Principal(each.name, logs_in=not each.is_role, note="SUPER" * bool(each.rules)) for each in told
        ]
        return told

    def _accounts_of(self, told: Sequence[Told]) -> Accounts:
        every = [Account(each.user, each.host) for each in told]
        accounts = Accounts(
            every,
            {each.user for each in told if each.is_role},
            [Member(*each) for each in self._granted(catalogue.MEMBERS)],
            {account: each.default_role for account, each in zip(every, told, strict=True)},
        )
        self.rights.memberships += accounts.memberships
        return accounts

    def _relations(self) -> tuple[dict[Table, int], set[Table]]:
        """The numbers of tables and views, those of other databases, which show what is in this one, last;
        and which of them HANDLER reads."""
        asked = sorted(self._asked(catalogue.RELATIONS), key=lambda each: not self._is_asked(each[0]))
        self.rights.resources += [
            Resource((schema, name), "view" if "VIEW" in kind else "table", rows)
            for schema, name, kind, rows, _ in asked
            if self._is_asked(schema)
        ]
        return {each[:2]: number for number, each in enumerate(asked)}, {
            each[:2] for each in asked if each[4]
        }

    def _is_asked(self, database: str) -> bool:
        return self._database in ("", database)

    def _doors(self, contents: Contents, doors: Doors) -> Iterator[Door]:
        """All doors but those of who comes in as another, and those that accounts lend each other."""
        accounts, on_database = self._accounts, doors.on_database
        making = Making(contents, accounts, on_database)
        writers = on_database(GRANT_TABLES, attrgetter("writes"))
        to_all = [*self._to_everything(contents)]
        to_all += powers(self._granted, accounts, writers, making.on_grant_tables("drops", "creates"))
        yield from to_all
        yield from kept(contents, accounts, on_database)
        found = [*doors]
        yield from found
        yield from altering(contents, accounts, on_database, beside=found)
        used = Replacing(contents, accounts, making, doors.routines, readers=doors.readers)
        everything: Bits = 0
        for each in to_all:
            everything |= each.opens if each.sure and each.how in (How.GRANT, How.SUPERUSER) else 0
        yield from used.doors(everything)
        yield from triggered(contents, accounts, making, doors.routines.calls)
        yield from hidden(contents, accounts, making.on_grant_tables("deletes") & ~everything)
        yield from revocable(contents, accounts, accounts.everybody & ~everything)

    def _contents(self, told: Sequence[Told]) -> Contents:
        databases = [DatabaseGrant(*each) for each in self._granted(catalogue.DATABASES)]
        relations, handled = self._relations()
        return Contents(
            relations,
            handled,
            wide=those(each.selects for each in told),
            files=those(each.files for each in told),
            executes=those(each.executes for each in told),
            alters=those(each.alters for each in told),
            rewrites=those(each.rewrites for each in told),
            creates=those(each.creates for each in told),
            drops=those(each.drops for each in told),
            makes_views=those(each.makes_views for each in told),
            makes_routines=those(each.makes_routines for each in told),
            deletes=those(each.deletes for each in told),
            inserts=those(each.inserts for each in told),
            updates=those(each.updates for each in told),
            gives=those(each.gives for each in told),
            databases=sorted(databases, key=specificity),
            tables=[TableGrant(*each) for each in self._granted(catalogue.TABLES)],
            columns=[ColumnGrant(*each) for each in self._granted(catalogue.COLUMNS)],
            views=[View(*each) for each in self._asked(catalogue.VIEWS)],
            routines=[Routine(*each) for each in self._asked(catalogue.FUNCTIONS)],
            triggers=[*triggers_of(self._asked(TRIGGERS))],
            routine_grants=[RoutineGrant(*each) for each in self._granted(catalogue.ROUTINES)],
            proxies=[Proxy(*each) for each in self._granted(catalogue.PROXIES)],
            maps=those(each.maps for each in told),
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
        ((triggers,),) = self._asked(SEES_TRIGGERS)
        if not triggers:
            self.rights.notes.append(UNSEEN)

    def _note_unread(self, doors: Doors) -> None:
        """The server tells what a view shows to those alone who may read that; some views nobody can read."""
        if doors.unseen:
            names = [".".join(each) for each in doors.unseen]
            more = f" and {len(names) - _NAMED} more" * (len(names) > _NAMED)
            self.rights.unknown.append(
                f"what views show ({', '.join(names[:_NAMED])}{more}), and for whom they work:"
                " GRANT SHOW VIEW and SELECT on them to this account"
            )
        self.rights.notes += [
            f"nobody can read view {'.'.join(each)}: its definer may not read what it shows"
            for each in doors.broken
            if self._is_asked(each[0])
        ]

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        """What there is."""
        return rows_of(self._within.contents, query)

    def _granted(self, query: str) -> list[tuple[Any, ...]]:
        """Who has which rights."""
        return rows_of(self._within.grants, query)

    def _to_everything(self, contents: Contents) -> Iterator[Door]:
        for how, what, to in (
            (How.GRANT, "SELECT on *.*", contents.wide),
            (
                How.SERVER,
                "FILE: reads files of the server, as far as secure_file_priv lets it",
                contents.files,
            ),
        ):
            opens = self._accounts.has.arriving(to)
            yield Door(None, how, opens, (Grant(what, to),), self._accounts.everybody, sure=how == How.GRANT)


_WHO = ("account or role", "accounts and roles")
_NAMED = 5
"""How many views are named, of which is not known what they show."""
