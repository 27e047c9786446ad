"""Names as frequent and as rare as a table's own: the law that a further customer's name follows."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
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
    seconds   what follows the first hyphen or space in each of the rare names that have one
    bits      min-entropy of a name in the letters a to z; `initial_bits` that of its first letter

    A name that c rows have is seen c times. A decoy adds one: so it takes, for c > 2, a name that c − 1
    rows have, shares a new one with another decoy for c = 2, and has a new one to itself for c = 1. So it has
    no name that one row alone has, and the counts keep their law.
    """

    counts: Mapping[str, int] = field(repr=False)
    written: Mapping[str, str] = field(repr=False)
    splices: Splices = field(repr=False)
    seconds: Sequence[str] = field(repr=False)
    bits: float
    initial_bits: float


def name_law(counts: Mapping[str, int]) -> NameLaw | None:
    """The law of names (as they are written) with their counts; None without any."""
    if not counts:
        return None
    sizes = Counter(counts.values())
    rare = [name for name, n in counts.items() if n <= 2]
    seconds = [re.split("[ -]", name, maxsplit=1)[1] for name in rare if re.search("[ -]", name)]
    splices = Splices(rare if len(rare) >= _FEW else list(counts), {name.lower() for name in counts})
    total = sum(counts.values())
    shares = {
        name: max(n, (n + 1) * sizes[n + 1] / sizes[n] if 1 < n < _SHIFTED else 0) / total
        for name, n in counts.items()
    }
    new = (sizes[1] + 2 * sizes[2]) / total
    joint = max(Counter(seconds).values(), default=0) / total  # at most: two have a share of it each
    return NameLaw(
        {name.lower(): n for name, n in counts.items()},
        {name.lower(): name for name in counts},
        splices,
        seconds,
        bits=_bits(shares, new * 2.0 ** -splices.bits() + 2 * joint, whole=True),
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
        self._waiting: dict[Hashable, str] = {}
        self._begun: dict[str, Hashable] = {}
        self._made: set[str] = set()
        self._refusals: Counter[str] = Counter()

    def like(
        self, name: str, had_by: Callable[[int], Sequence[str]], *, among: Hashable = None
    ) -> tuple[str, bool]:
        """A name for a decoy of a row with this one, and whether no other decoy has it for its frequency.

        had_by  the names of rows like it that so many rows have
        among   what decoys must have in common to share a new name
        """
        law = self._law
        name = law.written.get(name.lower(), name)
        count = law.counts.get(name.lower(), 1)
        if count > 2:
            rarer = had_by(count - 1) if count <= _SHIFTED else ()
            return self._draws.choice(rarer) if rarer else name, True
        if count == 1:
            return self._new(name), True
        if among in self._waiting:
            return self._waiting[among], False
        new = self._new(name)
        self._begun[new] = among
        return new, True

    def given(self, name: str) -> None:
        """Take note that a decoy has a name that was drawn: a new one is shared by no more than two."""
        if name in self._begun:
            self._waiting[self._begun.pop(name)] = name
        else:
            self._forget(name)

    def refused(self, name: str) -> None:
        """Take note that a name did not do; one that waits to be shared is given up after a while."""
        self._refusals[name] += 1
        if self._refusals[name] > _ANOTHER:
            self._forget(name)

    def _forget(self, name: str) -> None:
        self._waiting = {among: other for among, other in self._waiting.items() if other != name}

    def _new(self, head: str) -> str:
        law, made = self._law, self._made
        tried = (self._tried(head if attempt < _TRIED else None) for attempt in range(2 * _TRIED))
        name = next((name for name in tried if name and name.lower() not in made), None)
        if name is None:  # no two names have anything in common: one that many have is nobody's
            return max(law.counts, key=law.counts.__getitem__).title()
        made.add(name.lower())
        return name

    def _tried(self, head: str | None) -> str | None:
        """A name that no row has: of two parts where the head has two, else spliced; None where it failed."""
        law = self._law
        if head and law.seconds and (joint := re.search("[ -]", head)):
            name = head[: joint.end()] + self._draws.choice(law.seconds)
            return name if name.lower() not in law.counts else None
        return law.splices.draw(self._draws, head)
