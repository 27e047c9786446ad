"""Changes of rights made on a clone and taken back, and seen to do that and nothing else."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trapstreet.core.model.changes import Change
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins._mariadb import is_lost
from trapstreet.plugins.changes._mariadb.clone import Clone
from trapstreet.plugins.changes._mariadb.standing import standing

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_AT_ONCE = 200
"""Changes that are tried out together."""


def reversible(clone: Clone, changes: Sequence[Change]) -> list[Change]:
    """Those of some changes that can be made, do what they say, and can be taken back."""
    clone.put(())
    before = lines_of(clone)
    kept: set[str] = set()
    things: dict[object, list[Change]] = {}
    for each in changes:
        things.setdefault((each.of, each.on), []).append(each)
    every = [*things.values()]
    left = [every[n : n + _AT_ONCE] for n in range(0, len(every), _AT_ONCE)]
    while left:
        bundle = left.pop()
        some = [each for thing in bundle for each in thing]
        if _comes_back(clone, some, before):
            kept |= {each.key for each in some}
        elif half := len(bundle) // 2:
            left += [bundle[:half], bundle[half:]]
    return [each for each in changes if each.key in kept]


def _comes_back(clone: Clone, changes: Sequence[Change], before: frozenset[str]) -> bool:
    import pymysql

    try:
        clone.put(changes, by_statements=True)
        after = lines_of(clone)
        clone.put((), by_statements=True)
    except pymysql.MySQLError as error:
        if is_lost(error):
            raise
        return False
    comes = after == before - {each.key for each in changes} and lines_of(clone) == before
    if not comes:
        clone.reset()
    return comes


def rehearse(clone: Clone, changes: Sequence[Change], look: "Callable[[Cursor], None]") -> None:
    """Make changes, let somebody look, take them back. Raises UnusableInput."""
    clone.put(())
    before = lines_of(clone)
    clone.put(changes, by_statements=True)
    if lines_of(clone) != before - {each.key for each in changes}:
        raise UnusableInput("the changes would do something else beside", hint="take fewer at once: --role")
    look(clone.cursor)
    clone.put((), by_statements=True)
    if lines_of(clone) != before:
        raise UnusableInput("the way back does not lead back", hint="take fewer rights away at once: --role")


def lines_of(clone: Clone) -> frozenset[str]:
    """All rights that stand on a clone."""
    return frozenset(standing(clone.cursor, without=clone.user).lines)
