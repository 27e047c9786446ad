"""The kind of a street, spelt out or abbreviated: Street and St, Straße and Str., Calle and C/.

English kinds stand at the end of a street, so St in "12 St Mary's Road" is nobody's street; Romance ones
before its name; German ones are part of it. "Strasse" has its counterpart "Str" without a dot, "Straße" has
"Str.", so each leads back to where it came from. "St." is left to the mark `punctuation`.
"""

import re
from collections.abc import Mapping

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_GERMAN = {"straße": "str.", "strasse": "str"}
_BEHIND = {
    "street": "st",
    "road": "rd",
    "avenue": "ave",
    "lane": "ln",
    "drive": "dr",
    "court": "ct",
    "place": "pl",
    "square": "sq",
    "boulevard": "blvd",
    "crescent": "cres",
}
_BEFORE = {"calle": "c/", "avenida": "avda.", "boulevard": "bd"}  # Av. and Pl. are words of several languages


def _any_of(table: Mapping[str, str]) -> str:
    longest_first = sorted([*table, *table.values()], key=len, reverse=True)
    return f"({'|'.join(map(re.escape, longest_first))})"


_LAYOUTS = (  # what a street's kind is, and where it stands; the first that fits counts
    (_GERMAN, re.compile(rf"(?<=[^\W\d]|-){_any_of(_GERMAN)}(?=[\s,]|\Z)", re.IGNORECASE)),
    (_GERMAN, re.compile(rf"(?<= ){_any_of(_GERMAN)}(?= [0-9])", re.IGNORECASE)),
    (_BEHIND, re.compile(rf"(?<=[^\W\d_] ){_any_of(_BEHIND)}(?=\s*(?:,|\Z))", re.IGNORECASE)),
    (_BEFORE, re.compile(rf"(?:\A|(?<=[0-9] )){_any_of(_BEFORE)}(?= [^\W\d_])", re.IGNORECASE)),
)


class AddressAbbreviation(TextMark):
    """0: spelt out; 1: abbreviated; in the case that it had."""

    name = "address-abbreviation"
    title = "abbreviations in addresses"
    suits = frozenset({Kind.ADDRESS})

    def pair(self, text: str) -> tuple[str, str] | None:
        for table, layout in _LAYOUTS:
            found = list(layout.finditer(text))
            if found:
                start, end = found[-1].span()
                long, short = _entry(text[start:end], table)
                return text[:start] + long + text[end:], text[:start] + short + text[end:]
        return None


MARK = AddressAbbreviation()


def _entry(word: str, table: Mapping[str, str]) -> tuple[str, str]:
    """The line of the table that has the word, in its case."""
    entry = next((entry for entry in table.items() if word.lower() in entry), ("", ""))
    if word.istitle():
        return entry[0].capitalize(), entry[1].capitalize()
    return (entry[0].upper(), entry[1].upper()) if word.isupper() else entry
