"""Advice that hands over: rights of many that stay since few need them go to those few instead."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from trapstreet.access import EffectiveAccess
from trapstreet.access.advice import Removal, State, largest_removal, states_of, whole_of
from trapstreet.access.handover import STAGES, Handover, Hands, is_handed_over
from trapstreet.core.model.changes import AskingReplay, Change, HandsOver, Key
from trapstreet.plugins.permissions import rights_at, rights_within

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Narrower:
    """A place where rights are handed over.

    location  where it is;  changes  all that can be taken away there, each worth its weight
    """

    place: HandsOver
    location: str
    changes: Sequence[Change]
    weights: Mapping[Key, float]
    progress: Progress

    def narrowed(self, replay: AskingReplay, removal: Removal) -> Removal:
        """A removal with rights handed over among its changes, wherever somebody reads less by that.

        First rights on things, then those on what is around them. What can be taken away beside is found anew
        after each: with a right handed over another one may be needed, or needed no longer. Access is
        evaluated three to six times.
        """
        hands = Hands(rights_at(self.location), self.place.grantees())
        chosen: list[Change] = []
        for kinds in STAGES:
            stays = [each for each in self.changes if each.key in removal.kept]
            candidates = [each for each in stays if is_handed_over(each, kinds, hands)]
            new = Handover(self.place, replay, hands, candidates, chosen).found() if candidates else []
            if new:
                beside = self._beside([*chosen, *new], replay, removal)
                was = self._states(self._in_order(removal, chosen))
                will_be = self._states(self._in_order(beside, [*chosen, *new]))
                useful = [each for each in new if _is_less(each, was, will_be)]
                if len(useful) < len(new):
                    beside = self._beside([*chosen, *useful], replay, removal) if useful else removal
                chosen, removal = [*chosen, *useful], beside
        return replace(removal, changes=tuple(self._in_order(removal, chosen)))

    def _beside(self, handed: Sequence[Change], replay: AskingReplay, before: Removal) -> Removal:
        """What can be taken away when some rights are handed over."""
        keys = {each.key for each in handed}
        others = whole_of(each for each in self.changes if each.key not in keys)
        return largest_removal(
            others, replay, self.weights, beside=handed, known=before.blocks, progress=self.progress
        )

    def _in_order(self, removal: Removal, handed: Sequence[Change]) -> list[Change]:
        """All that is changed, in the order in which it has to be."""
        made = {each.key: each for each in (*removal.changes, *handed)}
        return [made[each.key] for each in self.changes if each.key in made]

    def _states(self, changes: Sequence[Change]) -> dict[str, State]:
        """Effective access by database, as some changes leave it."""
        states: dict[str, State] = {}

        def look(handle: object) -> None:
            states.update(states_of(EffectiveAccess(rights_within(self.location, handle))))

        self.place.rehearse(changes, look)
        return states


def _is_less(handed: Change, was: Mapping[str, State], will_be: Mapping[str, State]) -> bool:
    """Whether somebody who can log in reads less of what a right is on."""
    inside = [name for name in was if name in will_be and handed.is_around((name, *handed.on[1:]))]
    moved = (each for name in inside for each in was[name].moved_to(will_be[name]))
    return any(each.lost and handed.is_around(each.resource.path) for each in moved)
