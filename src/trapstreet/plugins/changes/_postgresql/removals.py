"""How each right of a PostgreSQL database is taken away, or handed over to fewer, and given back.

Who gave a right matters: only in the giver's name is it taken back, and only by the giver is it given again
as it was. To take SELECT on a table away takes that on its columns away, too, so those are given again.
"""

from collections.abc import Iterable, Iterator, Sequence

from trapstreet.core.model.changes import Change, Key
from trapstreet.plugins.changes._postgresql.rights import (
    COLUMN,
    COMING,
    DATABASE,
    FUNCTION,
    KINDS,
    MEMBER,
    SCHEMA,
    TABLE,
    Given,
)

_REMOVABLE = {
    TABLE: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    COLUMN: ("SELECT", "INSERT", "UPDATE"),
    FUNCTION: ("EXECUTE",),
    COMING: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    SCHEMA: ("USAGE",),
    DATABASE: ("CONNECT",),
    MEMBER: ("MEMBER",),
}
"""What leads to rows and is seen by a replay. Other rights on the same things are left alone."""
_IN_ORDER = (TABLE, COLUMN, FUNCTION, COMING, SCHEMA, MEMBER, DATABASE)
"""Of one right's holder: what has to be there to name the others goes last, and comes back first."""


class Removals:
    """The rights of one database, and how each of them goes."""

    def __init__(self, given: Iterable[Given], database: str) -> None:
        self._given, self._database = [*given], database
        self._children = _given_on(self._given) | _like_those_to_come(self._given)
        self._of_columns: dict[tuple[str, ...], list[Given]] = {}
        for each in self._given:
            if each.kind == COLUMN:
                of = (each.name, each.right, each.as_grantor, each.to)
                self._of_columns.setdefault(of, []).append(each)
        self._by_key = {self._key(each): each for each in self._given}

    def changes(self) -> list[Change]:
        """What can be taken away, in the order in which it has to be: what was given on goes first."""
        depths: dict[Key, int] = {}
        for each in self._given:
            _depth(each, self._children, depths)
        removable = [each for each in self._given if _is_removable(each, self._children)]
        removable.sort(
            key=lambda each: (_late(each.kind), depths[each.key], _IN_ORDER.index(each.kind), each.key)
        )
        return [self._change(each, ()) for each in removable]

    def handed_over(self, change: Change, to: Sequence[tuple[str, str]]) -> Change:
        """The change of a right that gives it to some others as it takes it away: their names, and the same
        in the server's quotes. Its giver gives it, without the option to give it on."""
        return self._change(self._by_key[change.key], to)

    def _key(self, given: Given) -> Key:
        return f"{'' if given.kind == MEMBER else self._database} {given.key}"

    def _change(self, given: Given, to: Sequence[tuple[str, str]]) -> Change:
        new = [given._replace(grantee=name, to=quoted, grantable=False) for name, quoted in to]
        if given.kind == MEMBER:
            forward, back = _member_statements(given)
        else:
            taken_back = [statement for each in new for statement in self._revoked(each)]
            forward = [*_as_giver(given, [*map(_grant, new), *self._revoked(given)])]
            back = [*_as_giver(given, [*taken_back, _grant(given)])]
        return Change(
            key=self._key(given),
            database="" if given.kind == MEMBER else self._database,
            on=given.path if given.kind == MEMBER else (self._database, *given.path),
            kind=KINDS[given.shape],
            right=f"{given.right} ({given.column})" if given.column else given.right,
            of=given.grantee,
            forward=tuple(forward),
            back=tuple(back),
            rests=tuple(sorted(map(self._key, self._children.get(given.key, ())))),
            to=tuple(each.grantee for each in new),
            gives=tuple(each.key for each in new),
        )

    def _revoked(self, given: Given) -> list[str]:
        """Statements that take a right away, and leave its holder the same right on columns."""
        same = self._of_columns.get((given.name, given.right, given.as_grantor, given.to), ())
        return [_revoke(given), *(map(_grant, same) if given.kind == TABLE else ())]


