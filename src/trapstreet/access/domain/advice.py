"""What may be taken away, and the proof that nobody is kept from work by it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import FOLDER, MEMBERSHIP, Change, Checked, Key, Outcome
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import FILES

SELDOM = 1.0
"""What a change is worth on something of which nothing is known."""


@dataclass(frozen=True)
class Proof:
    """What becomes of past uses, every one of them."""

    checked: tuple[Checked, ...]

    @cached_property
    def uses(self) -> int:
        """How many there were."""
        return sum(each.use.times for each in self.checked)

    @cached_property
    def people(self) -> int:
        """By how many accounts."""
        return len({each.use.who for each in self.checked})

    @cached_property
    def blocked(self) -> tuple[Checked, ...]:
        """Those that would fail, the most frequent first."""
        return self._of(Outcome.BLOCKED)

    @cached_property
    def unproven(self) -> tuple[Checked, ...]:
        """Those that could not be checked, the most frequent first."""
        return self._of(Outcome.UNPROVEN)

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """From the first of them to the last, Unix microseconds; None where there are none."""
        if not self.checked:
            return None
        return min(each.use.first for each in self.checked), max(each.use.last for each in self.checked)

    def _of(self, outcome: Outcome) -> tuple[Checked, ...]:
        found = [each for each in self.checked if each.outcome == outcome]
        return tuple(sorted(found, key=lambda each: (-each.use.times, each.use.who, each.use.statement)))


@dataclass(frozen=True, slots=True)
class Needed:
    """A right that stays, and some of the past uses that would fail without it.

    proved  whether they surely would; else nobody knows what any of them did
    """

    change: Change
    by: tuple[PastUse, ...]
    proved: bool = True


@dataclass(frozen=True, slots=True)
class Advice:
    """What may be taken away at a place.

    changes  in the order in which they are to be made;  needed  what stays
    largest  nothing that weighs more could be taken away; else nothing more beside this
    proof    of the uses that count;  older  of those that are too long ago to count
    """

    place: str
    edition: str
    changes: tuple[Change, ...]
    needed: tuple[Needed, ...]
    largest: bool
    proof: Proof
    older: Proof


def proof_of(uses: Sequence[PastUse], blocked: Mapping[int, str], unproven: Mapping[int, str]) -> Proof:
    """What was found of uses by their numbers, with why. What is blocked is said to be that."""
    checked = []
    for number, use in enumerate(uses):
        if number in blocked:
            checked.append(Checked(use, Outcome.BLOCKED, blocked[number]))
        elif number in unproven:
            checked.append(Checked(use, Outcome.UNPROVEN, unproven[number]))
        else:
            checked.append(Checked(use, Outcome.PASSES))
    return Proof(tuple(checked))


def whole_of(changes: Iterable[Change]) -> list[Change]:
    """Those of some changes that can be made without others: with all that has to be made with them."""
    found = [*changes]
    while True:
        keys = {each.key for each in found}
        whole = [each for each in found if keys.issuperset(each.rests)]
        if len(whole) == len(found):
            return found
        found = whole


def weights_of(changes: Iterable[Change], holdings: Iterable[Holding]) -> dict[Key, float]:
    """What it is worth to take each right away: how many people the data is about, by its class's weight.

    A membership is worth what its group has; a right on a folder what is in all the folders below it, and one
    on many tables what is in all of them.
    """
    changes, worth = [*changes], _Worth(holdings)
    weights: dict[Key, float] = {}
    of_group: dict[str, float] = {}
    for each in changes:
        weights[each.key] = SELDOM * max(1, len(each.covers)) + worth.of(each)
        of_group[each.of] = of_group.get(each.of, 0.0) + worth.of(each)
    for each in changes:
        if each.kind == MEMBERSHIP:
            weights[each.key] = SELDOM + of_group.get(each.on[0], 0.0)
    return weights


def _and_above(folder: str) -> Iterator[str]:
    """A folder, and those that it is in, on a server down to that."""
    yield folder
    while not folder.endswith("/") and "/" in folder:
        folder = folder.rpartition("/")[0] or "/"
        yield folder


class _Worth:
    """What lies where, weighed: tables by their paths, files by their folder and all those above it."""

    def __init__(self, holdings: Iterable[Holding]) -> None:
        self._at: dict[tuple[str, ...], float] = {}
        self._inside: dict[str, float] = {}
        self._below: dict[str, float] = {}
        for each in holdings:
            weight = each.weight * (each.people or each.records or 1)
            folder = each.path[0]
            self._at[each.path] = weight
            self._inside[folder] = self._inside.get(folder, 0.0) + weight
            for above in _and_above(folder):
                self._below[above] = self._below.get(above, 0.0) + weight

    def of(self, change: Change) -> float:
        """What the thing holds that a change is about; 0 where nobody knows."""
        if change.kind == FILES:
            return self._inside.get(change.on[0], 0.0)
        if change.kind == FOLDER:
            return self._below.get(change.on[0], 0.0)
        return sum(self._at.get(path, 0.0) for path in change.covers or (change.on,))
