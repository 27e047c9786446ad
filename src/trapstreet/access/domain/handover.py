"""Rights of many that stay since few need them, as rights of those few: found by asking.

All such rights are taken away at once; whoever's past use is then blocked is given what it needs of them,
until none is. What a use needs of which nobody can say whose rights it had stays with all who have it.
"""

from collections.abc import Collection, Iterable, Sequence

from trapstreet.access.domain.hands import Hands
from trapstreet.core.maths.hitting_sets import minimal
from trapstreet.core.model.changes import FOLDER, AskingReplay, Change, HandsOver, Key
from trapstreet.core.model.rights import FILES

STAGES = (
    frozenset({"table", "view", "materialized view", "foreign table"}),
    frozenset({"schema", FILES, FOLDER}),
    frozenset({"database"}),
)
"""Kinds of things, from the inside out: what one has to come through matters by what is still read behind."""


def is_handed_over(change: Change, kinds: Collection[str], hands: Hands) -> bool:
    """Whether a right is one to read or to come to things, of many, and was not given on by its holder."""
    reads = change.kind not in STAGES[0] or change.right.partition(" ")[0] == "SELECT"
    return change.kind in kinds and reads and not change.rests and hands.is_of_many(change.of)


class Handover:
    """Rights of many at a place, each taken from all but those whose past uses need it.

    replay      past uses, asked for with changes made
    hands       into whose hands a right may go
    candidates  the rights, each as it is taken away whole
    beside      changes that are made, too, and block nobody
    """

    def __init__(
        self,
        place: HandsOver,
        replay: AskingReplay,
        hands: Hands,
        candidates: Iterable[Change],
        beside: Sequence[Change] = (),
    ) -> None:
        self._place, self._replay, self._hands = place, replay, hands
        self._beside = beside
        self._plain = {each.key: each for each in candidates}
        self._needing: dict[Key, set[str]] = {key: set() for key in self._plain}
        self._unproven: Collection[int] = frozenset()

    def found(self) -> list[Change]:
        """The rights that are handed over, in the order of the candidates; with them no use is blocked."""
        blocked = sorted(self._replay.blocked(self._made()))
        while blocked and self._plain:
            before = self._given
            self._unproven = self._replay.unproven
            if not (self._leave_unproven(blocked) or self._give_what_is_plain(blocked)):
                self._give_what_was_asked(blocked)
            self._leave_what_does_not_pay()
            if self._given == before:
                self._leave(self._near(blocked))
            blocked = sorted(self._replay.blocked_of(blocked, self._made()))
        handed = []
        for key, change in self._plain.items():
            if to := self._hands.fewest(self._needing[key], change.of):
                handed.append(self._place.handed_over(change, to))
        handed = self._place.reversible(handed)
        while handed and (still := self._replay.blocked([*self._beside, *handed])):
            near = self._near(still)
            left = [each for each in handed if each.key not in near]
            handed = left if len(left) < len(handed) else []
        return handed

    @property
    def _given(self) -> tuple[int, int]:
        """How many rights are still tried, and to how many they are given: else nothing was found out."""
        return len(self._plain), sum(map(len, self._needing.values()))

    def _made(self) -> list[Change]:
        return [*self._beside, *map(self._handed, self._plain)]

    def _handed(self, key: Key, more: Collection[str] = ()) -> Change:
        """A right that those have who are known to need it, and some more."""
        to = self._needing[key].union(more)
        return self._place.handed_over(self._plain[key], sorted(to)) if to else self._plain[key]

    def _near(self, uses: Iterable[int]) -> frozenset[Key]:
        """The candidates that may matter to some uses; all of them where nobody knows."""
        found = frozenset[Key]()
        for use in uses:
            found |= (self._replay.near(use) & self._plain.keys()) or frozenset(self._plain)
        return found

    def _leave(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._plain.pop(key, None)

    def _leave_unproven(self, blocked: Sequence[int]) -> bool:
        """Leave what uses are near to that cannot be checked. False where there are none."""
        left = self._near(use for use in blocked if use in self._unproven)
        self._leave(left)
        return bool(left)

    def _leave_what_does_not_pay(self) -> None:
        self._leave(
            [
                key
                for key, each in self._plain.items()
                if self._needing[key] and not self._hands.may_pay(self._needing[key], each.of)
            ]
        )

    def _give_what_is_plain(self, blocked: Sequence[int]) -> bool:
        """Give a right where it is the only one near a use, and one alone can be meant. False: nowhere."""
        done = False
        for use in blocked:
            near = self._near([use])
            if len(near) == 1:
                (key,) = near
                names = self._replay.asks_as(use, self._plain[key])
                if len(names) == 1 and self._may_have(names[0], key) and names[0] not in self._needing[key]:
                    self._needing[key].add(names[0])
                    done = True
        return done

    def _may_have(self, name: str, key: Key) -> bool:
        return self._hands.can_have(name, self._plain[key].of)

    def _give_what_was_asked(self, blocked: Sequence[int]) -> None:
        """Find the fewest of several rights and names with which each use passes, unless it does by now."""
        for use in blocked:
            near = sorted(self._near([use]))
            if near and not self._passes(use, near, ()):
                pairs = [
                    (key, name)
                    for key in near
                    for name in self._replay.asks_as(use, self._plain[key])
                    if self._may_have(name, key) and name not in self._needing[key]
                ]
                self._give_or_leave(use, near, pairs)

    def _give_or_leave(self, use: int, near: Sequence[Key], pairs: Sequence[tuple[Key, str]]) -> None:
        """Give the fewest of some rights to some names with which a use passes; where all are not enough,
        the fewest rights stay as they are."""
        named = {str(number): each for number, each in enumerate(pairs)}
        if not (pairs and self._passes(use, near, pairs)):
            self._leave(minimal(lambda staying: self._passes(use, near, pairs, staying), near))
        else:
            enough = minimal(lambda some: self._passes(use, near, [named[each] for each in some]), [*named])
            for key, name in map(named.__getitem__, enough):
                self._needing[key].add(name)

    def _passes(
        self, use: int, near: Iterable[Key], given: Iterable[tuple[Key, str]], staying: Collection[Key] = ()
    ) -> bool:
        """Whether a use passes when some candidates are handed over to some more, and some are not at all."""
        more: dict[Key, list[str]] = {}
        for key, name in given:
            more.setdefault(key, []).append(name)
        near_beside = self._replay.near(use)
        made = [each for each in self._beside if each.key in near_beside]
        made += [self._handed(key, more.get(key, ())) for key in near if key not in staying]
        return not self._replay.blocks(use, made)
