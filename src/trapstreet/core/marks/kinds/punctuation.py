"""The dot behind an abbreviation, the last one in the text: "Ltd" and "Ltd.", "Dr" and "Dr."."""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import NAMES, TextMark

_ABBREVIATION = re.compile(
    r"(?<![^\s(])(Ltd|Inc|Corp|Co|Bros|Dept|Dr|Mr|Mrs|Ms|Prof|Jr|Sr|St|Rd|Blvd|Apt)(\.?)(?=[\s,)]|\Z)"
)


class Punctuation(TextMark):
    """0: without the dot; 1: with it."""

    name = "punctuation"
    title = "dots behind abbreviations"
    suits = NAMES | {Kind.TEXT, Kind.ADDRESS}

    def pair(self, text: str) -> tuple[str, str] | None:
        found = list(_ABBREVIATION.finditer(text))
        if not found:
            return None
        before, after = text[: found[-1].end(1)], text[found[-1].end() :]
        return before + after, f"{before}.{after}"


MARK = Punctuation()
