"""From matches to leaked records: which fields of the same record stand near each other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.index.lookup import Lookup, Owner
from trapstreet.index.matcher import I64, NEAR, U64, Match, Matches

Pair = frozenset[Kind]
State = tuple[int, int]  # owner's number, record id: one state of a record, or a decoy of a copy

_GATHERED = 1 << 22


@dataclass(slots=True)
class Seen:
    """What a text shows of one state of a record.

    anchors  anchor kinds seen; near  kinds seen within NEAR of another kind of the record (confirmations
             included)
    pairs    pairs of anchor kinds seen within NEAR of each other; values  the values, as (kind, fingerprint)
    """

    anchors: set[Kind] = field(default_factory=set)
    near: set[Kind] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)
    values: set[tuple[Kind, int]] = field(default_factory=set)
    last: dict[Kind, tuple[int, int]] = field(default_factory=dict)


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

    Memory grows with the number of different records and candidates met, not with the text.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._seen: dict[State, Seen] = {}
        self._holders: dict[tuple[int, Kind, int], set[State]] = defaultdict(set)
        self._states_of: dict[tuple[int, int], set[tuple[State, Owner]]] = defaultdict(set)
        self._forms: dict[Kind, list[U64]] = defaultdict(list)
        self._things: dict[Kind, list[U64]] = defaultdict(list)
        self._pending: dict[Kind, int] = defaultdict(int)
        self._pairs: dict[Pair, int] = defaultdict(int)
        self._tail: dict[Kind, I64] = {}

    def add(self, matches: Matches) -> None:
        """Take the next stretch of the text."""
        for match in matches.matches:
            self._join(match)
        self._count_candidates(matches)

    def end_text(self) -> None:
        """What follows is another text: nothing of it is near anything before."""
        self._tail.clear()
        for seen in self._seen.values():
            seen.last.clear()

    def candidates(self, kinds: Pair) -> int:
        """How many different things the texts show that a decoy's fields of these kinds could have met.

        One kind: distinct normal forms. Two kinds: an upper bound of the distinct pairs within NEAR of each
        other.
        """
        if len(kinds) == 2:
            return self._pairs[kinds]
        (kind,) = kinds
        return len(np.unique(np.concatenate(self._forms[kind]))) if self._forms[kind] else 0

    def things(self, kind: Kind) -> int:
        """How many different values of a kind the texts show: readings of the same bytes count once."""
        return len(np.unique(np.concatenate(self._things[kind]))) if self._things[kind] else 0

    def present(self) -> list[Kind]:
        """Anchor kinds of which the texts show any candidate."""
        return sorted(kind for kind in self._things if self.things(kind))

    def data_sets(self) -> list[int]:
        """Numbers of the data sets of which something was found, in order."""
        return sorted({data_set for data_set, _, _ in self._holders})

    def joined(self, data_set: int) -> Joined:
        """What was found of a data set."""
        records: dict[State, Seen] = {}
        singles: dict[State, Seen] = {}
        for (holder_set, _, _), states in self._holders.items():
            if holder_set == data_set:
                best = max(states, key=self._fit)
                seen = self._seen[best]
                (records if len(seen.near) > 1 else singles)[best] = seen
        return Joined(records, singles)

    def tied(self, state: State) -> list[State]:
        """All states of the same record that the texts fit as well as this one: they differ in nothing
        that is shown."""
        data_set = self._lookup.owners[state[0]].data_set
        size = self._fit(state)[0]
        return [
            other
            for other, owner in self._states_of[data_set, state[1]]
            if not owner.copy and self._fit(other)[0] == size
        ]

    def exclusive(self, state: State) -> Seen:
        """What is seen of a decoy by values that no real record shares; the rest proves nothing."""
        data_set = self._lookup.owners[state[0]].data_set
        seen = self._seen[state]
        own = {
            kind
            for kind, value in seen.values
            if all(self._lookup.owners[owner].copy for owner, _ in self._holders[data_set, kind, value])
        }
        pairs = {pair for pair in seen.pairs if pair <= own}
        return Seen(anchors=seen.anchors & own, near=seen.near & own, pairs=pairs)

    def _fit(self, state: State) -> tuple[int, int, int, int]:
        """More fields first, then the decoy, then the latest version; the record id only breaks ties."""
        owner = self._lookup.owners[state[0]]
        seen = self._seen[state]
        return len(seen.near | seen.anchors), owner.copy != "", owner.version, state[1]

    def _join(self, match: Match) -> None:
        state = (match.owner, match.record)
        seen = self._seen.setdefault(state, Seen())
        owner = self._lookup.owners[match.owner]
        self._holders[owner.data_set, match.kind, match.fingerprint].add(state)
        self._states_of[owner.data_set, match.record].add((state, owner))
        seen.anchors.add(match.kind)
        seen.values.add((match.kind, match.fingerprint))
        if match.confirmed:
            seen.near |= match.confirmed | {match.kind}
        for kind, (start, end) in seen.last.items():
            if kind != match.kind and match.start - start <= NEAR and match.start >= end:
                seen.near |= {kind, match.kind}
                seen.pairs.add(frozenset((kind, match.kind)))
        seen.last[match.kind] = (match.start, match.end)

    def _count_candidates(self, matches: Matches) -> None:
        for kind, forms in matches.candidates.items():
            self._forms[kind].append(np.unique(forms))
            self._things[kind].append(np.unique(forms[_apart(matches.places[kind], matches.ends[kind])]))
            self._pending[kind] += len(forms)
            if self._pending[kind] > _GATHERED:
                self._forms[kind] = [np.unique(np.concatenate(self._forms[kind]))]
                self._things[kind] = [np.unique(np.concatenate(self._things[kind]))]
                self._pending[kind] = 0
        none = np.empty(0, dtype=np.int64)
        old = {kind: self._tail.get(kind, none) for kind in matches.places}
        new = {kind: np.sort(places) for kind, places in matches.places.items()}
        for a, b in combinations(sorted(new), 2):
            both = np.concatenate([old[b], new[b]])
            self._pairs[frozenset((a, b))] += _near(new[a], both) + _near(old[a], new[b])
        end = max((int(places[-1]) for places in new.values() if len(places)), default=0)
        for kind, places in new.items():
            kept = np.concatenate([old[kind], places])
            self._tail[kind] = kept[kept >= end - NEAR]


def _apart(begins: I64, ends: I64) -> I64:
    """Positions of candidates that overlap none before them: one for each stretch of overlapping ones."""
    order = np.lexsort((-ends, begins))
    reached = np.maximum.accumulate(ends[order]) if len(order) else ends
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = begins[order][1:] >= reached[:-1]
    return order[fresh]


def _near(a: I64, b: I64) -> int:
    """How many pairs of places, one of each sorted array, are at most NEAR apart."""
    return int(np.sum(np.searchsorted(b, a + NEAR, side="right") - np.searchsorted(b, a - NEAR, side="left")))
