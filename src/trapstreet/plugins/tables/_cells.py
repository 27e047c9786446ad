"""Values of drivers and libraries as cells."""

import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from trapstreet.core.model.table import Cell

PLAIN = frozenset({str, int, float, bool, Decimal, date, datetime, time, bytes, UUID, type(None)})
"""The types of cells; a value of another type goes through `cell_of`."""

_MIDNIGHT = datetime(1, 1, 1)  # noqa: DTZ001 - a time of day has no zone


def cell_of(value: object) -> Cell:
    """The value as a cell: spans within a day are times, lists and objects compact JSON, the rest is text."""
    match value:
        case None | str() | int() | float() | Decimal() | date() | time() | bytes() | UUID():
            return value
        case timedelta() if timedelta(0) <= value < timedelta(days=1):
            return (_MIDNIGHT + value).time()
        case bytearray() | memoryview():
            return bytes(value)
        case list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_in_json)
    return str(value)


def exact_number(number: int | float | Decimal) -> int | float | None:
    """The number in a type that JSON and sheets have; None if it is not finite or would lose digits."""
    if isinstance(number, int):
        return number
    if not math.isfinite(number):
        return None
    if isinstance(number, float):
        return number
    if number == number.to_integral_value():
        return int(number)
    return float(number) if Decimal(repr(float(number))) == number else None


def _in_json(value: object) -> object:
    match value:
        case bytes():
            return value.hex()
        case Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
    return str(value)
