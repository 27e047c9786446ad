"""Who has MariaDB's grants on tables and columns.

Of the rows for a table and a user whose host fits the client, one alone counts, with its columns: the one for
the most specific host, even if it gives less. For a role its own alone does.
"""

from collections.abc import Iterable, Iterator

from trapstreet.core.model.rights import Bits
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import ColumnGrant, Table, TableGrant
from trapstreet.plugins.permissions._mariadb_matching import Account, deciding_hosts

Given = tuple[Bits, Bits]
"""Who has a grant: surely, and perhaps, by where the client comes from."""

_WHOLE = ""
"""Stands for all columns of a table."""


def on_tables(
    accounts: Accounts, tables: Iterable[TableGrant], columns: Iterable[ColumnGrant]
) -> tuple[dict[Table, Given], dict[Table, dict[str, Given]]]:
    """Who may select from each table, and from its columns. Cost: each row, for each account of its user."""
    rows: dict[tuple[Table, str], dict[str, set[str]]] = {}
    for host, user, schema, name, selects in tables:
        row = rows.setdefault(((schema, name), user), {}).setdefault(host, set())
        row |= {_WHOLE} if selects else set()
    for host, user, schema, name, column in columns:
        rows.setdefault(((schema, name), user), {}).setdefault(host, set()).add(column)
    of_user: dict[str, list[Account]] = {}
    for account in accounts.every:
        of_user.setdefault(account.user, []).append(account)
    found: dict[Table, dict[str, Given]] = {}
    for (table, user), by_host in rows.items():
        own = found.setdefault(table, {})
        for account in of_user.get(user, ()):
            bit = 1 << accounts.number[account]
            for what, surely in _held(account, by_host, accounts):
                sure, perhaps = own.get(what, (0, 0))
                own[what] = (sure | bit, perhaps) if surely else (sure, perhaps | bit)
    whole = {table: own.pop(_WHOLE) for table, own in found.items() if _WHOLE in own}
    return whole, found


def _held(account: Account, by_host: dict[str, set[str]], accounts: Accounts) -> Iterator[tuple[str, bool]]:
    """What an account has of its user's rows for a table, and whether surely."""
    if accounts.is_role(account):
        rows = [by_host.get("", set())]
    else:
        hosts = [each for each in by_host if not accounts.is_role(Account(account.user, each))]
        rows = [set() if each is None else by_host[each] for each in deciding_hosts(account, hosts)]
    for what in sorted(set().union(*rows)):
        yield what, all(what in each for each in rows)
