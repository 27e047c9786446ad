"""Capitals in the local part of an e-mail address: "first.last@" and "First.Last@".

What stands behind a "+" keeps its case, since people filter by it, and so does the domain.
"""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_ADDRESS = re.compile(r"([A-Za-z0-9._%'-]+)((?:\+[A-Za-z0-9._%'+-]*)?@[^\s@<>,;]+)")
_FIRST_LETTER = re.compile(r"(?<![a-z0-9])[a-z]")


class LetterCase(TextMark):
    """0: small letters; 1: each word of the local part begins with a capital."""

    name = "letter-case"
    title = "capitals in e-mail addresses"
    suits = frozenset({Kind.EMAIL})

    def pair(self, text: str) -> tuple[str, str] | None:
        address = _ADDRESS.fullmatch(text)
        if not address:
            return None
        small = address[1].lower()
        capitals = _FIRST_LETTER.sub(lambda letter: letter[0].upper(), small)
        return small + address[2], capitals + address[2]


MARK = LetterCase()
