"""What a column can hold about people: the kinds, by files of what belongs together.

A kind is data and two questions to values. To add one, write it into the file where it belongs and give it
a class in `policy.toml`; nothing else knows the kinds by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from trapstreet.discover.domain.declared import Family

Share = Callable[[Sequence[str]], float]
"""Share in [0, 1] of some non-empty texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKind:
    """What a column may hold about people, and what speaks for it, in units of log-odds.

    name     as `HeldColumn.kind` has it;  title  what people call it
    headers  folded words that name it: "phone number"; "=name" only as the whole header
    hints    words that suggest it and need more: neighbours or values
    types    families of declared types it can have
    coded    a number or code of another table tells it, too: gender_id tells the gender, email_id no address
    fits     how many values may be one;  missed  how much it counts against the kind that values do not
    tells    how many values look like nothing else;  told  how much that counts for the kind
    of_things  things have one, too: whatever the header says, a table of things speaks against it
    people   how much a table about people counts for it, and a table of things against it
    beside   the surroundings that count for it ("postal", "medical", "money"), and how much
    """

    name: str
    title: str
    headers: frozenset[str]
    hints: frozenset[str] = frozenset()
    types: frozenset[Family]
    coded: bool = False
    fits: Share
    missed: float
    tells: Share
    told: float
    of_things: bool = False
    people: float = 0.0
    beside: str = ""
    nearby: float = 0.0


@cache
def held_kinds() -> Mapping[str, HeldKind]:
    """Every kind by its name."""
    found: dict[str, HeldKind] = {}
    for module in iter_modules(__path__):
        found |= {each.name: each for each in import_module(f"{__name__}.{module.name}").KINDS}
    return MappingProxyType(found)


def share_of(fits: Callable[[str], object]) -> Share:
    """A question to one text as the share of the texts it is true of."""
    return lambda texts: sum(map(bool, map(fits, texts))) / max(1, len(texts))


def nothing(texts: Sequence[str]) -> float:
    """For a kind whose values look like any others."""
    return 0.0


def anything(texts: Sequence[str]) -> float:
    """For a kind that any values may be of."""
    return 1.0
