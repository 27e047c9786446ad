"""Which ways to a resource show anything about people: not those to its other columns alone."""

from collections.abc import Iterable

from trapstreet.core.model.holdings import HeldColumn, Holding
from trapstreet.core.model.rights import Door

_STANDS_FOR = "person_id"
"""The kind of a number that stands for somebody, and says nothing of them by itself."""


def about_people(doors: Iterable[Door], holding: Holding | None) -> list[Door]:
    """Those of the doors to a resource by which somebody may see a column about people.

    A number that stands for somebody is one where there is no other. A view shows what it names in whatever
    way. Columns that nobody looked into count as about people, and so does all of what is not known by its
    columns.
    """
    if holding is None or not holding.sensitivity:
        return [*doors]
    others = _others(holding.columns)
    return [each for each in doors if _shows_more(each, others)]


def _others(columns: Iterable[HeldColumn]) -> set[str]:
    """Columns that hold nothing about people. Names that differ in case alone are one: some servers take them
    so."""
    about = {each for each in columns if each.sensitivity or not each.sampled}
    if any(each.kind != _STANDS_FOR for each in about if each.sensitivity):
        about = {each for each in about if each.kind != _STANDS_FOR}
    return {each.name.casefold() for each in columns} - {each.name.casefold() for each in about}


def _shows_more(door: Door, others: set[str]) -> bool:
    columns = door.seen()
    return columns is None or any(each.casefold() not in others for each in columns)
