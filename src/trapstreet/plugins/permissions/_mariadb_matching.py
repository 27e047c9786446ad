"""Which rows of MariaDB's grant tables hold for whom (MariaDB's documentation: GRANT, Account Names, Account
Names and Roles).

A grant on databases is found by user and by the host that a client comes from, not by the account that let
it in: a row for 'anna'@'%' holds for who came in as 'anna'@'10.%', too. Of the rows that fit a database, one
alone counts: the most specific by host, then by database, then by user.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple


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


def host_covers(row: str, account: str) -> bool | None:
    """Whether every client of an account comes from a host that the row is for; None: perhaps some do."""
    if row in ("", "%") or row.lower() == account.lower():
        return True
    if "/" in row or "/" in account:
        return None
    if not _wild(account):
        return _fits(row.lower(), account.lower())
    return None if _wild(row) else False if not _fits(account.lower(), row.lower()) else None


def deciding(account: Account, database: str, grants: Iterable[DatabaseGrant]) -> list[DatabaseGrant | None]:
    """The rows of which one decides what an account may do with a database, by where the client comes from;
    None among them: perhaps none does. `grants` are for this user, the most specific first."""
    found: list[DatabaseGrant | None] = []
    for each in grants:
        if _fits(each.pattern, database) and (covers := host_covers(each.host, account.host)) is not False:
            found.append(each)
            if covers:
                return found
    return [*found, None]


def specificity(grant: DatabaseGrant) -> tuple[int, int, int]:
    """A sort key: the most specific first."""
    return -_rank(grant.host), -_rank(grant.pattern), -_rank(grant.user)


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


def _wild(text: str) -> bool:
    return "%" in text or "_" in text


@cache
def _pattern(text: str) -> re.Pattern[str]:
    written, at = "", 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
            written += re.escape(text[at])
        else:
            written += {"%": ".*", "_": "."}.get(text[at], re.escape(text[at]))
        at += 1
    return re.compile(written, re.DOTALL)


def _fits(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None
