"""Whether the seconds of a point in time are even or odd: it moves by one second at most, within its minute.

Seconds 0 and 1 are left: a time on the full minute is a rounded one, beside which another would stand out.
"""

import re
from datetime import datetime

from trapstreet.core.fields import Column, Kind
from trapstreet.core.marks.mark import TextMark
from trapstreet.core.model.table import Cell

_ISO = re.compile(
    r"([0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:)([0-5][0-9])"
    r"((?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)"
)


class TimestampSeconds(TextMark):
    """0: an even second; 1: an odd one. Cells are points in time, or text in ISO 8601 with seconds."""

    name = "timestamp-seconds"
    title = "seconds of timestamps"
    suits = frozenset({Kind.TEXT})

    def spellings(self, cell: Cell, column: Column) -> tuple[Cell, Cell] | None:
        if not isinstance(cell, datetime):
            return super().spellings(cell, column)
        even = cell.second & ~1
        return (cell.replace(second=even), cell.replace(second=even + 1)) if even else None

    def pair(self, text: str) -> tuple[str, str] | None:
        found = _ISO.fullmatch(text)
        if not found:
            return None
        even = int(found[2]) & ~1
        before, after = found[1], found[3]
        return (f"{before}{even:02}{after}", f"{before}{even + 1:02}{after}") if even else None


MARK = TimestampSeconds()
