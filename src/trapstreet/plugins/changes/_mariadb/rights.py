"""What can be taken away of the rights of a MariaDB server, and how each is given back.

GRANT OPTION stays. To take a right on a table away takes that on its columns away, too, so those are given
again.
"""

from collections.abc import Callable, Collection, Sequence

from trapstreet.core.model.changes import MEMBERSHIP, Change
from trapstreet.plugins._mariadb_patterns import fits_in_any_case
from trapstreet.plugins.changes._mariadb.standing import (
    COLUMN,
    DATABASE,
    ROLE,
    ROUTINE,
    SERVER,
    TABLE,
    Given,
    Standing,
    Table,
    quoted,
)

_READS_AND_WRITES = ("SELECT", "INSERT", "UPDATE", "DELETE")
REMOVABLE = {
    SERVER: (*_READS_AND_WRITES, "EXECUTE"),
    DATABASE: (*_READS_AND_WRITES, "EXECUTE"),
    TABLE: _READS_AND_WRITES,
    COLUMN: ("SELECT", "INSERT", "UPDATE"),
    ROUTINE: ("EXECUTE",),
    ROLE: ("MEMBER",),
}
"""What leads to rows and is seen by a replay. Other rights on the same things are left alone."""
_IN_ORDER = tuple(REMOVABLE)
"""Of tables before their columns: those are given again."""
_THE_SERVERS_OWN = frozenset({("mariadb.sys", "localhost"), ("mysql", "localhost")})
_RULES = frozenset({"SUPER", "GRANT"})
"""Who has one of these on everything takes what it needs."""
EVERYTHING = ("*.*",)


def changes_of(
    there: Standing,
    tables: Collection[Table],
    own: tuple[str, str],
    *,
    depth: Callable[[Table], int],
    but: Collection[Given] = (),
    database: str = "",
) -> list[Change]:
    """What can be taken away, in the order in which it has to be.

    depth     of a view: more where it shows others
    but       rights that are left alone
    own       the account that asks: its rights are left alone, and roles that it may not grant
    database  only rights on this one; "" all
    """
    may_admit = _may_admit(there, own)
    fixed = {each.holder for each in there.given if each.level == SERVER and each.right in _RULES}
    fixed |= {each for each in there.holders if each[:2] in {own, *_THE_SERVERS_OWN}}
    removable = [
        each
        for each in there.given
        if each.right in REMOVABLE[each.level]
        and each.holder in there.holders
        and each.holder not in fixed
        and each not in but
        and (each.level != ROLE or each.path[0] in may_admit)
        and (not database or (each.level not in (SERVER, ROLE) and each.path[0] == database))
    ]
    columns: dict[tuple[object, ...], list[Given]] = {}
    for each in there.given:
        if each.level == COLUMN:
            columns.setdefault((each.path, each.right, each.holder), []).append(each)
    # A right on a view's columns is given only as long as the view's definer has rights on what it shows.
    views = {
        each: depth((each.path[0], each.path[1])) if each.level in (TABLE, COLUMN) else 0
        for each in removable
    }
    removable.sort(key=lambda each: (-views[each], _IN_ORDER.index(each.level), each.key))
    covered = _Covered(tables)
    return [
        _change(each, columns.get((each.path, each.right, each.holder), ()), there, covered)
        for each in removable
    ]


class _Covered:
    """The tables that a right on many is on; each answer is found once."""

    def __init__(self, tables: Collection[Table]) -> None:
        self._tables = tuple(sorted(tables))
        self._known: dict[str, tuple[Table, ...]] = {}

    def by(self, given: Given) -> tuple[Table, ...]:
        if given.level == SERVER:
            return self._tables
        if given.level != DATABASE:
            return ()
        if given.path[0] not in self._known:
            pattern = given.path[0]
            self._known[pattern] = tuple(each for each in self._tables if fits_in_any_case(pattern, each[0]))
        return self._known[given.path[0]]


def _change(given: Given, columns: Sequence[Given], there: Standing, covered: _Covered) -> Change:
    forward, back = [_revoke(given)], [_grant(given)]
    if given.level == TABLE:  # also on the way back: it may begin between the two
        forward += [_grant(each) for each in columns]
        back += [_grant(each) for each in columns]
    on, kind = _thing(given)
    return Change(
        key=given.key,
        database="" if given.level in (SERVER, ROLE) else given.path[0],
        on=on,
        kind=kind,
        right=f"{given.right} ({given.column})" if given.column else given.right,
        of=given.holder.name,
        forward=tuple(forward),
        back=tuple(back),
        covers=covered.by(given) if given.right in _READS_AND_WRITES else (),
    )


def _thing(given: Given) -> tuple[tuple[str, ...], str]:
    """What a right is on, and what that is."""
    if given.level == SERVER:
        return EVERYTHING, "every database"
    if given.level == DATABASE:
        name = given.path[0]
        plain = name.replace("\\_", "_").replace("\\%", "%")
        is_one = "%" not in name.replace("\\%", "") and "_" not in name.replace("\\_", "")
        return ((plain,), "database") if is_one else ((name,), "databases like")
    if given.level == ROLE:
        return given.path, MEMBERSHIP
    return given.path, given.what.lower() if given.level == ROUTINE else "table"


def _revoke(given: Given) -> str:
    if given.level == ROLE:
        return f"REVOKE {given.on} FROM {given.holder.sql}"
    return f"REVOKE {_what(given)} FROM {given.holder.sql}"


def _grant(given: Given) -> str:
    if given.level == ROLE:
        return f"GRANT {given.on} TO {given.holder.sql}{' WITH ADMIN OPTION' if given.grantable else ''}"
    return f"GRANT {_what(given)} TO {given.holder.sql}"


def _what(given: Given) -> str:
    right = f"{given.right} ({quoted(given.column)})" if given.column else given.right
    return f"{right} ON {given.on}"


def _may_admit(there: Standing, own: tuple[str, str]) -> set[str]:
    """The roles that an account may grant: those with admin option, to it or to a role of its."""
    mine = next((each.name for each in there.holders if each[:2] == own), "")
    acting = there.above([mine])
    return {
        each.path[0]
        for each in there.given
        if each.level == ROLE and each.grantable and each.holder.name in acting
    }
