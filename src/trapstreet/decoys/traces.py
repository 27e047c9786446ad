"""The donor's identity taken out of the cells that a decoy keeps: a login, a note, a display name."""

import re
from collections.abc import Mapping, Sequence

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.model.table import Cell, Row, cell_text

_SHORTEST = 4  # characters of a value that is looked for in other cells


def rewritten(columns: Sequence[Column], donor: Row, fresh: Mapping[int, Cell]) -> Row:
    """The donor's row with the fresh cells, which also replace what text cells repeat of the old ones."""
    cells = [fresh.get(at, cell) for at, cell in enumerate(donor)]
    texts = [
        at
        for at, column in enumerate(columns)
        if column.kind is Kind.TEXT
        and at not in fresh
        and isinstance(donor[at], str)
        and len(str(donor[at])) >= _SHORTEST
    ]
    if texts:
        swaps = _swaps(columns, donor, fresh)
        for at in texts:
            cells[at] = _swapped(str(donor[at]), swaps)
    return tuple(cells)


def _swaps(columns: Sequence[Column], donor: Row, fresh: Mapping[int, Cell]) -> dict[str, str]:
    """Old text → new text, the longest first."""
    pairs: dict[str, str] = {}
    full: dict[Kind, tuple[str, str]] = {}
    for at, cell in fresh.items():
        old, new = (cell_text(donor[at]) or "").strip(), (cell_text(cell) or "").strip()
        if columns[at].kind is Kind.TEXT or old == new:
            continue
        pairs[old] = new
        full.setdefault(columns[at].kind, (old, new))
        if columns[at].kind is Kind.EMAIL:
            pairs[old.partition("@")[0]] = new.partition("@")[0]
    if Kind.GIVEN_NAME in full and Kind.FAMILY_NAME in full:
        (given, new_given), (family, new_family) = full[Kind.GIVEN_NAME], full[Kind.FAMILY_NAME]
        pairs[f"{given} {family}"] = f"{new_given} {new_family}"
        pairs[f"{family}, {given}"] = f"{new_family}, {new_given}"
        pairs.pop(given, None)  # one word alone may be any word
        pairs.pop(family, None)
    return {old: pairs[old] for old in sorted(pairs, key=len, reverse=True) if len(old) >= _SHORTEST}


def _swapped(text: str, swaps: Mapping[str, str]) -> str:
    lower = text.lower()
    found = [old for old in swaps if old.lower() in lower]
    if not found:
        return text
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, found))})(?!\w)", re.IGNORECASE)
    by_lower = {old.lower(): swaps[old] for old in found}
    return pattern.sub(lambda match: _in_case(by_lower.get(match[0].lower(), ""), match[0]), text)


def _in_case(new: str, old: str) -> str:
    return new.lower() if old.islower() else new.upper() if old.isupper() else new
