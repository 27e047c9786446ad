"""How a data set's values are spread: what somebody else's data would show of them by chance."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import Lookup, Seen, Segment, Space
from trapstreet.index.matcher import CONFIRMING

F64 = NDArray[np.float64]
U32 = NDArray[np.uint32]

_SAMPLED = 1 << 18
_UNSEEN, _STRANGERS = 0.25, 64.0
"""Added to what is counted of a name, an address, …: one that nobody else of very few records has is still
had by 1 in 256 people."""


class Spread:
    """One data set of a lookup. Everything is read when first asked for, and kept for the next text."""

    def __init__(self, lookup: Lookup, number: int) -> None:
        self._lookup = lookup
        self._data_set = lookup.data_sets[number]
        self._number = number
        self._spaces: dict[Kind, dict[int, Space]] = {}
        self._columns: dict[tuple[int, Kind, int], U32] = {}

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
        """Per record and kind of CONFIRMING the share of other records that have the same, shape (n, 4); 1
        where it was not confirmed."""
        shares = np.ones((len(seen), len(CONFIRMING)))
        for at, kind in enumerate(CONFIRMING):
            slots = seen.slots[:, at]
            keys = seen.table.astype(np.uint64) << np.uint64(8) | slots
            for key in np.unique(keys[slots > 0]).tolist():
                of = np.flatnonzero(keys == key)
                shares[of, at] = self._shares(key >> 8, kind, (key & 255) - 1, seen.number[of])
        return shares

    def _shares(self, table: int, kind: Kind, slot: int, numbers: U32) -> F64:
        column = self._lookup.tables[table].slots[kind][:, slot]
        if (table, kind, slot) not in self._columns:
            self._columns[table, kind, slot] = np.sort(column[:: -(-len(column) // _SAMPLED)])
        known = self._columns[table, kind, slot]
        values = column[numbers]
        same = np.searchsorted(known, values, side="right") - np.searchsorted(known, values)
        shares: F64 = (np.maximum(same - 1, 0) + _UNSEEN) / (len(known) + _STRANGERS)
        return shares

    def _owners(self) -> dict[int, int]:
        """The data set's versions by their number in Lookup.owners."""
        return {
            at: owner.version
            for at, owner in enumerate(self._lookup.owners)
            if owner.data_set == self._number and owner.version
        }


def _space(segment: Segment, kind: Kind) -> Space:
    try:
        return Space.from_bytes(segment.space(kind))
    except ValueError as error:
        raise UnusableInput(
            f"index segment {segment.path.name} cannot be read ({error})",
            hint="restore it from a backup, or register the data set again",
        ) from None
