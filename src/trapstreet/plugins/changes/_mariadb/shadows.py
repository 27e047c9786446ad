"""Rights in MariaDB that would give somebody more if they went.

Of the rows of one user that fit a database or a table, the most specific one counts alone: it hides the
others, even if it gives less. Who takes its last right away brings those to light. The rows of roles in a
role are put together with its own before one is chosen.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from trapstreet.plugins._mariadb_patterns import fits_in_any_case, is_wild
from trapstreet.plugins.changes._mariadb.rights import REMOVABLE
from trapstreet.plugins.changes._mariadb.standing import (
    COLUMN,
    DATABASE,
    ROLE,
    ROUTINE,
    TABLE,
    Given,
    Holder,
    Standing,
)

_LEVEL = {DATABASE: DATABASE, TABLE: TABLE, COLUMN: TABLE, ROUTINE: ROUTINE}


@dataclass(frozen=True, slots=True)
class _Row:
    """What one holder has on one thing.  rights  each with its column;  lasting  those that cannot go"""

    holder: Holder
    path: tuple[str, ...]
    rights: set[tuple[str, str]] = field(default_factory=set)
    lasting: set[str] = field(default_factory=set)

    def may_hide(self, other: "_Row", schemas: Collection[str]) -> bool:
        """Whether this one may count in place of another. Which of two patterns is the more specific one, the
        versions of the server do not agree on."""
        if other is self or self._is_wider_than(other):
            return False
        if not self.holder.is_role and not _meet(self.holder.host, other.holder.host):
            return False
        if self.path == other.path:
            return not self.holder.is_role
        if self.path[1:] != other.path[1:]:
            return False
        return any(
            fits_in_any_case(self.path[0], each) and fits_in_any_case(other.path[0], each) for each in schemas
        )

    def _is_wider_than(self, other: "_Row") -> bool:
        """Whether it surely counts only where the other one does not."""
        ours, theirs = self.holder.host, other.holder.host
        if ours == theirs:
            ours, theirs = self.path[0], other.path[0]
        return _exactness(ours) < _exactness(theirs)


def hiding(there: Standing, schemas: Collection[str]) -> set[Given]:
    """The rights, and the memberships of roles in roles, that may hide others, which would come to light.

    schemas  the databases that there are
    """
    every = [*_rows(there).items()]
    alike: dict[object, list[_Row]] = {}
    groups = _groups(there)
    users = {row.holder.user for _, row in every if not row.holder.is_role}
    for (level, _, _), row in every:
        name, is_role = row.holder.user, row.holder.is_role
        # What nobody in particular has on a database counts for all users.
        every_one = users if level == DATABASE and not name else {name}
        for who in {groups[name]} if is_role else every_one:
            alike.setdefault((level, is_role, who), []).append(row)
    rows = {}
    for some in alike.values():
        for row in some:
            hidden = [each for each in some if row.may_hide(each, schemas)]
            if hidden and not row.lasting and not _alone(row, hidden):
                rows[row.holder, row.path] = row
    found = {each for each in there.given if each.level in _LEVEL and (each.holder, each.path) in rows}
    return found | {each for each in there.given if _brings(each, there, every, schemas)}


def _alone(row: _Row, hidden: Iterable[_Row]) -> bool:
    """Whether it is one right, and what it hides is nothing else."""
    return len(row.rights) == 1 and all(each.rights <= row.rights for each in hidden)


def _rows(there: Standing) -> Mapping[tuple[str, Holder, tuple[str, ...]], _Row]:
    rows: dict[tuple[str, Holder, tuple[str, ...]], _Row] = {}
    for each in there.given:
        if each.level in _LEVEL:
            level = _LEVEL[each.level]
            row = rows.setdefault((level, each.holder, each.path), _Row(each.holder, each.path))
            row.rights.add((each.right, each.column))
            if each.right not in REMOVABLE[each.level]:
                row.lasting.add(each.right)
    return rows


def _groups(there: Standing) -> dict[str, int]:
    """By role: a number that all have who hang together with it."""
    roles = [each.user for each in there.holders if each.is_role]
    number = {role: n for n, role in enumerate(roles)}
    changed = True
    while changed:
        changed = False
        for role in roles:
            for inner in there.roles_of.get(role, ()):
                least = min(number.get(role, 0), number.get(inner, 0))
                changed = changed or number.get(role) != least or number.get(inner) != least
                number[role] = number[inner] = least
    return number


def _brings(
    given: Given,
    there: Standing,
    every: Iterable[tuple[tuple[str, Holder, tuple[str, ...]], _Row]],
    schemas: Collection[str],
) -> bool:
    """Whether a membership of a role in a role brings rows that may hide others."""
    if given.level != ROLE or not given.holder.is_role:
        return False
    on_databases = [row for (level, holder, _), row in every if level == DATABASE and holder.is_role]
    inner = there.above([given.path[0]])
    return any(
        row.holder.user in inner and any(row.may_hide(other, schemas) for other in on_databases)
        for row in on_databases
    )


def _exactness(text: str) -> int:
    """2 for one name alone, 0 for any, 1 between. A network with a mask counts as one name."""
    if text in ("", "%"):
        return 0
    return 1 if is_wild(text) else 2


def _meet(one: str, other: str) -> bool:
    """Whether a client may come from a host for which both patterns are."""
    if "/" in one or "/" in other or (is_wild(one) and is_wild(other)) or not one or not other:
        return True
    return fits_in_any_case(one, other) or fits_in_any_case(other, one)
