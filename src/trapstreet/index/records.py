"""From matches to leaked records: which fields of the same record stand near each other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from trapstreet.core.fields import Kind
from trapstreet.index.lookup import Lookup, Owner
from trapstreet.index.matcher import NEAR, Match, Matches

Pair = frozenset[Kind]
State = tuple[int, int]  # owner's number, record id: one state of a record, or a decoy of a copy


@dataclass(slots=True)
class Seen:
    """What a text shows of one state of a record.

    anchors  anchor kinds seen;  near  kinds seen within NEAR of another of the record, confirmations included
    pairs    pairs of anchor kinds seen within NEAR of each other;  values  the values, as (kind, fingerprint)
    """

    anchors: set[Kind] = field(default_factory=set)
    near: set[Kind] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)
    values: set[tuple[Kind, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Joined:
    """What was found of one data set.

    records  leaked records: at least two different fields of theirs near each other, by the state that fits
             best
    singles  values found only on their own, by the state that fits best
    Records of the data set that are equal in all that the text shows count once.
    """

    records: Mapping[State, Seen]
    singles: Mapping[State, Seen]

    def states(self) -> Iterator[tuple[State, Seen]]:
        yield from self.records.items()
        yield from self.singles.items()


class RecordJoin:
    """Takes the matches of one or more texts in their order and joins those of the same record.

    Memory grows with the different records met, some 4 kB for each, not with the text.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._seen: dict[State, Seen] = {}
        self._last: dict[State, dict[Kind, tuple[int, int]]] = {}
        self._holders: dict[tuple[int, Kind, int], set[State]] = defaultdict(set)
        self._states_of: dict[tuple[int, int], set[State]] = defaultdict(set)

    def add(self, matches: Matches) -> None:
        """Take the next stretch of the text."""
        for match in matches.matches:
            self._join(match)

    def end_text(self) -> None:
        """What follows is another text: nothing of it is near anything before."""
        self._last.clear()

    def data_sets(self) -> list[int]:
        """Numbers of the data sets of which something was found, in order."""
        return sorted({data_set for data_set, _, _ in self._holders})

    def joined(self, data_set: int) -> Joined:
        """What was found of a data set, its copies' decoys among it."""
        return self._best(data_set, self._holders)

    def real(self, data_set: int) -> Joined:
        """What was found of a data set's own records, as if it had no copies."""
        holders = {
            value: {state for state in states if not self._owner(state).copy}
            for value, states in self._holders.items()
        }
        return self._best(data_set, holders)

    def decoys(self, data_set: int) -> Iterator[tuple[str, Seen]]:
        """The copy of each decoy met, and what is seen of it by values that no real record shares.

        What a real record shares proves nothing.
        """
        for (owner, _), seen in self._seen.items():
            owned = self._lookup.owners[owner]
            if owned.copy and owned.data_set == data_set:
                own = {kind for kind, value in seen.values if self._only_decoys(data_set, kind, value)}
                pairs = {pair for pair in seen.pairs if pair <= own}
                near = seen.near - (seen.anchors - own)
                yield owned.copy, Seen(anchors=seen.anchors & own, near=near, pairs=pairs)

    def tied(self, state: State) -> list[State]:
        """All states of the same record that the texts fit as well as this: they differ in nothing shown."""
        data_set = self._owner(state).data_set
        size = self._fit(state)[0]
        return [
            other
            for other in self._states_of[data_set, state[1]]
            if not self._owner(other).copy and self._fit(other)[0] == size
        ]

    def _best(self, data_set: int, holders: Mapping[tuple[int, Kind, int], set[State]]) -> Joined:
        records: dict[State, Seen] = {}
        singles: dict[State, Seen] = {}
        for (of, _, _), states in holders.items():
            if of == data_set and states:
                best = max(states, key=self._fit)
                seen = self._seen[best]
                (records if len(seen.near) > 1 else singles)[best] = seen
        return Joined(records, singles)

    def _fit(self, state: State) -> tuple[int, int, int, int]:
        """More fields first, then the decoy, then the latest version; the record id only breaks ties."""
        owner = self._owner(state)
        seen = self._seen[state]
        return len(seen.near | seen.anchors), owner.copy != "", owner.version, state[1]

    def _owner(self, state: State) -> Owner:
        return self._lookup.owners[state[0]]

    def _only_decoys(self, data_set: int, kind: Kind, value: int) -> bool:
        return all(self._owner(state).copy for state in self._holders[data_set, kind, value])

    def _join(self, match: Match) -> None:
        state = (match.owner, match.record)
        seen = self._seen.setdefault(state, Seen())
        data_set = self._owner(state).data_set
        self._holders[data_set, match.kind, match.fingerprint].add(state)
        self._states_of[data_set, match.record].add(state)
        seen.anchors.add(match.kind)
        seen.values.add((match.kind, match.fingerprint))
        if match.confirmed:
            seen.near |= match.confirmed | {match.kind}
        last = self._last.setdefault(state, {})
        for kind, (start, end) in last.items():
            if kind != match.kind and match.start - start <= NEAR and match.start >= end:
                seen.near |= {kind, match.kind}
                seen.pairs.add(frozenset((kind, match.kind)))
        last[match.kind] = (match.start, match.end)
