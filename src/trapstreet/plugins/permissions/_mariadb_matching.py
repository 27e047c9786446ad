"""Which rows of MariaDB's grant tables hold for whom (MariaDB's documentation: GRANT, Account Names, Account
Names and Roles).

A grant on databases is found by user and by the host that a client comes from, not by the account that let
it in: a row for 'anna'@'%' holds for who came in as 'anna'@'10.%', too. Of the rows that fit a database, one
alone counts: the most specific by host, then by database, then by user.
"""

from collections.abc import Iterable
from typing import NamedTuple

from trapstreet.plugins._mariadb_patterns import breadth, fits, host_rank, is_wild, meet

_OWN = ("127.0.0.1", "::1")
"""Addresses of `localhost`."""


class Account(NamedTuple):
    """An account, or a role, whose host is empty."""

    user: str
    host: str


class DatabaseGrant(NamedTuple):
    """A row of mysql.db.

    writes  INSERT, UPDATE or ALTER, by which a default of a column comes to stand in every row
    alters  ALTER or INDEX;  rewrites  ALTER ROUTINE
    makes_views, makes_routines  CREATE VIEW, CREATE ROUTINE;  gives  GRANT OPTION
    """

    host: str
    pattern: str
    user: str
    selects: bool
    executes: bool
    writes: bool = False
    alters: bool = False
    rewrites: bool = False
    creates: bool = False
    drops: bool = False
    makes_views: bool = False
    makes_routines: bool = False
    deletes: bool = False
    inserts: bool = False
    updates: bool = False
    gives: bool = False


def host_covers(row: str, account: str) -> bool | None:
    """Whether every client of an account comes from a host that the row is for; None: perhaps some do.

    A client has a name and an address, where the server looks names up, and either may fit.
    """
    row, account = row.lower(), account.lower()
    if row in ("", "%") or row == account:
        return True
    if "/" in row or "/" in account:
        return None
    if not is_wild(account) and fits(row, account):
        return True
    if row.endswith("%") and not is_wild(row[:-1]) and account.startswith(row[:-1]):
        return True
    if meet(row, account):
        return None
    named, numbered = (row, account) if _is_address(account) else (account, row)
    if _is_address(named) or not _is_address(numbered):
        return False
    return None if named != "localhost" or any(fits(numbered, each) for each in _OWN) else False


def _is_address(host: str) -> bool:
    return not set(host) - set("0123456789.%_") or ":" in host


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


def deciding_hosts(account: Account, hosts: Iterable[str]) -> list[str | None]:
    """As `deciding`, of rows that differ in their hosts alone."""
    found: list[str | None] = []
    decides = -1
    for each in sorted(hosts, key=host_rank, reverse=True):
        if decides not in (-1, host_rank(each)):
            return found
        if (covers := host_covers(each, account.host)) is not False:
            found.append(each)
            decides = host_rank(each) if covers else decides
    return found if decides >= 0 else [*found, None]


Specificity = tuple[int, tuple[bool, bool, int, int, int], int]


def specificity(grant: DatabaseGrant) -> Specificity:
    """A sort key: the most specific first."""
    return -host_rank(grant.host), breadth(grant.pattern), -host_rank(grant.user)
