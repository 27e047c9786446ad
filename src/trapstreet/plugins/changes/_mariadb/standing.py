"""The rights of a MariaDB server as they stand, one by one. Passwords are not read.

Who gave a right does not matter there, and GRANT OPTION is a right of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from trapstreet.core.model.changes import PUBLIC, Key

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Table = tuple[str, str]
"""Database and name."""

SERVER, DATABASE, TABLE, COLUMN, ROUTINE, ROLE = "server", "database", "table", "column", "routine", "role"
_TEMPORARY = ("CREATE TMP TABLE", "EXECUTE")
_PRIVILEGES = """
    SELECT COLUMN_NAME FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = %s AND COLUMN_NAME LIKE '%%\\_priv'
    ORDER BY ORDINAL_POSITION
"""
_SETS = {
    TABLE: "SELECT User, Host, Db, Table_name, '', '', Table_priv FROM mysql.tables_priv",
    COLUMN: "SELECT User, Host, Db, Table_name, Column_name, '', Column_priv FROM mysql.columns_priv",
    ROUTINE: "SELECT User, Host, Db, Routine_name, '', Routine_type, Proc_priv FROM mysql.procs_priv",
}
_OTHERWISE = """
    SELECT CONCAT('view ', TABLE_SCHEMA, '.', TABLE_NAME, ' as ', DEFINER, ' ', SECURITY_TYPE)
    FROM information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys')
    UNION ALL
    SELECT CONCAT(LOWER(type), ' ', db, '.', name, ' as ', definer, ' ', security_type) FROM mysql.proc
    WHERE db NOT IN ('mysql', 'sys')
    UNION ALL
    SELECT CONCAT('proxy of ', Proxied_user, '@', Proxied_host, ' to ', User, '@', Host)
    FROM mysql.proxies_priv
"""


class Holder(NamedTuple):
    """An account, or a role, whose host is empty."""

    user: str
    host: str
    is_role: bool

    @property
    def name(self) -> str:
        """As the access map has it."""
        return self.user if self.is_role else f"{self.user}@{self.host}"

    @property
    def sql(self) -> str:
        if self.is_role:
            return PUBLIC if self.user == PUBLIC else quoted(self.user)
        return f"{quoted(self.user)}@{quoted(self.host)}"


class Given(NamedTuple):
    """One right as the server has it.

    level   one of the words above;  path  database, or its pattern, and what is in it; of a role its name
    column  of a table;  what  FUNCTION, PROCEDURE …;  grantable  of a role: with admin option
    """

    level: str
    path: tuple[str, ...]
    right: str
    holder: Holder
    column: str = ""
    what: str = ""
    grantable: bool = False

    @property
    def on(self) -> str:
        """On what, as the server writes it."""
        if self.level == SERVER:
            return "*.*"
        if self.level == DATABASE:
            return f"{quoted(self.path[0])}.*"
        return f"{self.what} {'.'.join(map(quoted, self.path))}".strip()

    @property
    def key(self) -> Key:
        """The right in one line, unlike that of any other right of the server."""
        if self.level == ROLE:
            return f"{self.on} to {self.holder.sql}{' with admin option' if self.grantable else ''}"
        right = f"{self.right} ({quoted(self.column)})" if self.column else self.right
        return f"{right} on {self.on} to {self.holder.sql}"


@dataclass(frozen=True)
class Standing:
    """What the rights of a server are.

    holders    all accounts and roles, each with the role that it has from the start
    given      every right that somebody was given;  otherwise  all else that decides, as lines
    """

    holders: Mapping[Holder, str]
    given: tuple[Given, ...]
    otherwise: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """All of it as sorted lines."""
        accounts = [f"account {each.sql}" for each in self.holders]
        from_start = [f"default role {role} of {each.sql}" for each, role in self.holders.items() if role]
        return sorted([*accounts, *from_start, *(each.key for each in self.given), *self.otherwise])

    @cached_property
    def roles_of(self) -> Mapping[str, frozenset[str]]:
        """By the name of an account or a role: the roles granted to it, not those in them."""
        found: dict[str, set[str]] = {}
        for each in self.given:
            if each.level == ROLE:
                found.setdefault(each.holder.name, set()).add(each.path[0])
        return {name: frozenset(roles) for name, roles in found.items()}

    @cached_property
    def may_get_temporary(self) -> frozenset[str]:
        """The accounts and roles that may have temporary tables, of their own or made by routines."""
        return frozenset(each.holder.name for each in self.given if each.right in _TEMPORARY)

    def above(self, names: Iterable[str]) -> frozenset[str]:
        """Some holders, and all roles that they have, however many steps away; PUBLIC among them."""
        found: set[str] = set()
        left = [*names, PUBLIC]
        while left:
            if (name := left.pop()) not in found:
                found.add(name)
                left.extend(self.roles_of.get(name, ()))
        return frozenset(found)


def standing(cursor: "Cursor", *, without: str = "") -> Standing:
    """The rights on a server. Passwords are not read.

    without  the user of an account that is passed over
    """
    holders = {
        Holder(user, host, is_role == "Y"): default
        for user, host, is_role, default in _rows(
            cursor, "SELECT User, Host, is_role, default_role FROM mysql.user"
        )
        if user != without
    }
    known = {each[:2]: each for each in holders}
    found: list[Given] = []
    for user, host, right in _flags(cursor, "user", ()):
        if (holder := known.get((user, host))) is not None:
            found.append(Given(SERVER, (), right, holder))
    for user, host, pattern, right in _flags(cursor, "db", ("Db",)):
        found.append(Given(DATABASE, (pattern,), right, _holder(known, user, host)))
    for level, query in _SETS.items():
        for user, host, database, name, column, what, rights in _rows(cursor, query):
            holder = _holder(known, user, host)
            found += [
                Given(level, (database, name), right.upper(), holder, column, what)
                for right in rights.split(",")
                if right
            ]
    for user, host, role, admits in _rows(
        cursor, "SELECT User, Host, Role, Admin_option FROM mysql.roles_mapping"
    ):
        if user != without:
            found.append(Given(ROLE, (role,), "MEMBER", _holder(known, user, host), grantable=admits == "Y"))
    otherwise = [line for (line,) in _rows(cursor, _OTHERWISE)]
    return Standing(holders, tuple(found), tuple(otherwise))


def quoted(name: str) -> str:
    """A name as an identifier; of nobody, as a text."""
    return f"`{name.replace('`', '``')}`" if name else "''"


def _holder(known: Mapping[tuple[str, str], Holder], user: str, host: str) -> Holder:
    """Who a row is for, also where there is no such account."""
    return known.get((user, host)) or Holder(user, host, False)


def _flags(cursor: "Cursor", table: str, more: Sequence[str]) -> list[tuple[str, ...]]:
    """User, host, what else is asked, and a right: one row for each right of a table of yes and no."""
    cursor.execute(_PRIVILEGES, (table,))
    names = [name for (name,) in cursor.fetchall()]
    columns = ", ".join(["User", "Host", *more, *names])
    found = []
    for row in _rows(cursor, f"SELECT {columns} FROM mysql.{table}"):  # noqa: S608 - the server's own names
        head, flags = row[: 2 + len(more)], row[2 + len(more) :]
        found += [
            (*head, name.removesuffix("_priv").replace("_", " ").upper())
            for name, flag in zip(names, flags, strict=True)
            if flag == "Y"
        ]
    return found


def _rows(cursor: "Cursor", query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return [tuple(map(_text, each)) for each in cursor.fetchall()]


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
