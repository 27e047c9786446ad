"""Which rows of a table are decoys of copies."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.index.segment import Segment

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

_WITNESSES = (Kind.EMAIL, Kind.PHONE, Kind.NAME)


class DecoyRows:
    """Recognises the decoys of a data set's copies among rows.

    A row is a decoy if its e-mail address is a decoy's, or if its RecordId is a decoy's and its phone
    number, its
    name or, where the table has none of these, nothing else speaks against it. A real row that merely came to
    have a decoy's number later is therefore no decoy.
    """

    def __init__(self, copies: Mapping[str, Segment]) -> None:
        self._copies = list(copies)
        self._record_ids, self._owners = _joined([segment.record_ids for segment in copies.values()])
        self._known: dict[Kind, tuple[U64, U32]] = {}
        for kind in _WITNESSES:
            parts = [
                segment.fingerprints(kind)[0] if kind in segment.kinds() else np.empty(0, dtype=np.uint64)
                for segment in copies.values()
            ]
            if any(len(part) for part in parts):
                self._known[kind] = _joined(parts)

    def copies(self, record_ids: U64, fingerprints: Mapping[Kind, tuple[U64, U32]]) -> dict[int, str]:
        """Rows that are decoys, each with the id of its copy."""
        if not len(self._record_ids):
            return {}
        found = self._rows_by(Kind.EMAIL, fingerprints)
        by_key = _hits(self._record_ids, self._owners, record_ids)
        witnesses = set(found)
        for kind in _WITNESSES[1:]:
            witnesses |= set(self._rows_by(kind, fingerprints))
        for row, owner in by_key.items():
            if row in witnesses or not self._known:
                found.setdefault(row, owner)
        return {row: self._copies[owner] for row, owner in found.items()}

    def _rows_by(self, kind: Kind, fingerprints: Mapping[Kind, tuple[U64, U32]]) -> dict[int, int]:
        if kind not in self._known or kind not in fingerprints:
            return {}
        values, rows = fingerprints[kind]
        return {int(rows[at]): owner for at, owner in _hits(*self._known[kind], values).items()}


def _joined(parts: list[U64]) -> tuple[U64, U32]:
    values = np.concatenate([np.empty(0, dtype=np.uint64), *parts])
    owners = np.repeat(np.arange(len(parts), dtype=np.uint32), [len(part) for part in parts])
    order = np.argsort(values, kind="stable")
    return values[order], owners[order]


def _hits(known: U64, owners: U32, values: U64) -> dict[int, int]:
    """Position in `values` → owner, for the values that are known."""
    if not len(known):
        return {}
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return {int(position): int(owners[at[position]]) for position in np.flatnonzero(known[at] == values)}
