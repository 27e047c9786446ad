"""Words for people that several parts need."""

import re
from collections.abc import Sequence

_DIGITS = re.compile(r"([0-9]+)")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 record`, `2,040 records`; `many` where that is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def printable(text: str) -> str:
    """The text on one line, with a ? for what does not print: somebody else chose it."""
    return "".join(each if each.isprintable() else "?" for each in text)


def joined(path: Sequence[str]) -> str:
    """The name of what has a path: of a table crm.customers, of a file /srv/share/plan.csv. Not safe to
    print."""
    return ("/" if path and "/" in path[0] else ".").join(path)


def natural(text: str) -> list[tuple[int, str]]:
    """What to sort names by, so that agent2 comes before agent10."""
    return [(int(each), "") if at % 2 else (0, each) for at, each in enumerate(_DIGITS.split(text))]
