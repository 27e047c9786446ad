"""How a data set's values are spread: what somebody else's data would show of them by chance."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import Lookup, Seen, Segment, Space
from trapstreet.index.matcher import CONFIRMING
from trapstreet.index.runs import Positions, distinct

Bools = NDArray[np.bool_]
F64 = NDArray[np.float64]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

_SAMPLED = 1 << 18
_UNSEEN, _STRANGERS = 0.25, 64.0
"""Added to what is counted of a name, an address, …: one that nobody else of very few records has is still
had by 1 in 256 people."""


class _Sample(NamedTuple):
    """Records in the order of their ids, each once, and where the lookup holds the latest state of each."""

    record: U64
    table: U32
    number: U32

    @classmethod
    def none(cls) -> Self:
        nothing = np.empty(0, dtype=np.uint32)
        return cls(np.empty(0, dtype=np.uint64), nothing, nothing)


class _Column(NamedTuple):
    """What each sampled record has in a slot; the different values in order, and how many have each."""

    values: U32
    different: U32
    counts: Positions


class Spread:
    """One data set of a lookup. Everything is read when first asked for, and kept for the next text."""

    def __init__(self, lookup: Lookup, number: int) -> None:
        self._lookup = lookup
        self._data_set = lookup.data_sets[number]
        self._number = number
        self._spaces: dict[Kind, dict[int, Space]] = {}
        self._columns: dict[tuple[Kind, int], _Column] = {}

    @cached_property
    def records(self) -> int:
        """Records alive: those of the latest version."""
        versions = self._data_set.versions
        return sum(len(each.record_ids) - len(each.ended) for each in versions)

    def learnt(self, kind: Kind) -> float:
        """The share of all registered records that are in versions whose space is known."""
        versions = self._data_set.versions
        owners = self._owners()
        known = sum(len(versions[owners[owner] - 1].record_ids) for owner in self.spaces(kind))
        return known / max(1, sum(len(each.record_ids) for each in versions))

    def spaces(self, kind: Kind) -> dict[int, Space]:
        """The known spaces of a kind by the owner's number, one for each version that has enough values.

        Raises UnusableInput where an index segment is damaged.
        """
        if kind not in self._spaces:
            versions = self._data_set.versions
            read = {
                owner: _space(versions[version - 1], kind)
                for owner, version in self._owners().items()
                if versions[version - 1].current
            }
            self._spaces[kind] = {owner: space for owner, space in read.items() if space.known}
        return self._spaces[kind]

    def densities(self, kind: Kind, forms: Sequence[bytes]) -> F64:
        """Per version whose space is known and per form how dense registered values lie, in (0, 1]."""
        return np.array([space.density(forms) for space in self.spaces(kind).values()]).reshape(
            -1, len(forms)
        )

    def rarity(self, seen: Seen) -> F64:
        """Per record and kind of CONFIRMING the share of the data set's other records that have the same,
        shape (n, 4); 1 where it was not confirmed.

        Whichever table a record is in, that of a version with few changes or that of decoys, its name is as
        common as it is in the whole data set. 0.3 µs for each record and kind, one core.
        """
        shares = np.ones((len(seen), len(CONFIRMING)))
        for at, kind in enumerate(CONFIRMING):
            slots = seen.slots[:, at]
            for slot in filter(None, distinct(slots).tolist()):
                of = np.flatnonzero(slots == slot)
                shares[of, at] = self._shares(kind, slot - 1, seen.take(of))
        return shares

    def _shares(self, kind: Kind, slot: int, seen: Seen) -> F64:
        sample, column = self._sample, self._column(kind, slot)
        values = self._slot_values(kind, slot, seen.table, seen.number)
        at, known = _find(column.different, values)
        same = np.zeros(len(seen))
        same[known] = column.counts[at[known]]
        at, known = _find(sample.record, seen.record)
        same[known] -= column.values[at[known]] == values[known]
        return (same + _UNSEEN) / (len(sample.record) + _STRANGERS)

    def _column(self, kind: Kind, slot: int) -> _Column:
        if (kind, slot) not in self._columns:
            values = self._slot_values(kind, slot, self._sample.table, self._sample.number)
            self._columns[kind, slot] = _Column(values, *np.unique(values, return_counts=True))
        return self._columns[kind, slot]

    def _slot_values(self, kind: Kind, slot: int, table: U32, number: U32) -> U32:
        """What stands in a slot of each record, 0 for nothing."""
        values: U32 = np.zeros(len(number), dtype=np.uint32)
        for each in distinct(table).tolist():
            slots = self._lookup.tables[each].slots.get(kind)
            if slots is not None and slot < slots.shape[1]:
                at = np.flatnonzero(table == each)
                values[at] = slots[number[at], slot]
        return values

    @cached_property
    def _sample(self) -> _Sample:
        """Records of all versions, those that have ended too: all, or as many as have some _SAMPLED states.

        Ids are hashes: those below a limit are a fair sample. One pass over the ids, 8 bytes for each state.
        """
        owners = self._owners()
        tables = {
            number: table.record_ids
            for number, table in enumerate(self._lookup.tables)
            if isinstance(table.owners, int) and table.owners in owners
        }
        halvings = (sum(map(len, tables.values())) // _SAMPLED).bit_length()
        limit = np.uint64((2**64 - 1) >> halvings)
        parts = [_Sample.none()]
        for each, ids in reversed(tables.items()):
            at = np.flatnonzero(ids <= limit).astype(np.uint32)
            parts.append(_Sample(ids[at], np.full(len(at), each, dtype=np.uint32), at))
        record, table, number = (np.concatenate(column) for column in zip(*parts, strict=True))
        record, latest = np.unique(record, return_index=True)
        return _Sample(record, table[latest], number[latest])

    def _owners(self) -> dict[int, int]:
        """The data set's versions by their number in Lookup.owners."""
        return {
            at: owner.version
            for at, owner in enumerate(self._lookup.owners)
            if owner.data_set == self._number and owner.version
        }


def _find(known: NDArray[Any], values: NDArray[Any]) -> tuple[Positions, Bools]:
    """For each value its position in a sorted array, and whether it is there at all."""
    if not len(known):
        return np.zeros(len(values), dtype=np.intp), np.zeros(len(values), dtype=np.bool_)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return at, known[at] == values


def _space(segment: Segment, kind: Kind) -> Space:
    try:
        return Space.from_bytes(segment.space(kind))
    except ValueError as error:
        raise UnusableInput(
            f"index segment {segment.path.name} cannot be read ({error})",
            hint="restore it from a backup, or register the data set again",
        ) from None
