"""Statements of MariaDB that may not say what was asked, though they can be parsed.

The server runs what stands in /*! … */ and /*M! … */. And what is a text for us may have been none for it: a
client's character set may have characters whose second byte is a backslash, and stands in no log.
"""

import re
from collections.abc import Sequence

from trapstreet.core.model.access_events import Act, Doubt
from trapstreet.events.statements import Literal, Shape

SUSPECT = re.compile(r"/\*M?!|[^\x00-\x7f]\\|\ufffd")
"""What is in all of them that are in doubt by themselves."""

FREE = re.compile(
    r"\s*(?:UNLOCK\s+TABLES?|(?:RELEASE\s+SAVEPOINT|DEALLOCATE\s+PREPARE)\s+[\w$`]+"
    r"|/\*M?!\d*\s*SET\s+(?:NAMES|CHARACTER|@|\w+\s*=|SESSION|LOCAL|GLOBAL)(?:(?!\bROLE\b)[^();])*\*/)\s*;?\s*$",
    re.IGNORECASE,
)
"""It needs no right on anything: so does mysqldump begin and end."""

_RUN = re.compile(r"/\*M?!")
_HARMLESS = re.compile(
    r"/\*M?!\d*\s*(?:(?:SQL_NO_CACHE|SQL_CACHE|SQL_(?:SMALL|BIG|BUFFER)_RESULT|HIGH_PRIORITY|LOW_PRIORITY|DELAYED"
    r"|STRAIGHT_JOIN|LOCAL|IF\s+(?:NOT\s+)?EXISTS|DEFAULT\s+CHARACTER\s+SET\s+\w+|COLLATE\s+\w+)\s*)*\*/",
    re.IGNORECASE,
)
"""Words in it that ask for no right and name nothing."""
_OTHER_END = re.compile(r"[^\x00-\x7f]\\+['\"]")
_OTHER_MODE = re.compile(r"\\['\"]")
_NO_USE = (Act.OTHER, Act.BECOME)


def unsure(text: str, literals: Sequence[Literal], doubt: Doubt, shapes: Sequence[Shape]) -> bool:
    """Whether the server may have run something else than the shapes that were taken from a text."""
    if doubt == Doubt.CUT or _OTHER_END.search(text):
        return True
    if not FREE.match(text) and any(
        _RUN.match(each.text) and not _HARMLESS.fullmatch(each.text) for each in literals
    ):
        return True
    if "\ufffd" in text and any("\ufffd" in each for each in _beside(text, literals)):
        return True
    if doubt != Doubt.QUOTES:
        return False
    names = any(each.text[0] == '"' for each in literals) and not all(_needs_nothing(each) for each in shapes)
    return names or bool(_OTHER_MODE.search(text))


def _beside(text: str, literals: Sequence[Literal]) -> list[str]:
    """What of a text is in no literal: words and names."""
    starts, ends = [each.start for each in literals], [each.end for each in literals]
    return [text[a:b] for a, b in zip([0, *ends], [*starts, len(text)], strict=True)]


def _needs_nothing(shape: Shape) -> bool:
    """SET and the like, in which "…" is no table's name."""
    return shape.act in _NO_USE and bool(shape.fingerprint) and not shape.tables
