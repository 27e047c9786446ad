"""Into whose hands a right goes that many have and few used."""

from collections.abc import Collection, Iterator

from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.changes import PUBLIC
from trapstreet.core.model.rights import Bits, Rights, bits_of, numbers_in

MOST_ACCOUNTS = 10
"""Accounts that get one right each for themselves: more of them are a group that nobody has made yet."""


class Hands:
    """Who has a right by whom it is given to, and to how few it can be given instead.

    grantees  all to whom a right can be given
    Where a user and a group are of one name, the user is the first in `rights` and the one it is given to;
    a right that is to be handed over is the group's.
    """

    def __init__(self, rights: Rights, grantees: Collection[str]) -> None:
        members, count = rights.memberships, len(rights.principals)
        self._has = Closure(count, edges_of(members, lambda each: each.inherits))
        self._comes = Closure(count, edges_of(members, lambda each: each.inherits or each.becomes))
        self._names = [each.name for each in rights.principals]
        self._people = bits_of(n for n, each in enumerate(rights.principals) if each.logs_in)
        groups = {each.group for each in members}
        named = [(name, n) for n, name in enumerate(self._names) if name in grantees]
        self._number = dict(reversed(named))
        self._holder = self._number | {name: n for name, n in named if n in groups}
        self._groups = [n for name, n in sorted(self._number.items()) if n in groups]

    def can_have(self, name: str, of: str = "") -> bool:
        """Whether a right of `of` can be given to somebody else."""
        return name in self._number and self._number[name] != self._holder.get(of)

    def is_of_many(self, of: str) -> bool:
        """Whether a right is everybody's, or that of a group of several who can log in."""
        return self._having(of).bit_count() > 1

    def may_pay(self, needing: Collection[str], of: str) -> bool:
        """Whether enough would lose a right of which some need it: of everybody at least one; of a group,
        which somebody once put together, at least as many as keep it."""
        return self._pays(bits_of(self._number[name] for name in needing), self._having(of))

    def fewest(self, needing: Collection[str], of: str) -> tuple[str, ...]:
        """To whom a right of many is given, so that those who need it have it; () where it stays.

        First to groups of which everybody who can log in needs it, the one that most of them are in first;
        then to single accounts. Where those would be more than `MOST_ACCOUNTS`, to the smallest group that
        they all are in and that nobody is in who does not have the right now.
        """
        asked, had = bits_of(self._number[name] for name in needing), self._having(of)
        chosen = [*self._of_them_alone(asked, self._holder.get(of))]
        left = asked & ~self._holding(chosen)
        if left.bit_count() <= MOST_ACCOUNTS:
            chosen += numbers_in(left)
        else:
            around = [each for each in self._groups if not left & ~self._has.arriving(1 << each)]
            around = [each for each in around if not self._gaining([each]) & ~had]
            if not around:
                return ()
            chosen.append(min(around, key=lambda each: self._gaining([each]).bit_count()))
        if not self._pays(self._gaining(chosen), had):
            return ()
        return tuple(self._names[each] for each in chosen)

    def _of_them_alone(self, asked: Bits, of: int | None) -> Iterator[int]:
        """Groups of several of those who need a right and of nobody else, the largest first."""
        groups = [each for each in self._groups if each != of and not self._gaining([each]) & ~asked]
        left = asked
        while groups:
            best = max(groups, key=lambda each: (self._has.arriving(1 << each) & left).bit_count())
            inside = self._has.arriving(1 << best) & left
            if inside.bit_count() < 2:
                return
            yield best
            left &= ~inside

    def _having(self, of: str) -> Bits:
        """Those who log in and have a right, or can come to act as somebody who has it."""
        if of == PUBLIC:
            return self._people
        return self._gaining([self._holder[of]]) if of in self._holder else 0

    def _holding(self, groups: Collection[int]) -> Bits:
        return self._has.arriving(bits_of(groups))

    def _gaining(self, to: Collection[int]) -> Bits:
        return self._comes.arriving(bits_of(to)) & self._people

    def _pays(self, keeping: Bits, had: Bits) -> bool:
        kept = (self._comes.arriving(keeping) & had).bit_count()
        lost = had.bit_count() - kept
        return lost > 0 if had == self._people else lost >= kept
