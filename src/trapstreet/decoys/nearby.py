"""Values near a real one: another house in the street, another day of the year."""

import re
from calendar import isleap
from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import log2

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.decoy import Aim, Draw
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
_TRIED = 24


class Nearby:
    """Draws what stays near the donor's: its house and birthday; and leaves out what a decoy does without."""

    def __init__(self, model: TableModel, draws: KeyedDraws, *, aim: Aim) -> None:
        self._model = model
        self._draws = draws
        self._likely = aim is Aim.HIDE
        self._waiting: dict[int, Cell] = {}
        self._houses: dict[int, list[str]] = {}

    def filling(self, donor: Row) -> Filling:
        """What one decoy gets."""
        model = self._model
        cells: dict[int, Cell] = {}
        drawn: list[Draw] = []
        shows: dict[int, tuple[int, ...]] = {}
        for at, column in enumerate(model.columns):
            changed = None
            if column.kind in NEVER_FREE:
                cells[at] = model.blanks[at]
            elif column.kind is Kind.ADDRESS:
                changed = self._house(at, donor[at])
            elif column.kind is Kind.BIRTH_DATE and donor[at]:
                changed = self._birthday(at, donor[at]) or (model.blanks[at], 1)
            if changed is not None:
                cells[at], choices = changed
            if changed is not None and choices > 1:
                shows[at] = (len(drawn),)
                drawn.append(Draw(f"near the donor's {column.kind.replace('_', ' ')}", log2(choices)))
        return Filling(cells, tuple(drawn), shows)

    def _house(self, at: int, address: Cell) -> tuple[Cell, float]:
        if not self._likely or not isinstance(address, str) or not _HOUSE.search(address):
            return another_house(address, self._draws)
        return self._unless_alone(at, lambda: self._renumbered(at, address)), 1

    def _renumbered(self, at: int, address: str) -> str:
        """The address with the house number of another one."""
        return _HOUSE.sub(lambda _: self._draws.choice(self._numbers(at)), address, count=1)

    def _unless_alone(self, at: int, draw: Callable[[], Cell]) -> Cell:
        """A drawn value; where exactly one row has it, a new one instead that two decoys share.

        So values are as often had by two rows as in the table, and none is shared with one real row. The new
        one is as long: the numbers of few digits are those that many have.
        """
        drawn, rows_with = draw(), self._model.census.rows_with
        if rows_with([at], (drawn,)) != 1:
            return drawn
        if at in self._waiting:
            return self._waiting.pop(at)
        tried = [found for _ in range(_TRIED) if not rows_with([at], (found := draw(),))]
        if not tried:
            return self._model.blanks[at]
        found = next((one for one in tried if len(str(one)) == len(str(drawn))), tried[0])
        self._waiting[at] = found
        return found

    def _numbers(self, at: int) -> list[str]:
        """The house numbers of the sample."""
        if at not in self._houses:
            found = (_HOUSE.search(str(row[at])) for row in self._model.sample if row[at])
            self._houses[at] = [match[0] for match in found if match]
        return self._houses[at]

    def _birthday(self, at: int, born: Cell) -> tuple[Cell, float] | None:
        """Another day of the year, and among how many it was drawn."""
        column = self._model.columns[at]
        found = another_day(born, column, self._draws)
        if not self._likely or found is None:
            return found
        return self._unless_alone(at, lambda: (another_day(born, column, self._draws) or (born,))[0]), 1


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
