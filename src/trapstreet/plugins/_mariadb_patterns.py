"""Patterns with % and _ in MariaDB's grants, which hold for more than one database or host."""

import re
from functools import cache

_WILD = re.compile(r"(?:[^\\%_]|\\.)*[%_]", re.DOTALL)
_ONE = re.compile(r"\\(.)|(.)", re.DOTALL)


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern is for a name, in this case."""
    return _pattern(pattern).fullmatch(name) is not None


def fits_in_any_case(pattern: str, name: str) -> bool:
    """Whether a pattern is for a name, in whatever case: servers differ in that."""
    return fits(pattern.casefold(), name.casefold())


def is_wild(text: str) -> bool:
    """Whether it is for more than one name."""
    return _WILD.match(text) is not None


def breadth(pattern: str) -> tuple[bool, bool, int, int, int]:
    """A sort key for patterns of databases that fit the same name: the one that the server heeds first.

    As MariaDB 10.11 does, for which 19 patterns were tried against each other: a plain name, then one
    without %, then the longest not counting %, then the one with fewer _, then the one whose first wildcard
    comes earlier. It heeds equals by the order in which they were granted.
    """
    signs = [(escaped or plain, not escaped) for escaped, plain in _ONE.findall(pattern)]
    wild = [(at, sign) for at, (sign, bare) in enumerate(signs) if bare and sign in "%_"]
    of_many = sum(sign == "%" for _, sign in wild)
    return bool(wild), of_many > 0, of_many - len(signs), len(wild) - of_many, wild[0][0] if wild else 0


@cache
def _pattern(text: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    written = (
        re.escape(escaped) if escaped else wild.get(plain) or re.escape(plain)
        for escaped, plain in _ONE.findall(text)
    )
    return re.compile("".join(written), re.DOTALL)
