"""MariaDB's statements without their values, word for word as somebody wrote them: for the server to read."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trapstreet.events.statements import Literal

FIRST = 7_340_000_000
"""Numbers from here on stand for literals."""

_NAME = re.compile(r"`(?:[^`]|``)*`")
_SPACE = re.compile(r"(`(?:[^`]|``)*`)|\s+")
_LEFT = re.compile(r"""['"]|(?<![\w$.@])\d""")
"""What may be part of a value."""
_BEFORE = re.compile(r"(?:(?<![\w$])(?:_\w+|[xbn])\s*)$", re.IGNORECASE)
"""What says how a text is written: _utf8'…', x'…'."""
_AS = re.compile(r"\bAS\s*$", re.IGNORECASE)
_MARK, _NO_TEXT = "?", "''"


def as_written(text: str, literals: Sequence[Literal], statement: Any) -> str:
    """The text with ? for every value, 1 behind LIMIT and nothing between joined texts; "" where something
    that may be a value would be left.

    statement  what was parsed of it
    """
    instead = _instead(statement, literals)
    parts, at, last = [], 0, ""
    for n, each in enumerate(literals):
        before = text[at : each.start]
        what = instead.get(n, _MARK)
        if each.text[0] in "-/#":
            what = " "
        elif each.text[0] in "'\"":
            if _AS.search(before):
                what = f"`v{n}`"
            elif last in "'\"" and not before.strip() and n:
                what = " "  # it goes on
            else:
                before = _BEFORE.sub("", before)
        elif text[each.end : each.end + 1].isalnum():
            return ""
        if _LEFT.search(_NAME.sub("", before)):
            return ""
        parts += [before, what]
        at, last = each.end, each.text[0] if what != " " or last in "'\"" else ""
    rest = text[at:]
    if _LEFT.search(_NAME.sub("", rest)):
        return ""
    return _SPACE.sub(lambda found: found[1] or " ", "".join([*parts, rest])).strip().rstrip("; ")


def place_of(node: Any) -> int | None:
    """Which of the statement's literals a node is."""
    from sqlglot import exp

    if not isinstance(node, exp.Literal):
        return None
    text = node.this[1:] if node.is_string else node.this
    if not text.isdigit() or (node.is_string and node.this[:1] != "v"):
        return None
    place = int(text) if node.is_string else int(text) - FIRST
    return place if place >= 0 else None


def _instead(statement: Any, literals: Sequence[Literal]) -> dict[int, str]:
    """What else than ? stands in the place of a literal, where the server takes no value."""
    return {
        place: what
        for place, what in _not_values(statement, literals)
        if place is not None and place < len(literals)
    }


def _not_values(statement: Any, literals: Sequence[Literal]) -> Iterator[tuple[int | None, str]]:
    from sqlglot import exp

    for node in statement.find_all(exp.Literal):
        place, parent = place_of(node), node.parent
        if isinstance(parent, exp.Limit | exp.Offset):
            yield place, "1"
        elif isinstance(parent, exp.GroupConcat):
            yield place, _NO_TEXT
        elif isinstance(parent, exp.Ordered | exp.Group | exp.DataTypeParam) and _is_position(
            place, literals
        ):
            yield place, literals[place or 0].text


def _is_position(place: int | None, literals: Sequence[Literal]) -> bool:
    """Whether a literal is a number without a point: of a column, or of digits of a type."""
    return place is not None and place < len(literals) and literals[place].text.isdigit()
