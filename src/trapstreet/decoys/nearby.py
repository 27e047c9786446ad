"""Values near a real one: another house in the street, another day of the year."""

import re
from calendar import isleap
from datetime import date, datetime, timedelta
from math import log2

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.decoy import Draw
from trapstreet.decoys.filling import Filling
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.numbering import retyped

NEVER_FREE = frozenset({Kind.IBAN, Kind.CARD, Kind.NATIONAL_ID})
"""Kinds of which decoys have no value: whatever one makes up may be somebody's."""

_HOUSE = re.compile(r"(?<![\w-])\d{1,4}(?![\w-]*\d)")
_NUMERIC = re.compile(r"(\d{1,4})(\D{1,2})(\d{1,2})(\D{1,2})(\d{1,4})(.*)", re.DOTALL)
_COMPACT = re.compile(r"(\d{4})()(\d\d)()(\d\d)()")
_WORDED = re.compile(
    r"([^\d]{0,20}?)(\d{1,2})((?:\D*[^\W\d_]{3}\D*|(?<=[^\W\d_] \d)\D*|(?<=[^\W\d_] \d\d)\D*)\d{4})"
)
_HOUSES = 64


def personal_filling(model: TableModel, donor: Row, draws: KeyedDraws) -> Filling:
    """What stays near the donor's: its house and birthday; and what a decoy does without."""
    cells: dict[int, Cell] = {}
    drawn: list[Draw] = []
    shows: dict[int, tuple[int, ...]] = {}
    for at, column in enumerate(model.columns):
        changed = None
        if column.kind in NEVER_FREE:
            cells[at] = model.blanks[at]
        elif column.kind is Kind.ADDRESS:
            changed = another_house(donor[at], draws)
        elif column.kind is Kind.BIRTH_DATE and donor[at]:
            changed = another_day(donor[at], column, draws) or (model.blanks[at], 1)
        if changed is not None:
            cells[at], choices = changed
        if changed is not None and choices > 1:
            shows[at] = (len(drawn),)
            drawn.append(Draw(f"near the donor's {column.kind.replace('_', ' ')}", log2(choices)))
    return Filling(cells, tuple(drawn), shows)


def another_house(address: Cell, draws: KeyedDraws) -> tuple[Cell, int]:
    """The address with another house number, and among how many it was drawn (1: it has none)."""
    match = _HOUSE.search(address) if isinstance(address, str) else None
    if match is None or not isinstance(address, str):
        return address, 1
    number = int(match[0])
    choices = [
        n for n in range(max(1, number - _HOUSES), max(1, number - _HOUSES) + 2 * _HOUSES) if n != number
    ]
    choices = [n for n in choices if n <= max(40, number + number // 2)]
    return address[: match.start()] + str(draws.choice(choices)) + address[match.end() :], len(choices)


def another_day(born: Cell, column: Column, draws: KeyedDraws) -> tuple[Cell, int] | None:
    """Another day of the same year in the same layout, and among how many it was drawn; None for no date.

    Where the month is a word it stays, and the day is another of its first 28.
    """
    if isinstance(born, datetime | date):
        day, count = _other(date(born.year, born.month, born.day), draws)
        return born.replace(month=day.month, day=day.day), count
    text = (cell_text(born) or "").strip()
    if worded := _WORDED.fullmatch(text):
        days = [day for day in range(1, 29) if day != int(worded[2])]
        return f"{worded[1]}{draws.choice(days):0{len(worded[2])}d}{worded[3]}", len(days)
    match = _COMPACT.fullmatch(text) or _NUMERIC.fullmatch(text)
    found = _other_numeric(match, column, draws) if match else None
    return found and (retyped(found[0], born), found[1])


def _other_numeric(match: re.Match[str], column: Column, draws: KeyedDraws) -> tuple[str, int] | None:
    order = _order(match[1], match[3], match[5], column)
    numbers = {part: match[group] for part, group in zip(order, (1, 3, 5), strict=True)}
    year = int(numbers["y"]) if len(numbers["y"]) == 4 else 1900 + int(numbers["y"])
    try:
        day, count = _other(date(year, int(numbers["m"]), int(numbers["d"])), draws)
    except ValueError:
        return None
    width = min(len(numbers["d"]), len(numbers["m"]))
    written = {"y": numbers["y"], "m": f"{day.month:0{width}d}", "d": f"{day.day:0{width}d}"}
    first, second, third = (written[part] for part in order)
    return f"{first}{match[2]}{second}{match[4]}{third}{match[6]}", count


def _order(first: str, second: str, third: str, column: Column) -> str:
    if len(first) == 4:
        return "ymd"
    if int(first) > 12 or column.day_first or (column.day_first is None and int(second) <= 12):
        return "dmy"
    return "mdy"


def _other(day: date, draws: KeyedDraws) -> tuple[date, int]:
    """A different day of the year of `day`, each equally likely."""
    days = 366 if isleap(day.year) else 365
    shift = 1 + draws.below(days - 1)
    start = date(day.year, 1, 1)
    return start + timedelta(
        (day - start).days + shift - days * ((day - start).days + shift >= days)
    ), days - 1
