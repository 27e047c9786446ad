"""Who may read what in MariaDB 10.4 and later: every database of a server, or the one that the URL names.

Reads the grant tables and information_schema in one read-only transaction. Least grants:

    GRANT SELECT ON mysql.* TO reader;
    GRANT REFERENCES, SHOW VIEW ON *.* TO reader;   -- so that it sees all names, and what views show
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.rights import (
    Bits,
    Door,
    Grant,
    How,
    Membership,
    Principal,
    Resource,
    Rights,
    Rows,
    bits_of,
)
from trapstreet.core.model.urls import without_password
from trapstreet.plugins.permissions import _mariadb_catalogue as catalogue
from trapstreet.plugins.permissions._mariadb_matching import (
    Account,
    DatabaseGrant,
    deciding,
    host_covers,
    specificity,
)
from trapstreet.plugins.permissions._mariadb_session import connected

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

title = "MariaDB (mariadb://user@host/[database])"
schemes = ("mariadb", "mysql")

_PUBLIC = "PUBLIC"
_NAMED = re.compile(r"`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`")

Table = tuple[str, str]


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
            accounts = self._asked(catalogue.ACCOUNTS)
        except pymysql.MySQLError:
            raise AccessDenied(
                f"{label}: the grant tables may not be read", hint="GRANT SELECT ON mysql.* to this account"
            ) from None
        self._accounts = [Account(user, host) for user, host, *_ in accounts]
        self._number = {each: n for n, each in enumerate(self._accounts)}
        self._roles = {user for user, _, is_role, *_ in accounts if is_role}
        self.rights.principals += [
            Principal(_name(Account(user, host), is_role), logs_in=not is_role, note="SUPER" * bool(sup))
            for user, host, is_role, _, _, _, sup, *_ in accounts
        ]
        self._everybody: Bits = (1 << len(accounts)) - 1
        self._join(accounts)
        members = self.rights.memberships
        self._has = Closure(len(accounts), edges_of(members, lambda each: each.inherits))
        # What a role has of another one's grants on databases is judged in `_on_database`.
        self._acts = Closure(
            len(accounts),
            edges_of(members, lambda each: each.inherits and not self._is_role(self._accounts[each.member])),
        )
        self._note_what_is_hidden()
        self._relations: dict[Table, int] = {}
        for schema, name, kind, rows in self._asked(catalogue.RELATIONS):
            if database in ("", schema):
                self._relations[schema, name] = len(self.rights.resources)
                what = "view" if "VIEW" in kind else "table"
                self.rights.resources.append(Resource((schema, name), what, rows))
        self._wide = bits_of(n for n, each in enumerate(accounts) if each[4])
        self._executes = bits_of(n for n, each in enumerate(accounts) if each[8])
        self._databases = [DatabaseGrant(*each) for each in self._asked(catalogue.DATABASES)]
        self._databases.sort(key=specificity)
        self._tables = self._by_table(self._asked(catalogue.TABLES))
        self._columns = self._by_column(self._asked(catalogue.COLUMNS))
        self._everywhere(accounts)
        self._views = {
            (schema, name): (self._account(definer), as_definer, self._shown(text or ""))
            for schema, name, definer, as_definer, text in self._asked(catalogue.VIEWS)
        }
        self._add()
        self._functions()

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

    def _join(self, accounts: Sequence[tuple[Any, ...]]) -> None:
        """Who has which roles: by default, or after SET ROLE; and what everybody has."""
        defaults = {Account(user, host): role for user, host, _, role, *_ in accounts}
        for host, user, role, admits in self._asked(catalogue.MEMBERS):
            member, group = self._number.get(Account(user, host)), self._number.get(Account(role, ""))
            if member is None or group is None:
                continue
            in_role = self._is_role(Account(user, host))
            inherits = in_role or defaults[Account(user, host)] == role
            # SET ROLE is for what was granted to the account itself, not for the roles in that.
            self.rights.memberships.append(
                Membership(member, group, inherits=inherits, becomes=not in_role, admits=bool(admits))
            )
        if (public := self._number.get(Account(_PUBLIC, ""))) is not None:
            self.rights.memberships += [
                Membership(n, public, inherits=True, becomes=False, admits=False)
                for n, each in enumerate(self._accounts)
                if n != public
            ]

    def _everywhere(self, accounts: Sequence[tuple[Any, ...]]) -> None:
        doors, all_ = self.rights.doors, self._everybody
        doors.append(
            Door(None, How.GRANT, self._has.arriving(self._wide), (Grant("SELECT on *.*", self._wide),), all_)
        )
        files = bits_of(n for n, each in enumerate(accounts) if each[5])
        text = "FILE: reads files of the server, as far as secure_file_priv lets it"
        doors.append(
            Door(None, How.SERVER, self._has.arriving(files), (Grant(text, files),), all_, sure=False)
        )
        rules = bits_of(n for n, each in enumerate(accounts) if each[6] or each[7])
        text = "SUPER, or may write the grant tables: can grant itself anything"
        doors.append(
            Door(None, How.SUPERUSER, self._has.arriving(rules), (Grant(text, rules),), all_, could=True)
        )

    def _on_database(self, schema: str, right: Callable[[DatabaseGrant], bool]) -> tuple[Bits, Bits]:
        """Who has a right on all of a database by rows of their own, or of roles in a role: surely, and
        perhaps."""
        sure = perhaps = 0
        for number, account in enumerate(self._accounts):
            rows = deciding(account, schema, self._rows_of(account))
            has = [row is not None and right(row) for row in rows]
            sure |= all(has) << number
            perhaps |= (any(has) and not all(has)) << number
        return sure, perhaps

    def _rows_of(self, account: Account) -> list[DatabaseGrant]:
        """The rows for an account, the most specific first. A role's are put together with those of the roles
        in it, by their patterns: then its most specific one alone counts, whoever's it was."""
        if not self._is_role(account):
            return [each for each in self._databases if each.user in ("", account.user)]
        role = self._number[account]
        users = {each.user for n, each in enumerate(self._accounts) if self._has.arriving(1 << n) >> role & 1}
        merged: dict[str, DatabaseGrant] = {}
        for each in self._databases:
            if each.user in users and not each.host:
                before = merged.get(each.pattern, each)
                merged[each.pattern] = DatabaseGrant(
                    "", each.pattern, account.user, before.selects or each.selects,
                    before.executes or each.executes,
                )  # fmt: skip
        return sorted(merged.values(), key=specificity)

    def _is_role(self, account: Account) -> bool:
        return not account.host and account.user in self._roles

    def _by_table(self, rows: Iterable[tuple[Any, ...]]) -> dict[Table, tuple[Bits, Bits]]:
        found: dict[Table, tuple[Bits, Bits]] = {}
        for host, user, schema, name, selects in rows:
            if selects:
                sure, perhaps = found.get((schema, name), (0, 0))
                more, maybe = self._those(user, host)
                found[schema, name] = sure | more, perhaps | maybe
        return found

    def _by_column(self, rows: Iterable[tuple[Any, ...]]) -> dict[Table, dict[str, Bits]]:
        found: dict[Table, dict[str, Bits]] = {}
        for host, user, schema, name, column in rows:
            columns = found.setdefault((schema, name), {})
            columns[column] = columns.get(column, 0) | self._those(user, host)[0]
        return found

    def _those(self, user: str, host: str) -> tuple[Bits, Bits]:
        """The accounts that a row of a user and a host is for: surely, and perhaps."""
        sure = perhaps = 0
        for number, each in enumerate(self._accounts):
            if each.user == user and (covers := host_covers(host, each.host)) is not False:
                if user in self._roles and each.host:
                    continue
                if covers:
                    sure |= 1 << number
                else:
                    perhaps |= 1 << number
        return sure, perhaps

    def _add(self) -> None:
        known: dict[str, tuple[Bits, Bits]] = {}
        for table in self._relations:
            if table[0] not in known:
                known[table[0]] = self._on_database(table[0], attrgetter("selects"))
        self._in_database = known
        for table, number in self._relations.items():
            if not self._works_for(table):
                self.rights.notes.append(
                    f"nobody can read view {'.'.join(table)}: its definer may not read what it shows"
                )
            for door in self._doors(table, number):
                self.rights.doors.append(door)
                self._through(table, door)

    def _doors(self, table: Table, number: int) -> Iterator[Door]:
        """Doors to a table or view by its own name."""
        works = self._works_for(table)
        on_all, all_perhaps = self._in_database[table[0]]
        on_one, one_perhaps = self._tables.get(table, (0, 0))
        for given, has, sure, what in (
            (on_all, self._acts, True, f"SELECT on {table[0]}.*"),
            (on_one, self._has, True, f"SELECT on {'.'.join(table)}"),
            (all_perhaps, self._acts, False, f"SELECT on {table[0]}.*, by where the client comes from"),
            (one_perhaps, self._has, False, f"SELECT on {'.'.join(table)}, by where the client comes from"),
        ):
            if opens := has.arriving(given) & works:
                yield Door(number, How.GRANT, opens, (Grant(what, given),), self._everybody, sure=sure)
        together: dict[Bits, list[str]] = {}
        for column, given in self._columns.get(table, {}).items():
            together.setdefault(given, []).append(column)
        for given, columns in together.items():
            if opens := self._has.arriving(given) & works:
                grant = Grant(f"SELECT ({', '.join(columns)}) on {'.'.join(table)}", given)
                yield Door(number, How.COLUMNS, opens, (grant,), self._everybody, Rows.ALL, tuple(columns))

    def _may_read(self, table: Table) -> Bits:
        columns = self._columns.get(table, {}).values()
        given = self._wide | self._tables.get(table, (0, 0))[0]
        for each in columns:
            given |= each
        return self._has.arriving(given) | self._acts.arriving(self._in_database[table[0]][0])

    def _works_for(self, table: Table) -> Bits:
        """As whom a table or view shows what is in it: a view asks for rights of its definer, or of whoever
        reads it, on what it shows."""
        if table not in self._views:
            return self._everybody
        definer, as_definer, shown = self._views[table]
        works = self._everybody
        for inner in shown:
            works &= self._may_read(inner) & self._works_for(inner)
        if as_definer:
            return self._everybody if definer is not None and works >> definer & 1 else 0
        return works

    def _through(self, view: Table, door: Door) -> None:
        """What a view shows of others is read with its definer's rights."""
        if view not in self._views or not self._views[view][1]:
            return
        for inner in self._all_shown(view):
            text = f"view {'.'.join(view)} shows {'.'.join(inner)}"
            self.rights.doors.append(
                Door(
                    self._relations[inner], How.VIEW, door.opens,
                    (*door.grants, Grant(text, self._everybody)), self._everybody, Rows.SHOWN, sure=door.sure,
                )
            )  # fmt: skip

    def _all_shown(self, view: Table) -> set[Table]:
        found: set[Table] = set()
        left = [view]
        while left:
            for inner in self._views[left.pop()][2]:
                if inner not in found:
                    found.add(inner)
                    if inner in self._views:
                        left.append(inner)
        return found

    def _shown(self, definition: str) -> list[Table]:
        """The tables that a view's text names, as the server writes it: `schema`.`table`."""
        named = [(a.replace("``", "`"), b.replace("``", "`")) for a, b in _NAMED.findall(definition)]
        return [each for each in dict.fromkeys(named) if each in self._relations]

    def _functions(self) -> None:
        """Routines that run as their definers may show what their text names."""
        given: dict[Table, Bits] = {}
        for host, user, schema, name in self._asked(catalogue.ROUTINES):
            given[schema, name] = given.get((schema, name), 0) | self._those(user, host)[0]
        wide: dict[str, Bits] = {}
        by_name: dict[str, list[Table]] = {}
        for table in self._relations:
            by_name.setdefault(table[1], []).append(table)
        for schema, name, definer, text in self._asked(catalogue.FUNCTIONS):
            runs = self._account(definer)
            if schema not in wide:
                wide[schema] = self._executes | sum(self._on_database(schema, attrgetter("executes")))
            to = given.get((schema, name), 0) | wide[schema]
            opens = self._has.arriving(given.get((schema, name), 0) | self._executes)
            opens |= self._acts.arriving(wide[schema])
            if runs is None or not opens:
                continue
            grant = Grant(f"EXECUTE on {schema}.{name}, which runs as {definer}", to)
            for word in dict.fromkeys(re.findall(r"\w+", text or "")):
                for table in by_name.get(word, ()):
                    if self._may_read(table) >> runs & 1:
                        self.rights.doors.append(
                            Door(
                                self._relations[table], How.FUNCTION, opens, (grant,), self._everybody,
                                Rows.SHOWN, sure=False,
                            )
                        )  # fmt: skip

    def _account(self, definer: str) -> int | None:
        user, _, host = definer.rpartition("@")
        return self._number.get(Account(user, host)) if user else self._number.get(Account(definer, ""))


_WHO = ("account or role", "accounts and roles")


def _name(account: Account, is_role: bool) -> str:
    return account.user if is_role else f"{account.user}@{account.host}"


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
