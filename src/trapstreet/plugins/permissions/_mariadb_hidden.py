"""Grants of MariaDB that another one hides, for who may take that one away.

Of the accounts of a name that fit a client, and of the grants of a user on a database or a table, the most
specific one counts alone, even if it gives less. Who may DELETE in the grant tables, which takes no right to
write there, brings the others to light: tried on a server, where it holds once the grants are read anew.
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
