"""Names of columns that are somebody's data: the first row of a file that has no header, keys of an object.

Names of columns are kept and shown, values are not. Where it is in doubt, a name is taken for a value.
"""

import re
from collections.abc import Sequence

from trapstreet.core.fields.kind import Kind
from trapstreet.core.fields.registry import kinds
from trapstreet.discover.domain.headers import read_headers

_ALONE = (Kind.EMAIL, Kind.IBAN, Kind.CARD)
_LIKELY = (Kind.PHONE, Kind.BIRTH_DATE, Kind.NATIONAL_ID)
_DIGITS = 6
"""In a name, from which on it is somebody's number: "line2" and "2024" are none."""
_TITLE = re.compile(r"[^\W\d_a-z]\w*(?:[ .'-]+[^\W\d_a-z][\w.]*)+")
_NUMBER_AND_WORD = re.compile(r"\d+[a-z]?,? +[^\W\d_].*", re.IGNORECASE)


def is_headless(names: Sequence[str]) -> bool:
    """Whether the first row of a table is one of its records."""
    sure = sum(any(kinds()[kind].plausible([name]) >= 1 for kind in _ALONE) for name in names)
    return sure > 0 or 3 * sum(map(_is_number, names)) > len(names)


def numbered(names: Sequence[str], *, all_of_them: bool = False) -> list[str]:
    """The names, with "column 3" for each that is a value, or empty, or there already."""
    says = [bool(each.says) for each in read_headers(names, [""] * len(names), table="")]
    return [
        f"column {at + 1}"
        if all_of_them or not name or name in names[:at] or _is_value(name, says[at])
        else name
        for at, name in enumerate(names)
    ]


def _is_value(name: str, says_a_kind: bool) -> bool:
    if _is_number(name) or kinds()[Kind.EMAIL].plausible([name]) >= 1:
        return True
    return not says_a_kind and bool(_TITLE.fullmatch(name) or _NUMBER_AND_WORD.fullmatch(name))


def _is_number(name: str) -> bool:
    return sum(map(str.isdigit, name)) >= _DIGITS or any(
        kinds()[kind].plausible([name]) >= 1 for kind in _LIKELY
    )