def _late(kind: str) -> int:
    return max(0, _IN_ORDER.index(kind) - _IN_ORDER.index(FUNCTION))


def _is_removable(given: Given, children: dict[Key, list[Given]]) -> bool:
    """Whether a right may be taken away, and all that was given on by it."""
    if given.fixed or given.right not in _REMOVABLE[given.kind]:
        return False
    if given.kind == COMING and given.key not in children:
        return False
    return all(_is_removable(each, children) for each in children.get(given.key, ()))


def _given_on(given: Sequence[Given]) -> dict[Key, list[Given]]:
    """For each right, those that its holder gave on by it."""
    holds: dict[tuple[str, str, str], list[Given]] = {}
    for each in given:
        if each.grantable and (each.kind != MEMBER or each.options):
            for kind in {TABLE: (TABLE, COLUMN)}.get(each.kind, (each.kind,)):
                holds.setdefault((kind + each.name, each.right, each.to), []).append(each)
    children: dict[Key, list[Given]] = {}
    for each in given:
        for holder in holds.get((each.kind + each.name, each.right, each.as_grantor), ()):
            if holder.column in ("", each.column) and holder.key != each.key and not each.own:
                children.setdefault(holder.key, []).append(each)
    return children


def _like_those_to_come(given: Sequence[Given]) -> dict[Key, list[Given]]:
    """For each default privilege, what it gave so far: the same right on tables that are there.

    It goes with all of these alone: that nobody needs them is what speaks for it.
    """
    alike: dict[tuple[str, str, str], list[Given]] = {}
    for each in given:
        if each.kind == TABLE and each.own:
            alike.setdefault((each.right, each.as_grantor, each.to), []).append(each)
    found: dict[Key, list[Given]] = {}
    for each in given:
        if each.kind == COMING:
            there = alike.get((each.right, each.as_grantor, each.to), ())
            if inside := [one for one in there if not each.path or one.path[0] == each.path[0]]:
                found[each.key] = inside
    return found


def _depth(given: Given, children: dict[Key, list[Given]], depths: dict[Key, int]) -> int:
    """How many steps a right was given on, at most."""
    if given.key not in depths:
        depths[given.key] = 0  # a circle of givers ends here
        depths[given.key] = 1 + max(
            (_depth(each, children, depths) for each in children.get(given.key, ())), default=0
        )
    return depths[given.key]


def _as_giver(given: Given, statements: Iterable[str]) -> Iterator[str]:
    """Statements in the name of who gave the right; the owner's name is that of any superuser."""
    if not given.own:
        yield f"SET LOCAL ROLE {given.as_grantor}"
    yield from statements
    if not given.own:
        yield "RESET ROLE"


def _what(given: Given) -> str:
    right = f"{given.right} ({given.column})" if given.column else given.right
    kind = {FUNCTION: "ROUTINE ", SCHEMA: "SCHEMA ", DATABASE: "DATABASE "}.get(given.kind, "TABLE ")
    return f"{right} ON {kind}{given.name}"


def _revoke(given: Given) -> str:
    if given.kind == COMING:
        return f"ALTER DEFAULT PRIVILEGES {given.name} REVOKE {given.right} ON TABLES FROM {given.to}"
    return f"REVOKE {_what(given)} FROM {given.to}"


def _grant(given: Given) -> str:
    option = " WITH GRANT OPTION" if given.grantable else ""
    if given.kind == COMING:
        return f"ALTER DEFAULT PRIVILEGES {given.name} GRANT {given.right} ON TABLES TO {given.to}{option}"
    return f"GRANT {_what(given)} TO {given.to}{option}"


def _member_statements(given: Given) -> tuple[list[str], list[str]]:
    by = f"GRANTED BY {given.as_grantor}"
    if given.options:
        options = f" WITH ADMIN {str(given.grantable).upper()}, {given.options}"
    else:
        options = " WITH ADMIN OPTION" if given.grantable else ""
    return (
        [f"REVOKE {given.name} FROM {given.to} {by}"],
        [f"GRANT {given.name} TO {given.to}{options} {by}"],
    )
