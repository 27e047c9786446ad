"""The blank within a British, Irish, Canadian or Dutch postcode.

Postcodes of digits alone are left: together they read as those of another country.
"""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_HALVES = re.compile(
    r"([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{2})"  # United Kingdom
    r"|([A-Z][0-9][0-9W]) ?([A-Z0-9]{4})"  # Ireland
    r"|([A-Z][0-9][A-Z]) ?([0-9][A-Z][0-9])"  # Canada
    r"|([0-9]{4}) ?([A-Z]{2})",  # Netherlands
    re.IGNORECASE | re.ASCII,
)


class PostcodeSpacing(TextMark):
    """0: apart; 1: together."""

    name = "postcode-spacing"
    title = "blank in postcodes"
    suits = frozenset({Kind.POSTCODE})

    def pair(self, text: str) -> tuple[str, str] | None:
        found = _HALVES.fullmatch(text)
        if not found:
            return None
        halves = [half for half in found.groups() if half]
        return " ".join(halves), "".join(halves)


MARK = PostcodeSpacing()
