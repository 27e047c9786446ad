"""The search behind advice: the most that can be taken away at an open place, and what its past uses need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trapstreet.access.advice import (
    Advice,
    Needed,
    Removal,
    largest_removal,
    proof_of,
    weights_of,
)
from trapstreet.app.handing_over import Narrower, Progress
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import AskingReplay, Change, HandsOver, Key, Nested, Place, Replay, Shared
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.urls import without_password


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and where.

    changes  the rights that may go, each worth its weight
    since    the uses that count, Unix microseconds
    narrow   whether rights of many that few used are given to those few instead
    """

    place: Place
    location: str
    changes: Sequence[Change]
    weights: Mapping[Key, float]
    since: int
    narrow: bool
    progress: Progress

    def advice(self, uses: Sequence[PastUse], ways_in: Sequence[PastUse]) -> tuple[Advice, list[Change]]:
        """The largest removal, and what became of every use: of those that count, and of those that do not.

        ways_in  uses that are no past ones, and that nothing may block; what stays for them alone is the rest
        """
        counting = [each for each in uses if each.last >= self.since]
        long_ago = [each for each in uses if each.last < self.since]
        replay = self.place.replay([*counting, *ways_in], self.changes)
        removal = self._removal(replay)
        unproven = replay.unproven
        needed, reserved = self._needed(removal, counting, unproven)
        taken = tuple(self.place.lean(removal.changes)) if isinstance(self.place, Nested) else removal.changes
        blocked = replay.blocked(taken)
        older = self.place.replay(long_ago, self.changes)
        advice = Advice(
            place=without_password(self.location),
            edition=self.place.edition,
            changes=taken,
            needed=tuple(sorted(needed, key=lambda each: each.change.key)),
            largest=removal.largest,
            proof=proof_of(counting, blocked, unproven),
            older=proof_of(long_ago, older.blocked(taken), older.unproven),
        )
        return advice, reserved

    def _removal(self, replay: Replay) -> Removal:
        removal = largest_removal(self.changes, replay, self.weights, progress=self.progress)
        if self.narrow and isinstance(self.place, HandsOver) and isinstance(replay, AskingReplay):
            narrower = Narrower(self.place, self.location, self.changes, self.weights, self.progress)
            return narrower.narrowed(replay, removal)
        return removal

    def _needed(
        self, removal: Removal, counting: Sequence[PastUse], unproven: Mapping[int, str]
    ) -> tuple[list[Needed], list[Change]]:
        """What stays with the uses that need it, and what stays though none of them does."""
        by_key = {each.key: each for each in self.changes}
        needed, reserved = [], []
        for key in removal.kept:
            numbers = [each for each in _needing(key, removal.kept, by_key) if each < len(counting)]
            proved = [each for each in numbers if each not in unproven]
            if by := tuple(counting[each] for each in proved or numbers):
                needed.append(Needed(by_key[key], by, proved=bool(proved)))
            else:
                reserved.append(by_key[key])
        return needed, reserved


def weights_at(place: Place, changes: Sequence[Change], holdings: Sequence[Holding]) -> Mapping[Key, float]:
    """What each change is worth; where it is known, times the people who have the right."""
    weights = weights_of(changes, holdings)
    if not isinstance(place, Shared):
        return weights
    return {each.key: weights[each.key] * max(1, place.having(each)) for each in changes}


def _needing(key: Key, kept: Mapping[Key, Sequence[int]], by_key: Mapping[Key, Change]) -> Sequence[int]:
    """The uses that need what stays: by itself, or by what rests on it."""
    if numbers := kept[key]:
        return numbers
    resting = (each for each in by_key[key].rests if each in kept)
    return sorted({number for each in resting for number in _needing(each, kept, by_key)})
