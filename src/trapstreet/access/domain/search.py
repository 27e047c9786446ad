"""What can be taken away without blocking any past use: as much as possible.

A use that passes when some rights are gone passes when fewer are gone, too: rights only ever give. So there
are smallest sets of changes that block a use together ("blocks"), and a removal blocks nobody if, and only
if, it leaves out one change of each. Which blocks there are is found by asking: leave out the lightest set
that hits those known so far; ask whether that blocks anybody; where it does, find a smallest block within it;
begin again. Source: Moreno-Centeno & Karp 2013, "The implicit hitting set approach" (Operations Research
61(2)), sections 2 and 3; blocks are minimised with QuickXplain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from trapstreet.core.maths.hitting_sets import lightest, minimal, with_needs
from trapstreet.core.model.changes import Change, Key, Replay

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Removal:
    """Changes that block no past use.

    changes  in the order in which they were given
    kept     the changes that are left out, each with the uses that were seen to need it: some, not all
    largest  nothing that weighs more blocks nobody. Else something may; nothing that has these and more
    blocks   sets of changes that were seen to block a use together, and that use
    """

    changes: tuple[Change, ...]
    kept: dict[Key, tuple[int, ...]]
    largest: bool
    blocks: Mapping[frozenset[Key], int]


def largest_removal(
    changes: Sequence[Change],
    replay: Replay,
    weights: Mapping[Key, float],
    *,
    beside: Sequence[Change] = (),
    known: Mapping[frozenset[Key], int] = MappingProxyType({}),
    progress: Progress = lambda *_: None,
) -> Removal:
    """The heaviest changes that block no use which `replay` can check.

    weights   what each change is worth, above 0
    beside    other changes, which are made whatever is found, and block nobody by themselves
    known     blocks of an earlier search: those that still are blocks need not be found again
    progress  is told of how many uses that something would block it is known by what, and how many they are

    The last thing that is asked is whether what is returned blocks any of the uses. It is always maximal:
    each change that is left out would block somebody beside it. O(uses) questions a round, and for each block
    some ten more; a block is never found twice.
    """
    search = _Search(changes, replay, beside)
    search.recall(known)
    kept, exact = lightest(search.blocks, weights, needs=search.needs)
    while blocked := search.blocked(kept):
        search.learn(blocked, kept, progress)
        kept, exact = lightest(search.blocks, weights, needs=search.needs)
    return Removal(
        tuple(each for each in changes if each.key not in kept),
        {key: tuple(search.users(key)) for key in kept},
        exact,
        search.blocks,
    )


class _Search:
    """What was found out so far: smallest sets of changes that block a use, and which."""

    def __init__(self, changes: Sequence[Change], replay: Replay, beside: Sequence[Change]) -> None:
        self._replay, self._beside = replay, beside
        self._changes = {each.key: each for each in changes}
        self._order = {key: number for number, key in enumerate(self._changes)}
        self.blocks: dict[frozenset[Key], int] = {}
        # To leave out a right that was given on is to leave out the right by which it was given on.
        self.needs: dict[Key, frozenset[Key]] = {}
        for each in changes:
            for rest in each.rests:
                self.needs[rest] = self.needs.get(rest, frozenset()) | {each.key}

    def blocked(self, kept: frozenset[Key]) -> list[int]:
        """The uses that fail when all changes but these are made."""
        made = self._made(self._changes.keys() - kept)
        return sorted(self._replay.blocked([*self._beside, *made])) if made else []

    def recall(self, known: Mapping[frozenset[Key], int]) -> None:
        """Learn those of some sets of changes that block a use, also beside what is made anyway."""
        for block, use in known.items():
            if block <= self._changes.keys() and (not self._near_beside(use) or self._fails(use, [*block])):
                self.blocks[block] = use

    def learn(self, blocked: Sequence[int], kept: frozenset[Key], progress: Progress) -> None:
        """Find a smallest block of each use, until what is left out for others lets it pass, too."""
        removed = self._changes.keys() - kept
        known = len(self.blocks)
        out: set[Key] = set()
        for number, use in enumerate(blocked):
            progress(number, len(blocked))
            near = removed & self._replay.near(use)
            fails = self._fails(use, near - out)
            if not fails and not near & out:
                near = {*removed}
                fails = self._fails(use, near - out)
            while fails:
                block = minimal(partial(self._fails, use), self._sorted(near - out))
                self.blocks.setdefault(block, use)
                out |= with_needs([self._sorted(block)[0]], self.needs)
                fails = self._fails(use, near - out)
        if len(self.blocks) == known:  # they failed together and not alone: something else stood in the way
            use = blocked[0]
            self.blocks[minimal(partial(self._fails_among_all, use), self._sorted(removed))] = use

    def users(self, key: Key) -> list[int]:
        """The uses that a change was seen to block, alone or with others."""
        return sorted({use for block, use in self.blocks.items() if key in block})

    def _fails(self, use: int, some: "set[Key] | Sequence[Key]") -> bool:
        made = self._made(some)
        return bool(made) and self._replay.blocks(use, [*self._near_beside(use), *made])

    def _fails_among_all(self, use: int, some: Sequence[Key]) -> bool:
        made = self._made(some)
        return bool(made) and use in self._replay.blocked([*self._beside, *made])

    def _near_beside(self, use: int) -> list[Change]:
        near = self._replay.near(use) if self._beside else ()
        return [each for each in self._beside if each.key in near]

    def _sorted(self, keys: "set[Key] | frozenset[Key]") -> list[Key]:
        return sorted(keys, key=self._order.__getitem__)

    def _made(self, keys: "set[Key] | frozenset[Key] | Sequence[Key]") -> list[Change]:
        """Those of some changes that can be made: a right goes only with all that was given on by it."""
        made = {*keys}
        while short := {each for each in made if not made.issuperset(self._changes[each].rests)}:
            made -= short
        return [self._changes[key] for key in self._sorted(made)]
