"""Numbers and moments in cells: each column as figures, where it is one of numbers or of days."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.table import Cell
from trapstreet.decoys.audit.coded import CodedColumn, Codes, Floats, compact

_MOST = 0.9  # share of the values that are not empty that must be read
_NUMERIC = re.compile(r"[-+]?\d{1,15}(?:[.,]\d{1,6})?")
_DAY_LAST = re.compile(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?.*)?")
_DAY_FIRST = re.compile(r"(\d\d?)[-/.](\d\d?)[-/.](\d{4})(?: +(\d\d?):(\d\d)(?::(\d\d))?.*)?")
_DAY = 86_400.0


@dataclass(frozen=True)
class Figures:
    """A column as numbers: seconds since 1970 for moments; NaN where a cell has none. Per distinct value."""

    column: CodedColumn
    values: Floats = field(repr=False)
    moments: bool


def figures(column: CodedColumn) -> Figures | None:
    """The column's numbers or moments; None where it has neither. Codes count by all their digits."""
    filled = [value for value in column.values if value not in (None, "")]
    if len(filled) < 3:
        return None
    for read, moments in ((_moment, True), (_number, False)):
        if read is _number and column.column.kind is Kind.REFERENCE:
            values = _running(column.values)
        elif column.column.kind in (Kind.PHONE, Kind.POSTCODE) and read is _moment:
            continue
        else:
            values = np.array([read(value) for value in column.values], dtype=np.float64)
        if np.count_nonzero(~np.isnan(values)) >= _MOST * len(filled):
            return Figures(column, values, moments)
    return None


def year_of(column: CodedColumn) -> Codes | None:
    found = figures(column)
    if found is None or not found.moments:
        return None
    return _codes(column, np.floor(found.values / (365.2425 * _DAY)))


def day_of_week(column: CodedColumn) -> Codes | None:
    found = figures(column)
    if found is None or not found.moments:
        return None
    return _codes(column, np.floor(found.values / _DAY) % 7)


def _codes(column: CodedColumn, values: Floats) -> Codes:
    numbers = np.nan_to_num(values, nan=-99_999).astype(np.int64)
    return compact(numbers[column.codes.of])


def _moment(value: Cell) -> float:
    match value:
        case datetime():
            return (value.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
        case date():
            return float(value.toordinal() - 719_163) * _DAY
        case time():
            return float(value.hour * 3600 + value.minute * 60 + value.second)
        case str():
            return _written_moment(value.strip())
    return np.nan


def _written_moment(text: str) -> float:
    if match := _DAY_LAST.fullmatch(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = int(match[1]), int(match[2]), int(match[3])
        if month > 12:
            day, month = month, day
    else:
        return np.nan
    try:
        days = date(year, month, day).toordinal() - 719_163
    except ValueError:
        return np.nan
    clock = [int(part or 0) for part in match.groups()[3:6]]
    return days * _DAY + clock[0] * 3600 + clock[1] * 60 + clock[2]


def _number(value: Cell) -> float:
    match value:
        case bool():
            return np.nan
        case int() | float() | Decimal():
            return float(value)
        case str() if _NUMERIC.fullmatch(text := value.strip()):
            return float(text.replace(",", "."))
    return np.nan


def _running(values: Sequence[Cell]) -> Floats:
    """The digits of codes as one number, where these are few enough to be a running number."""
    digits = [re.sub(r"\D", "", str(value)) for value in values]
    hexadecimal = sum(bool(re.search(r"\d[a-f]|[a-f]\d", str(value))) for value in values[:200]) > 100
    if hexadecimal:
        return np.full(len(values), np.nan)
    return np.array([float(d) if 0 < len(d) <= 15 else np.nan for d in digits])
