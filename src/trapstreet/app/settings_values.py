"""Times, shares and marks as `trapstreet.toml` says them."""

import re
from collections.abc import Sequence

from trapstreet.core.model.errors import UnusableInput

MOST_WITHHELD = 0.05
"""The largest share of a data set's rows that a copy may go without."""

_LEAST_KEPT = 30
"""Days."""


def read_keep(text: str, *, where: str = "keep under [work]") -> int | None:
    """The microseconds that a text like "3 years", "18 months" or "90 days" names; None for "". Raises
    UnusableInput for another text, and for less than 30 days."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d{1,4}) *(day|month|year)s?", text.strip())
    days = int(found[1]) * {"day": 1, "month": 31, "year": 366}[found[2]] if found else 0
    if days < _LEAST_KEPT:
        raise UnusableInput(
            f"{where}: {text!r} is no time to keep sightings for",
            hint=f'write it like "3 years", at least {_LEAST_KEPT} days; "" keeps them for ever',
        )
    return days * 86_400_000_000


def read_share(text: str, *, where: str) -> float:
    """The share of the rows that a text like "1%" or "0.5 %" names. Raises UnusableInput for another text, or
    more than MOST_WITHHELD."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if not found or float(found[1]) > 100 * MOST_WITHHELD:
        raise UnusableInput(
            f"{where}: {text!r} is no share of the rows to withhold",
            hint=f"write it like 1%, at most {MOST_WITHHELD:.0%}",
        )
    return float(found[1]) / 100


def read_marks(texts: Sequence[str], *, where: str) -> tuple[tuple[str, str], ...]:
    """Pairs of column and mark, from texts like "phone=phone-layout". Raises UnusableInput for another
    text, and for a mark that there is not."""
    from trapstreet.core.marks import mark_named

    pairs = [text.rpartition("=") for text in texts]
    for text, (column, _, mark) in zip(texts, pairs, strict=True):
        if not column or not mark:
            raise UnusableInput(
                f"{where}: {text!r} is no COLUMN=MARK", hint="write it like phone=phone-layout"
            )
        try:
            mark_named(mark)
        except UnusableInput as error:
            raise UnusableInput(f"{where}: {error.message}", hint=error.hint) from error
    return tuple((column, mark) for column, _, mark in pairs)
