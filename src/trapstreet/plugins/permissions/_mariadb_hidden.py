"""Grants of MariaDB that another one hides, for who may take that one away.

Of the accounts of a name that fit a client, and of the grants of a user on a database or a table, the most
specific one counts alone, even if it gives less. Who may DELETE in the grant tables, which takes no right to
write there, brings the others to light: tried on a server, where it holds once the grants are read anew.
So does who has GRANT OPTION with the one that hides: REVOKE takes away one's own, too.
"""

from collections.abc import Iterator

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows, numbers_in
from trapstreet.plugins._mariadb_patterns import fits
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import ColumnGrant, Contents, TableGrant
from trapstreet.plugins.permissions._mariadb_matching import Account, host_covers

_WHAT = "DELETE on the grant tables: can take away what hides "


def doors(contents: Contents, accounts: Accounts, deleters: Bits) -> Iterator[Door]:
    """Doors to what any grant for a user shows, whichever counts now.  deleters  who may take some away"""
    found: dict[tuple[int | None, str], Bits] = {}
    for number in numbers_in(deleters):
        account = accounts.every[number]
        if not accounts.is_role(account):
            for resource, what in _any(account, contents, accounts):
                found[resource, what] = found.get((resource, what), 0) | 1 << number
    for (resource, what), opens in found.items():
        yield Door(
            resource, How.SUPERUSER, opens, (Grant(_WHAT + what, opens),), accounts.everybody, Rows.ALL,
            sure=False, could=True,
        )  # fmt: skip


def revocable(contents: Contents, accounts: Accounts, among: Bits) -> Iterator[Door]:
    """Doors to what grants show that others hide which somebody may revoke, having GRANT OPTION with them."""
    found: dict[tuple[int, str], Bits] = {}
    for number in numbers_in(among):
        account = accounts.every[number]
        if not accounts.is_role(account):
            for resource, what in _revealed(account, contents, accounts):
                found[resource, what] = found.get((resource, what), 0) | 1 << number
    for (resource, what), opens in found.items():
        grant = Grant(f"GRANT OPTION: can revoke what hides {what}", opens)
        yield Door(
            resource, How.SUPERUSER, opens, (grant,), accounts.everybody, Rows.ALL, sure=False, could=True
        )


def _revealed(account: Account, contents: Contents, accounts: Accounts) -> Iterator[tuple[int, str]]:
    def is_for(user: str, host: str) -> bool:
        named = user == account.user and not accounts.is_role(Account(user, host))
        return (named or not user) and host_covers(host, account.host) is not False

    gives = bool(contents.gives >> accounts.number[account] & 1)
    databases = [each for each in contents.databases if is_for(each.user, each.host)]
    hiding = [each.pattern for each in databases if (gives or each.gives) and not each.selects]
    showing = [each.pattern for each in databases if each.selects]
    tables = [each for each in contents.tables if is_for(each.user, each.host)]
    hidden = {(each.schema, each.name) for each in tables if (gives or each.gives) and not each.selects}
    shown = {(each.schema, each.name) for each in tables if each.selects}
    for table, number in contents.relations.items() if (hiding and showing) or hidden & shown else ():
        if table in hidden & shown:
            yield number, f"SELECT on {'.'.join(table)}"
        elif any(fits(one, table[0]) for one in hiding) and any(fits(one, table[0]) for one in showing):
            yield number, f"SELECT on {table[0]}.*"


def _any(account: Account, contents: Contents, accounts: Accounts) -> Iterator[tuple[int | None, str]]:
    """What the grants for a user show to somebody who may come from where an account's clients do."""

    def is_for(user: str, host: str) -> bool:
        named = user == account.user and not accounts.is_role(Account(user, host))
        return (named or not user) and host_covers(host, account.host) is not False

    for number in numbers_in(contents.wide):
        other = accounts.every[number]
        if other != account and not accounts.is_role(other) and is_for(other.user, other.host):
            yield None, "SELECT on *.*"
    patterns = {each.pattern for each in contents.databases if each.selects and is_for(each.user, each.host)}
    grants: list[TableGrant | ColumnGrant] = [each for each in contents.tables if each.selects]
    grants += contents.columns
    given = {(each.schema, each.name) for each in grants if is_for(each.user, each.host)}
    for table, number in contents.relations.items():
        if table in given:
            yield number, f"SELECT on {'.'.join(table)}"
        elif any(fits(each, table[0]) for each in patterns):
            yield number, f"SELECT on {table[0]}.*"
