"""What stands in statements, and in the texts of views and routines, as far as rights hang on it."""

import re
from collections.abc import Iterator

_HIDES = re.compile(
    r"\binformation_schema\b(?!`?\s*\.\s*`?(?:PROCESSLIST|ENGINES|PLUGINS|COLLATIONS|CHARACTER_SETS"
    r"|(?:GLOBAL|SESSION|SYSTEM)_(?:VARIABLES|STATUS))\b)|(?<![\w$@.])`?sys`?\s*\.",
    re.IGNORECASE,
)
"""What leaves out that on which one has no right: information_schema, and the views of it in `sys`."""
_BY_ROLE = re.compile(r"\bcurrent_role\b", re.IGNORECASE)
_NAMES = re.compile(r"`((?:[^`]|``)+)`|([\w$]+)")
_CALLED = re.compile(r"(?:`((?:[^`]|``)+)`|([\w$]+))\s*\(")
_CALLS = re.compile(
    r"\s*CALL\s+(?:[\w$]+|`(?:[^`]|``)+`)(?:\s*\.\s*(?:[\w$]+|`(?:[^`]|``)+`))?", re.IGNORECASE
)


def hides(text: str) -> bool:
    """Whether a statement, or a part of it, reads what leaves out that on which one has no right."""
    return _HIDES.search(text) is not None


def asks_for_role(text: str) -> bool:
    """Whether a statement, or a part of it, asks in which role it is done."""
    return _BY_ROLE.search(text) is not None


def bare(quoted: str) -> str:
    """A name that stood between backticks."""
    return quoted.replace("``", "`")


def names_in(text: str) -> Iterator[str]:
    """Every name and word in a text, folded."""
    return ((bare(quoted) or plain).casefold() for quoted, plain in _NAMES.findall(text))


def names_of(text: str) -> frozenset[str]:
    """Every name and word in a statement, folded."""
    return frozenset(names_in(text))


def called_in(text: str) -> Iterator[str]:
    """Names in a text that something may be called by, folded."""
    for quoted, plain in _CALLED.findall(text):
        yield (bare(quoted) or plain).casefold()
    if calls := _CALLS.match(text):
        yield from names_in(calls[0])
