"""Thefts as they happen: a queue or region, a stretch of time, the newest rows, an export of random rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Column
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.kin.times import DAY, time_column

Bools = NDArray[np.bool_]

_FEWEST = 20
"""Rows of the sample that a part must have to be named."""
_LONGEST = 24
_MOST_COLUMNS = 6
_RANDOM = (0.01, 0.1)
_NEWEST = (100, 1000)


class How(StrEnum):
    """What a thief goes by."""

    ALL = "all"
    PART = "part"
    PERIOD = "period"
    NEWEST = "newest"
    RANDOM = "random"


class Theft(msgspec.Struct, frozen=True):
    """Rows that are taken together.

    column, part  what they have in common: a value that many rows have, or a month, quarter or year
    """

    how: How
    rows: int
    column: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A theft, and which rows of the sample it takes; None where it takes any row as likely as another."""

    theft: Theft
    inside: Bools | None = field(default=None, repr=False)


def cuts(rows: int, columns: Sequence[Column], sample: Sequence[Row], strata: Sequence[int]) -> Iterator[Cut]:
    """The thefts to plan for.

    sample  rows drawn uniformly, in the table's order;  strata  columns that it can be cut by
    Of each stratum the largest and the smallest part with 20 rows of the sample; of each column of times the
    middle one of the months, quarters and years.
    """
    yield Cut(Theft(How.ALL, rows))
    for at in strata[:_MOST_COLUMNS]:
        yield from _parts(rows, columns[at].name, [row[at] for row in sample])
    for at, column in enumerate(columns):
        if (days := _days(column, [row[at] for row in sample])) is not None:
            yield from _periods(rows, column.name, days)
    yield from (Cut(Theft(How.NEWEST, newest)) for newest in _NEWEST if 2 * newest <= rows)
    yield from (Cut(Theft(How.RANDOM, round(share * rows))) for share in _RANDOM if share * rows >= 2)


def _parts(rows: int, name: str, cells: Sequence[Cell]) -> Iterator[Cut]:
    """The largest and the smallest value that has 20 rows of the sample."""
    counts = Counter(map(cell_text, cells))
    named = [(value, number) for value, number in counts.most_common() if number >= _FEWEST]
    if len(counts) < 2:
        return
    for value, number in dict([*named[:1], *named[-1:]]).items():
        inside = np.array([cell_text(cell) == value for cell in cells])
        part = value[:_LONGEST] if value else "empty"
        yield Cut(Theft(How.PART, round(number / len(cells) * rows), name, part), inside)


def _days(column: Column, cells: Sequence[Cell]) -> list[date | None] | None:
    """The day in each cell of a column of times; None for any other column."""
    times = time_column(column, cells)
    if times is None or times.newest - times.oldest < DAY:
        return None
    moments = map(times.read, cells)
    return [None if moment is None else date.fromordinal(moment // DAY) for moment in moments]


def _periods(rows: int, name: str, days: Sequence[date | None]) -> Iterator[Cut]:
    """Of the months, the quarters and the years the one with the median number of rows."""
    for written in (_month, _quarter, _year):
        periods = [day and written(day) for day in days]
        counts = Counter(period for period in periods if period)
        if len(counts) > 1:
            ranked = sorted(counts.items(), key=lambda item: (item[1], item[0]))
            period, number = ranked[len(ranked) // 2]
            inside = np.array([each == period for each in periods])
            yield Cut(Theft(How.PERIOD, round(number / len(days) * rows), name, period), inside)


def _month(day: date) -> str:
    return f"{day.year}-{day.month:02d}"


def _quarter(day: date) -> str:
    return f"{day.year} Q{(day.month + 2) // 3}"


def _year(day: date) -> str:
    return str(day.year)
