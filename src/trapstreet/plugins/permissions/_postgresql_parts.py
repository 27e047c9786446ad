"""Doors to the parts of a PostgreSQL table that views, functions and rules show: the same ones for each part.

A table may have thousands of parts and be shown by hundreds of views. So what all those views give is put
together, and a part has a door for each set of columns that the same ones see, however many the views; of the
functions whose texts name it, it has one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce
from operator import or_

from trapstreet.core.model.rights import Bits, Door, Grant, How

_CALLED = {
    How.VIEW: ("SELECT", "views that show"),
    How.COPY: ("SELECT", "materialized views that show"),
    How.FUNCTION: ("EXECUTE", "functions that may show"),
    How.RULE: ("a right to write", "relations whose rules show"),
}


def of_parts(doors: Iterable[Door], table: str, everybody: Bits) -> Iterator[Door]:
    """Doors through views and functions to a table, for its parts.  table: "table visits"

    Their grants tell of the views together: a text for each view would be one more for each part, and would
    change with every other view.
    """
    alike: dict[tuple[How, bool, bool], list[Door]] = {}
    for each in doors:
        alike.setdefault((each.how, each.could, each.sure), []).append(each)
    for (how, could, _), those in alike.items():
        right, called = _CALLED[how]
        of_them = f"{called} {table}"
        own = f"owner of {of_them}: can grant itself SELECT" if could else f"{right} on {of_them}"
        last = -1 if how == How.FUNCTION else -2  # the grant of a view is followed by what it shows
        grants = [
            Grant(own, _union(each.grants[last].to for each in those)),
            Grant(f"{table} shows its parts", everybody),
        ]
        if schemas := _union(grant.to for each in those for grant in each.grants[:last]):
            grants.insert(0, Grant(f"USAGE on the schemas of {of_them}", schemas))
        for opens, shows in _by_columns(those):
            yield replace(those[0], opens=opens, grants=tuple(grants), shows=shows)


def _by_columns(doors: Iterable[Door]) -> Iterator[tuple[Bits, tuple[str, ...] | None]]:
    """For whom some doors open, with the columns that they show to the same ones."""
    whole = bare = 0
    by_column: dict[str, Bits] = {}
    for door in doors:
        if door.shows is None:
            whole |= door.opens
        elif not door.shows:
            bare |= door.opens
        for column in door.shows or ():
            by_column[column] = by_column.get(column, 0) | door.opens
    together: dict[Bits, list[str]] = {}
    for column, opens in by_column.items():
        together.setdefault(opens, []).append(column)
    if whole:
        yield whole, None
    yield from ((opens, tuple(columns)) for opens, columns in together.items())
    if bare:
        yield bare, ()


def _union(sets: Iterable[Bits]) -> Bits:
    return reduce(or_, sets, 0)
