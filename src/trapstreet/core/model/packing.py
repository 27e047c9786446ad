"""Cells as plain values and back, without loss: how typed cells are kept where only text and numbers can
be."""

from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from trapstreet.core.model.encoding import Plain
from trapstreet.core.model.table import Cell


def pack(cell: Cell) -> Plain:
    """None, bool, int, str and bytes as they are; everything else as [tag, text]."""
    match cell:
        case None | bool() | int() | str() | bytes():
            return cell
        case float():
            return ["float", repr(cell)]
        case Decimal():
            return ["decimal", str(cell)]
        case datetime():
            return ["datetime", cell.isoformat()]
        case date():
            return ["date", cell.isoformat()]
        case time():
            return ["time", cell.isoformat()]
        case UUID():
            return ["uuid", str(cell)]


def unpack(packed: object) -> Cell:
    """The cell again. Raises ValueError for anything that `pack` does not give."""
    match packed:
        case None | bool() | int() | str() | bytes():
            return packed
        case ["float", str(text)]:
            return float(text)
        case ["decimal", str(text)]:
            return Decimal(text)
        case ["datetime", str(text)]:
            return datetime.fromisoformat(text)
        case ["date", str(text)]:
            return date.fromisoformat(text)
        case ["time", str(text)]:
            return time.fromisoformat(text)
        case ["uuid", str(text)]:
            return UUID(text)
    raise ValueError("not a packed cell")
