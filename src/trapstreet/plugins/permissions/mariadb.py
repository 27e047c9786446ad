"""Who may read what in MariaDB 10.4 and later: every database of a server, or the one that the URL names.

Reads the grant tables and information_schema in one read-only transaction. Least grants:

    GRANT SELECT ON mysql.* TO reader;
    GRANT REFERENCES, SHOW VIEW ON *.* TO reader;   -- so that it sees all names, and what views show
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.rights import Bits, Door, Grant, How, Principal, Resource, Rights, bits_of
from trapstreet.core.model.urls import without_password
from trapstreet.plugins.permissions import _mariadb_catalogue as catalogue
from trapstreet.plugins.permissions._mariadb_accounts import Accounts, Member
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
from trapstreet.plugins.permissions._mariadb_matching import Account, DatabaseGrant, specificity
from trapstreet.plugins.permissions._mariadb_session import connected

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

title = "MariaDB (mariadb://user@host/[database])"
schemes = ("mariadb", "mysql")

_SAYS_WHO = {"", "mysql_native_password", "mysql_old_password", "ed25519", "unix_socket"}
"""Ways of logging in that make nobody another account than the one that was asked for."""


class Told(NamedTuple):
    """An account, or a role, and its rights on everything.

    rules  SUPER;  writes  may write all tables;  plugin, others  its ways of logging in
    """

    user: str
    host: str
    is_role: bool
    default_role: str
    selects: bool
    files: bool
    rules: bool
    writes: bool
    executes: bool
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
        return _Server(cursor, label, database).rights


class _Server:
    """What one server tells."""

    def __init__(self, cursor: "Cursor", label: str, database: str) -> None:
        import pymysql

        self._cursor = cursor
        cursor.execute("SELECT VERSION()")
        version = str((cursor.fetchone() or ("",))[0]).partition("-")[0]
        self.rights = Rights(label, f"MariaDB {version}", ("table or view", "tables and views"), _WHO)
        try:
            told = [Told(*each) for each in self._asked(catalogue.ACCOUNTS)]
        except pymysql.MySQLError:
            raise AccessDenied(
                f"{label}: the grant tables may not be read", hint="GRANT SELECT ON mysql.* to this account"
            ) from None
        every = [Account(each.user, each.host) for each in told]
        self._accounts = Accounts(
            every,
            {each.user for each in told if each.is_role},
            [Member(*each) for each in self._asked(catalogue.MEMBERS)],
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
        relations: dict[Table, int] = {}
        for schema, name, kind, rows in self._asked(catalogue.RELATIONS):
            if database in ("", schema):
                relations[schema, name] = len(self.rights.resources)
                what = "view" if "VIEW" in kind else "table"
                self.rights.resources.append(Resource((schema, name), what, rows))
        self._everywhere(told)
        doors = Doors(self._contents(relations, told), self._accounts)
        self.rights.notes += [
            f"nobody can read view {'.'.join(each)}: its definer may not read what it shows"
            for each in doors.broken
        ]
        self.rights.doors += doors

    def _contents(self, relations: dict[Table, int], told: Sequence[Told]) -> Contents:
        databases = [DatabaseGrant(*each) for each in self._asked(catalogue.DATABASES)]
        return Contents(
            relations,
            wide=_those(each.selects for each in told),
            executes=_those(each.executes for each in told),
            databases=sorted(databases, key=specificity),
            tables=[TableGrant(*each) for each in self._asked(catalogue.TABLES)],
            columns=[ColumnGrant(*each) for each in self._asked(catalogue.COLUMNS)],
            views=[View(*each) for each in self._asked(catalogue.VIEWS)],
            routines=[Routine(*each) for each in self._asked(catalogue.FUNCTIONS)],
            routine_grants=[RoutineGrant(*each) for each in self._asked(catalogue.ROUTINES)],
            proxies=[Proxy(*each) for each in self._asked(catalogue.PROXIES)],
            maps=_those(each.maps for each in told),
        )

    def _note_what_is_hidden(self) -> None:
        """The server leaves out, without a word, what this account has no right on."""
        ((names, views),) = self._asked(catalogue.SEES_ALL)
        unknown = self.rights.unknown
        if not names:
            unknown.append("tables on which this account has no right: GRANT REFERENCES ON *.* to it")
        if not views:
            unknown.append("what views show, where this account may not see it: GRANT SHOW VIEW ON *.* to it")

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(query)
        return [tuple(map(_text, each)) for each in self._cursor.fetchall()]

    def _everywhere(self, told: Sequence[Told]) -> None:
        doors, all_, has = self.rights.doors, self._accounts.everybody, self._accounts.has
        wide = _those(each.selects for each in told)
        doors.append(Door(None, How.GRANT, has.arriving(wide), (Grant("SELECT on *.*", wide),), all_))
        files = _those(each.files for each in told)
        text = "FILE: reads files of the server, as far as secure_file_priv lets it"
        doors.append(Door(None, How.SERVER, has.arriving(files), (Grant(text, files),), all_, sure=False))
        rules = _those(each.rules or each.writes for each in told)
        text = "SUPER, or may write the grant tables: can grant itself anything"
        doors.append(Door(None, How.SUPERUSER, has.arriving(rules), (Grant(text, rules),), all_, could=True))


_WHO = ("account or role", "accounts and roles")


def _those(chosen: Iterable[bool]) -> Bits:
    return bits_of(number for number, each in enumerate(chosen) if each)


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
