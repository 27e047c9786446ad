"""Who has MariaDB's grants on tables, columns and routines.

Of the rows for one of them and a user whose host fits the client, one alone counts, with its columns: the one
for the most specific host, even if it gives less. For a role its own alone does.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from trapstreet.core.model.rights import Bits
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import ColumnGrant, Table, TableGrant
from trapstreet.plugins.permissions._mariadb_matching import Account, deciding_hosts

Given = tuple[Bits, Bits]
"""Who has a grant: surely, and perhaps, by where the client comes from."""

_Thing = TypeVar("_Thing", bound=Hashable)

_WHOLE = ""
"""Stands for all columns of a table, or for the one right on a thing that matters."""


class Rows(dict[tuple[_Thing, str], dict[str, set[str]]]):
    """Rows of a grant table: by thing and user, for each host what they give."""

    def add(self, thing: _Thing, user: str, host: str, *gives: str) -> None:
        """One more; it may give nothing."""
        self.setdefault((thing, user), {}).setdefault(host, set()).update(gives)

    def given(self, accounts: Accounts) -> dict[_Thing, dict[str, Given]]:
        """Who has what of each thing. Cost: each row, for each account of its user."""
        of_user: dict[str, list[Account]] = {}
        for account in accounts.every:
            of_user.setdefault(account.user, []).append(account)
        found: dict[_Thing, dict[str, Given]] = {}
        for (thing, user), by_host in self.items():
            own = found.setdefault(thing, {})
            for account in of_user.get(user, ()):
                bit = 1 << accounts.number[account]
                for what, surely in _held(account, by_host, accounts):
                    sure, perhaps = own.get(what, (0, 0))
                    own[what] = (sure | bit, perhaps) if surely else (sure, perhaps | bit)
        return found


def on_tables(
    accounts: Accounts, tables: Iterable[TableGrant], columns: Iterable[ColumnGrant]
) -> tuple[dict[Table, Given], dict[Table, dict[str, Given]]]:
    """Who may select from each table, and from its columns."""
    rows = Rows[Table]()
    for table in tables:
        gives = [_WHOLE] if table.selects else []
        rows.add((table.schema, table.name), table.user, table.host, *gives)
    for column in columns:
        rows.add((column.schema, column.name), column.user, column.host, column.column)
    found = rows.given(accounts)
    whole = {table: own.pop(_WHOLE) for table, own in found.items() if _WHOLE in own}
    return whole, found


def on_things(accounts: Accounts, grants: Iterable[tuple[_Thing, str, str, bool]]) -> dict[_Thing, Given]:
    """Who has one right on each thing.  grants: thing, user, host, and whether the row gives it"""
    rows = Rows[_Thing]()
    for thing, user, host, gives in grants:
        rows.add(thing, user, host, *([_WHOLE] if gives else []))
    return {thing: own.get(_WHOLE, (0, 0)) for thing, own in rows.given(accounts).items()}


def _held(account: Account, by_host: dict[str, set[str]], accounts: Accounts) -> Iterator[tuple[str, bool]]:
    """What an account has of its user's rows for a thing, and whether surely."""
    if accounts.is_role(account):
        rows = [by_host.get("", set())]
    else:
        hosts = [each for each in by_host if not accounts.is_role(Account(account.user, each))]
        rows = [set() if each is None else by_host[each] for each in deciding_hosts(account, hosts)]
    for what in sorted(set().union(*rows)):
        yield what, all(what in each for each in rows)
