"""Columns of moments and of amounts: as whole numbers, and written back as the table writes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Protocol

from trapstreet.core.model.table import Cell

NOTHING = -(1 << 63)
"""The number of a cell that has none."""

_SECOND = 1_000_000
DAY = 86_400 * _SECOND
_UNITS_OF_TIME = (DAY, 3600 * _SECOND, 900 * _SECOND, 60 * _SECOND, _SECOND, 1000, 1)
_FEWEST = 20  # filled cells that tell what a column holds
_MOSTLY = 0.98
_PLACES = 6  # decimal places of an amount
_UNITS_OF_AMOUNT = tuple(step * 10**power for power in range(12, -1, -1) for step in (5, 1))
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_AMOUNT = re.compile(r"-?\d{1,12}(?:[.,]\d{1,6})?")


class Measure(Protocol):
    """How one column writes numbers; `unit` is the step that its numbers are multiples of."""

    unit: int

    def number(self, cell: Cell) -> int:
        """The cell as a number; NOTHING where it has none."""
        ...

    def written(self, number: int, like: Cell) -> Cell:
        """The number as a cell of the type and layout of another one of the column."""
        ...


@dataclass
class Moments:
    """Dates and times, in µs of wall-clock time since year 1: typed cells, ISO 8601, and 31/12/2024 23:59."""

    unit: int = 1
    day_first: bool = True

    def number(self, cell: Cell) -> int:
        if isinstance(cell, str):
            cell = self._read(cell.strip())
        if isinstance(cell, datetime):
            seconds = (cell.toordinal() * 24 + cell.hour) * 3600 + cell.minute * 60 + cell.second
            return seconds * _SECOND + cell.microsecond
        return cell.toordinal() * DAY if isinstance(cell, date) else NOTHING

    def _read(self, text: str) -> datetime | date | None:
        try:
            if match := _NUMERIC.fullmatch(text):
                day, month = (match[1], match[3]) if self.day_first else (match[3], match[1])
                hour, minute, second = (int(match[group] or 0) for group in (5, 6, 7))
                return datetime(int(match[4]), int(month), int(day), hour, minute, second)  # noqa: DTZ001 wall-clock time
            return datetime.fromisoformat(text) if len(text) > 7 and not text.isdigit() else None
        except ValueError:
            return None

    def written(self, number: int, like: Cell) -> Cell:
        days, rest = divmod(number, DAY)
        moment = datetime.fromordinal(days) + timedelta(microseconds=rest)
        if isinstance(like, datetime):
            return moment.replace(tzinfo=like.tzinfo)
        if isinstance(like, date):
            return moment.date()
        return self._spelled(moment, str(like))

    def _spelled(self, moment: datetime, like: str) -> str:
        parts = [f"{moment.year:04d}", f"{moment.month}", f"{moment.day}"]
        if _NUMERIC.fullmatch(like.strip()):
            parts = [parts[2], parts[1], parts[0]] if self.day_first else [parts[1], parts[2], parts[0]]
        parts += [str(moment.hour), str(moment.minute), str(moment.second)]
        fraction = re.search(r":\d\d[.,](\d+)", like)
        if fraction:
            parts.append(f"{moment.microsecond:06d}"[: len(fraction[1])].ljust(len(fraction[1]), "0"))
        fresh = iter(parts)
        return re.sub(
            r"\d+", lambda match: next(fresh, match[0]).zfill(len(match[0])), like, count=len(parts)
        )


@dataclass
class Amounts:
    """Numbers, in millionths."""

    unit: int = 1

    def number(self, cell: Cell) -> int:
        if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
            return NOTHING
        if isinstance(cell, str):
            if not _AMOUNT.fullmatch(cell.strip()):
                return NOTHING
            cell = cell.strip().replace(",", ".")
        try:
            number = int(Decimal(str(cell)).scaleb(_PLACES).to_integral_value())
        except (InvalidOperation, ValueError, OverflowError):
            return NOTHING
        return number if abs(number) < 1 << 62 else NOTHING

    def written(self, number: int, like: Cell) -> Cell:
        value = Decimal(number).scaleb(-_PLACES)
        if isinstance(like, int):
            return int(value)
        if isinstance(like, float):
            return float(value)
        text = str(like)
        places = len(re.split("[.,]", text.strip())[1]) if re.search("[.,]", text) else 0
        if isinstance(like, Decimal):
            return round(value, places)
        written = f"{value:.{places}f}"
        return text.replace(text.strip(), written.replace(".", ",") if "," in text else written)


def learn_measure(cells: Sequence[Cell]) -> Measure | None:
    """What reads nearly all of these cells of a column; None where nothing does."""
    filled = [cell for cell in cells if cell is not None and cell != ""]
    if len(filled) < _FEWEST:
        return None
    measures: tuple[Moments | Amounts, ...] = (Moments(), Moments(day_first=False), Amounts())
    for measure in measures:
        numbers = [measure.number(cell) for cell in filled]
        read = [number for number in numbers if number != NOTHING]
        if len(read) >= _MOSTLY * len(filled):
            units = _UNITS_OF_AMOUNT if isinstance(measure, Amounts) else _UNITS_OF_TIME
            measure.unit = _unit(read, units)
            return measure
    return None


def _unit(numbers: Sequence[int], units: Sequence[int]) -> int:
    """The largest unit that nearly all are multiples of."""
    enough = _MOSTLY * len(numbers)
    return next((unit for unit in units if sum(number % unit == 0 for number in numbers) >= enough), 1)
