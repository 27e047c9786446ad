"""Names as frequent and as rare as a table's own: the law that a further customer's name follows."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log2

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.names import slugs
from trapstreet.decoys.splicing import Splices

_SHIFTED = 12  # counts up to which one more is seen as a difference
_FEW = 64  # rare names that splices need, else all serve
_TRIED = 4
_ANOTHER = 12


@dataclass(frozen=True)
class NameLaw:
    """The law of a column's names.

    counts    how many rows have a name, by the name in small letters; `written`: how it is written
    splices   makes new names
    bits      min-entropy of a name in the letters a to z; `initial_bits` that of its first letter

    A name that c rows have is seen c times. A decoy adds one: so it takes, for c > 2, a name that c − 1
    rows have, shares a new one with another decoy for c = 2, and has a new one to itself for c = 1. So it has
    no name that one row alone has, and the counts keep their law.
    """

    counts: Mapping[str, int] = field(repr=False)
    written: Mapping[str, str] = field(repr=False)
    splices: Splices = field(repr=False)
    bits: float
    initial_bits: float


def name_law(counts: Mapping[str, int]) -> NameLaw | None:
    """The law of names (as they are written) with their counts; None without any."""
    if not counts:
        return None
    sizes = Counter(counts.values())
    rare = [name for name, n in counts.items() if n <= 2]
    splices = Splices(rare if len(rare) >= _FEW else list(counts), {name.lower() for name in counts})
    total = sum(counts.values())
    shares = {
        name: max(n, (n + 1) * sizes[n + 1] / sizes[n] if 1 < n < _SHIFTED else 0) / total
        for name, n in counts.items()
    }
    new = (sizes[1] + 2 * sizes[2]) / total
    return NameLaw(
        {name.lower(): n for name, n in counts.items()},
        {name.lower(): name for name in counts},
        splices,
        bits=_bits(shares, new * 2.0 ** -splices.bits(), whole=True),
        initial_bits=_bits(shares, new, whole=False),
    )


def _bits(shares: Mapping[str, float], new: float, *, whole: bool) -> float:
    """−log2 of the likeliest name or initial, where a new one adds at most the chance `new` to any."""
    largest = 0.0
    for spelling in (0, 1):
        sums: dict[str, float] = defaultdict(float)
        for name, share in shares.items():
            shown = slugs(name)[spelling]
            sums[shown if whole else shown[:1]] += share
        largest = max([largest, *sums.values()])
    return max(0.0, -log2(min(1.0, largest + new)))


class NameDraws:
    """Draws names for one set of decoys."""

    def __init__(self, law: NameLaw, draws: KeyedDraws) -> None:
        self._law = law
        self._draws = draws
        self._waiting: str | None = None
        self._made: set[str] = set()

    def like(self, name: str, another: Callable[[], str]) -> tuple[str, bool]:
        """A name for a decoy of a row with this one, and whether no other decoy has it for its frequency.

        another  draws a name of a row like it
        """
        law = self._law
        name = law.written.get(name.lower(), name)
        count = law.counts.get(name.lower(), 1)
        if count <= 2 and (joint := re.search("[ -]", name)):
            first, other = (self.like(part, another) for part in name.split(joint[0], 1))
            return f"{first[0]}{joint[0]}{other[0]}", first[1] and other[1]
        if 2 < count <= _SHIFTED:
            tried = (another().lower() for _ in range(_ANOTHER))
            return law.written[
                next((one for one in tried if law.counts.get(one) == count - 1), name.lower())
            ], True
        if count > 2:
            return name, True
        if count == 1:
            return self._new(name), True
        if self._waiting is None:
            self._waiting = self._new(name)
            return self._waiting, True
        shared, self._waiting = self._waiting, None
        return shared, False

    def _new(self, head: str) -> str:
        splices, made = self._law.splices, self._made
        tried = (
            splices.draw(self._draws, head if attempt < _TRIED else None) for attempt in range(2 * _TRIED)
        )
        name = next((name for name in tried if name and name.lower() not in made), None)
        if name is None:  # no two names have anything in common: one that many have is nobody's
            return max(self._law.counts, key=self._law.counts.__getitem__).title()
        made.add(name.lower())
        return name
