"""What texts show of registered records, once all matches are joined."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from trapstreet.index.lookup import Lookup
from trapstreet.index.matcher import CONFIRMING
from trapstreet.index.runs import distinct, lengths, runs
from trapstreet.index.seen import BIT, U8, U16, U64, Seen

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NONE = np.uint8(255)


class States(NamedTuple):
    """What was seen of each state (table << 32 | number). 20 bytes for each.

    own    bits of the kinds of which it has a value that nobody else has
    slots  the lowest slot met per kind of CONFIRMING, 255 for none
    anchors, near, pairs  as in Seen
    """

    state: U64
    anchors: U16
    own: U16
    near: U16
    pairs: U16
    slots: U8

    @classmethod
    def none(cls) -> Self:
        u16 = np.empty(0, dtype=np.uint16)
        slots = np.empty((0, len(CONFIRMING)), dtype=np.uint8)
        return cls(np.empty(0, dtype=np.uint64), u16, u16, u16, u16, slots)

    @classmethod
    def united(cls, parts: Sequence["States"]) -> "States":
        """Everything that the parts know, in the order of states."""
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[0])
        return cls._make(column[order] for column in columns).reduced()

    def reduced(self) -> "States":
        """Each state once, from rows in the order of states."""
        first = runs(self.state)
        if len(first) == len(self.state):
            return self
        lowest = np.full((len(first), len(CONFIRMING)), _NONE)
        for at, column in enumerate(self.slots.T):
            if np.min(column) < _NONE:
                lowest[:, at] = np.minimum.reduceat(column, first)
        return States(
            self.state[first],
            np.bitwise_or.reduceat(self.anchors, first),
            np.bitwise_or.reduceat(self.own, first),
            np.bitwise_or.reduceat(self.near, first),
            np.bitwise_or.reduceat(self.pairs, first),
            lowest,
        )


class Shared(NamedTuple):
    """Values met that several have, each with each of their states; kind is its code."""

    fingerprint: U64
    state: U64
    kind: U8

    @classmethod
    def none(cls) -> Self:
        nothing = np.empty(0, dtype=np.uint64)
        return cls(nothing, nothing, np.empty(0, dtype=np.uint8))

    @classmethod
    def different(cls, parts: Sequence["Shared"]) -> Self:
        """Each value with each of its states once, in the order of fingerprints."""
        fingerprint, state, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((state, fingerprint))
        again = (np.diff(fingerprint[order]) == 0) & (np.diff(state[order]) == 0)
        order = order[np.append(True, ~again)] if len(order) else order
        return cls(fingerprint[order], state[order], kind[order])


class Joined(NamedTuple):
    """What was found of one data set.

    records  leaked records: at least two different fields of theirs near each other, by the state that fits
             best
    singles  values found only on their own, by the state that fits best
    Records of the data set that are equal in all that the texts show count once.
    """

    records: Seen
    singles: Seen


class Met:
    """Answers what was met, for each data set of a lookup. Counting makes no object for a record."""

    def __init__(self, lookup: Lookup, states: States, shared: Shared) -> None:
        self._lookup = lookup
        owners = lookup.owners
        self._data_set = np.array([owner.data_set for owner in owners], dtype=np.int64)
        self._version = np.array([owner.version for owner in owners], dtype=np.int64)
        self._is_copy = np.array([owner.copy != "" for owner in owners], dtype=np.bool_)
        self._seen = _seen(lookup, states)
        self._own = states.own
        self._shared = shared
        self._holder = np.searchsorted(states.state, shared.state)

    def data_sets(self) -> list[int]:
        """Numbers of the data sets of which something was found, in order."""
        return sorted(set(self._data_set[distinct(self._seen.owner)].tolist()))

    def joined(self, data_set: int) -> Joined:
        """What was found of a data set, its copies' decoys among it."""
        return self._best(self._data_set[self._seen.owner] == data_set)

    def real(self, data_set: int) -> Joined:
        """What was found of a data set's own records, as if it had no copies."""
        owner = self._seen.owner
        return self._best((self._data_set[owner] == data_set) & ~self._is_copy[owner])

    def decoys(self, data_set: int) -> Iterator[tuple[str, Seen]]:
        """Per copy its decoys met, and what is seen of them by values that no real record shares.

        What a real record shares proves nothing.
        """
        seen, own = self._seen, self._own.copy()
        here = self._data_set[seen.owner] == data_set
        of = np.flatnonzero(here[self._holder])
        if len(of):
            first = runs(self._shared.fingerprint[of])
            real = np.logical_or.reduceat(~self._is_copy[seen.owner[self._holder[of]]], first)
            unshared = of[~np.repeat(real, lengths(first, len(of)))]
            np.bitwise_or.at(own, self._holder[unshared], BIT[self._shared.kind[unshared]])
        decoys = np.flatnonzero(here & self._is_copy[seen.owner])
        for owner in distinct(seen.owner[decoys]).tolist():
            at = decoys[seen.owner[decoys] == owner]
            yield self._lookup.owners[owner].copy, seen.take(at).only(own[at])

    def versions(self, states: Seen) -> tuple[I64, I64]:
        """Per state of a real record the first and the last version among the record's states that the texts
        fit as well: they differ in nothing shown."""
        seen = self._seen
        real = np.flatnonzero(~self._is_copy[seen.owner])
        order = real[np.argsort(seen.record[real])]
        low = np.searchsorted(seen.record[order], states.record)
        counts = np.searchsorted(seen.record[order], states.record, side="right") - low
        which = np.repeat(np.arange(len(states)), counts)
        other = order[np.arange(len(which)) + np.repeat(low - np.cumsum(counts) + counts, counts)]
        alike = self._data_set[seen.owner[other]] == self._data_set[states.owner[which]]
        alike &= np.bitwise_count(seen.shown[other]) == np.bitwise_count(states.shown[which])
        first = runs(which[alike])
        if not len(first):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        version = self._version[seen.owner[other[alike]]]
        return np.minimum.reduceat(version, first), np.maximum.reduceat(version, first)

    def _best(self, among: Bools) -> Joined:
        """Of some of the states those that have a value for themselves, and per shared value the one that
        fits best: more fields first, then the decoy, then the latest version; the record's id only breaks
        ties."""
        chosen = among & (self._own > 0)
        of = np.flatnonzero(among[self._holder])
        if len(of):
            states = distinct(self._holder[of])
            seen = self._seen.take(states)
            size = np.bitwise_count(seen.shown)
            fit = np.lexsort((seen.record, self._version[seen.owner], self._is_copy[seen.owner], size))
            rank = np.empty(len(fit), dtype=np.intp)
            rank[fit] = np.arange(len(fit))
            ranks = rank[np.searchsorted(states, self._holder[of])]
            best = np.maximum.reduceat(ranks, runs(self._shared.fingerprint[of]))
            chosen[states[fit[best]]] = True
        seen = self._seen.take(chosen)
        joined = np.bitwise_count(seen.near) > 1
        return Joined(seen.take(joined), seen.take(~joined))


def _seen(lookup: Lookup, states: States) -> Seen:
    table = (states.state >> np.uint64(32)).astype(np.uint32)
    number = states.state.astype(np.uint32)
    owner = np.empty(len(table), dtype=np.uint32)
    record = np.empty(len(table), dtype=np.uint64)
    for each in distinct(table).tolist():
        at = np.flatnonzero(table == each)
        held = lookup.tables[each]
        owner[at] = held.owners if isinstance(held.owners, int) else held.owners[number[at]]
        record[at] = held.record_ids[number[at]]
    slots = states.slots + np.uint8(1)  # 255 becomes 0
    return Seen(owner, record, table, number, states.anchors, states.near, states.pairs, slots)
