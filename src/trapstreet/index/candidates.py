"""How many different things a leak shows that a decoy could have met by chance."""

from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b
from itertools import combinations

import numpy as np

from trapstreet.core.fields import Kind
from trapstreet.index.matcher import I64, NEAR, U64, CandidateForms, Matches
from trapstreet.index.runs import distinct
from trapstreet.index.seen import Pair

_GATHERED = 1 << 19


class Candidates:
    """Counts the candidates of one or more texts; what is given twice counts once.

    Memory grows with the different candidates, 16 bytes for each (twice that while they are put in order),
    and not with the text.
    """

    def __init__(self) -> None:
        self._forms: dict[Kind, list[U64]] = defaultdict(list)
        self._things: dict[Kind, list[U64]] = defaultdict(list)
        self._pending: dict[Kind, int] = defaultdict(int)
        self._pairs: dict[Pair, int] = defaultdict(int)
        self._pairs_here: dict[Pair, int] = defaultdict(int)
        self._here = blake2b(digest_size=16)
        self._texts: set[bytes] = set()
        self._tail: dict[Kind, I64] = {}

    def add(self, matches: Matches) -> None:
        """Take the next stretch of the text, from a matcher that was asked for its candidates."""
        self.take(matches.candidates)

    def take(self, candidates: Mapping[Kind, CandidateForms]) -> None:
        """Take the candidates of the next stretch; their fingerprints may be under any key."""
        for kind, (forms, places, ends) in candidates.items():
            self._here.update(f"{kind} {len(forms)} ".encode() + forms.tobytes() + places.tobytes())
            self._forms[kind].append(distinct(forms))
            self._things[kind].append(distinct(forms[_apart(places, ends)]))
            self._pending[kind] += len(forms)
            if self._pending[kind] > max(_GATHERED, len(self._forms[kind][0])):
                self._forms[kind] = [distinct(np.concatenate(self._forms[kind]))]
                self._things[kind] = [distinct(np.concatenate(self._things[kind]))]
                self._pending[kind] = 0
        self._count_pairs({kind: forms.places for kind, forms in candidates.items()})

    def end_text(self) -> None:
        """What follows is another text: nothing of it is near anything before.

        Pairs of a text that shows the same candidates at the same places as one before are those of that one.
        """
        if any(self._pairs_here.values()) and (digest := self._here.digest()) not in self._texts:
            self._texts.add(digest)
            for pair, count in self._pairs_here.items():
                self._pairs[pair] += count
        self._pairs_here.clear()
        self._here = blake2b(digest_size=16)
        self._tail.clear()

    def met_by(self, kinds: Pair) -> int:
        """How many different things a decoy's fields of these kinds could have met.

        One kind: distinct normal forms. Two kinds: an upper bound of the distinct pairs within NEAR of each
        other.
        """
        if len(kinds) == 2:
            return self._pairs[kinds] + self._pairs_here[kinds]
        (kind,) = kinds
        return _distinct(self._forms[kind])

    def things(self, kind: Kind) -> int:
        """How many different values of a kind the texts show: readings of the same bytes count once."""
        return _distinct(self._things[kind])

    def present(self) -> list[Kind]:
        """Anchor kinds of which the texts show any candidate."""
        return sorted(kind for kind in self._things if self.things(kind))

    def _count_pairs(self, new: dict[Kind, I64]) -> None:
        """Pairs of places, all in order; what lies within NEAR of the end is kept for the next stretch."""
        none = np.empty(0, dtype=np.int64)
        old = {kind: self._tail.get(kind, none) for kind in new}
        for a, b in combinations(sorted(new), 2):
            both = np.concatenate([old[b], new[b]])
            self._pairs_here[frozenset((a, b))] += _near(new[a], both) + _near(old[a], new[b])
        end = max((int(places[-1]) for places in new.values() if len(places)), default=0)
        for kind, places in new.items():
            kept = np.concatenate([old[kind], places])
            self._tail[kind] = kept[kept >= end - NEAR]


def _distinct(parts: list[U64]) -> int:
    return len(distinct(np.concatenate(parts))) if parts else 0


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
