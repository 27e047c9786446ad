"""How a date is written in text, its numbers in the order they had.

"2021-03-07" and "2021/03/07"; "07.03.2021" and "7.3.2021". Where day and month have two digits anyway, the
second layout has no counterpart. No date changes from day first to month first.
"""

import re
from datetime import date

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_YEAR_FIRST = re.compile(r"([0-9]{4})([-/])([0-9]{2})\2([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")


class DateLayout(TextMark):
    """0: hyphens, or leading zeros; 1: slashes, or none."""

    name = "date-layout"
    title = "layout of dates in text"
    suits = frozenset({Kind.TEXT, Kind.BIRTH_DATE})

    def pair(self, text: str) -> tuple[str, str] | None:
        if found := _YEAR_FIRST.fullmatch(text):
            parts = found[1], found[3], found[4]
            return ("-".join(parts), "/".join(parts)) if _exists(*map(int, parts)) else None
        found = _YEAR_LAST.fullmatch(text)
        if not found:
            return None
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if not _exists(year, second, first) and not _exists(year, first, second):
            return None
        point, end = found[2], found[4]
        return f"{first:02}{point}{second:02}{point}{end}", f"{first}{point}{second}{point}{end}"


MARK = DateLayout()


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
