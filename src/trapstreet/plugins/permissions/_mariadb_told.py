"""Accounts and roles of MariaDB as the server lists them, each with its rights on everything."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from trapstreet.core.model.rights import Bits, bits_of
from trapstreet.plugins._mariadb import Within
from trapstreet.plugins.permissions._mariadb_catalogue import ACCOUNTS

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_SAYS_WHO = {"", "mysql_native_password", "mysql_old_password", "ed25519", "unix_socket"}
"""Ways of logging in that make nobody another account than the one that was asked for."""


class Told(NamedTuple):
    """An account, or a role, and its rights on everything.

    rules  SUPER;  alters  ALTER or INDEX;  rewrites  ALTER ROUTINE;  plugin, others  its ways of logging in
    """

    user: str
    host: str
    is_role: bool
    default_role: str
    selects: bool
    files: bool
    rules: bool
    executes: bool
    alters: bool
    rewrites: bool
    creates: bool
    drops: bool
    makes_views: bool
    makes_routines: bool
    deletes: bool
    inserts: bool
    updates: bool
    gives: bool
    plugin: str | None
    others: str | None

    @property
    def name(self) -> str:
        return self.user if self.is_role else f"{self.user}@{self.host}"

    @property
    def maps(self) -> bool:
        """Whether a way of logging in may say that it is another account."""
        return bool({self.plugin or "", *re.findall(r"\w+", self.others or "")} - _SAYS_WHO)


def told_by(within: Within) -> list[Told]:
    """Who there is. A clone has accounts of its own, and other ways of logging in."""
    told = [Told(*each) for each in rows_of(within.grants, ACCOUNTS)]
    if within.grants is within.contents:
        return told
    ways = {each[:2]: each for each in (Told(*row) for row in rows_of(within.contents, ACCOUNTS))}
    return [
        each._replace(plugin=ways[each[:2]].plugin, others=ways[each[:2]].others)
        for each in told
        if each[:2] in ways
    ]


def those(chosen: Iterable[bool]) -> Bits:
    """The numbers of those that are chosen."""
    return bits_of(number for number, each in enumerate(chosen) if each)


def rows_of(cursor: "Cursor", query: str) -> list[tuple[Any, ...]]:
    """What a server answers, its bytes as texts."""
    cursor.execute(query)
    return [tuple(map(_text, each)) for each in cursor.fetchall()]


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
