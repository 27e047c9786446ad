"""Which rows of MariaDB's grant tables hold for whom (MariaDB's documentation: GRANT, Account Names, Account
Names and Roles).

A grant on databases is found by user and by the host that a client comes from, not by the account that let
it in: a row for 'anna'@'%' holds for who came in as 'anna'@'10.%', too. Of the rows that fit a database, one
alone counts: the most specific by host, then by database, then by user.
"""

from collections.abc import Iterable
from typing import NamedTuple

from trapstreet.plugins._mariadb_patterns import breadth, fits, is_wild


class Account(NamedTuple):
    """An account, or a role, whose host is empty."""

    user: str
    host: str


class DatabaseGrant(NamedTuple):
    """A row of mysql.db."""

    host: str
    pattern: str
    user: str
    selects: bool
    executes: bool
    writes: bool = False


def host_covers(row: str, account: str) -> bool | None:
    """Whether every client of an account comes from a host that the row is for; None: perhaps some do."""
    if row in ("", "%") or row.lower() == account.lower():
        return True
    if "/" in row or "/" in account:
        return None
    if not is_wild(account):
        return fits(row.lower(), account.lower())
    return None if is_wild(row) else False if not fits(account.lower(), row.lower()) else None


def deciding(account: Account, database: str, grants: Iterable[DatabaseGrant]) -> list[DatabaseGrant | None]:
    """The rows of which one decides what an account may do with a database, by where the client comes from,
    and between equals by which was granted first; None among them: perhaps none does.

    grants  those for this user, the most specific first
    """
    found: list[DatabaseGrant | None] = []
    decides: Specificity | None = None
    for each in grants:
        if decides and specificity(each) != decides:
            return found
        if fits(each.pattern, database) and (covers := host_covers(each.host, account.host)) is not False:
            found.append(each)
            decides = decides or (specificity(each) if covers else None)
    return found if decides else [*found, None]


Specificity = tuple[int, tuple[bool, bool, int, int, int], int]


def specificity(grant: DatabaseGrant) -> Specificity:
    """A sort key: the most specific first."""
    return -_rank(grant.host), breadth(grant.pattern), -_rank(grant.user)


def _rank(text: str) -> int:
    """128 for a text without wildcards, else where the first one stands; 0 for none at all."""
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        elif text[at] in "%_":
            return min(at + 1, 127)
        at += 1
    return 128 if text else 0
