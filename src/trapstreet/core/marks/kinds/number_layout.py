"""How a number with a decimal point is written in text: its last zero, else the sign between its thousands.

"1234.50" and "1234.5"; "1234.56" and "1,234.56". With a decimal comma it is the other way round. Whole
numbers are left: "1,234" is another number in Berlin than in Boston, and 2021 may be a year.
"""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_NUMBER = re.compile(
    r"([-+]?(?:[€$£] ?)?)([0-9]{1,15}|[0-9]{1,3}(?:[.,][0-9]{3}){1,4})"
    r"([.,])([0-9]{1,2})((?: ?[€$£]| [A-Z]{3})?)"
)
_THOUSANDS = {".": ",", ",": "."}


class NumberLayout(TextMark):
    """0: two decimals, thousands together; 1: one decimal, or thousands apart."""

    name = "number-layout"
    title = "layout of numbers in text"
    suits = frozenset({Kind.TEXT})

    def pair(self, text: str) -> tuple[str, str] | None:
        found = _NUMBER.fullmatch(text)
        if not found or found[3] in found[2]:
            return None
        head, whole, point, decimals, tail = found.groups()
        if decimals[1:] in ("", "0"):
            return (
                f"{head}{whole}{point}{decimals[0]}0{tail}",
                f"{head}{whole}{point}{decimals[0]}{tail}",
            )
        sign = _THOUSANDS[point]
        digits = whole.replace(sign, "")
        apart = f"{int(digits):,}".replace(",", sign)
        return f"{head}{digits}{point}{decimals}{tail}", f"{head}{apart}{point}{decimals}{tail}"


MARK = NumberLayout()
