"""Which rows of a table are decoys of copies."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.index.fingerprints import Prints
from trapstreet.index.runs import ranges
from trapstreet.index.segment import Segment

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
Decoy = tuple[int, int]  # number of the copy, position of the decoy in it

_WITNESSES = (Kind.EMAIL, Kind.PHONE, Kind.NAME)


class DecoyRows:
    """Recognises the decoys of copies among rows of their data set.

    A row is a decoy if its e-mail address is a decoy's. If only its RecordId is, the first kind that both
    have decides, of e-mail address, phone number and name; where they have none of these in common, the
    RecordId does. A real row that came to have a decoy's number later is therefore no decoy.
    """

    def __init__(self, copies: Mapping[str, Segment]) -> None:
        self._copies = list(copies)
        segments = list(copies.values())
        self._by_id = _Table([(segment.record_ids, None) for segment in segments])
        self._by_value = {
            kind: _Table(
                [segment.fingerprints(kind) if kind in segment.kinds() else None for segment in segments]
            )
            for kind in _WITNESSES
        }

    def copies(self, record_ids: U64, fingerprints: Mapping[Kind, Prints]) -> dict[int, str]:
        """Rows that are decoys, each with the id of its copy."""
        found = dict(self._rows(Kind.EMAIL, fingerprints))
        for row, decoy in self._by_id.find(record_ids):
            if row not in found and self._agree(row, decoy, fingerprints):
                found[row] = decoy
        return {row: self._copies[copy] for row, (copy, _) in found.items()}

    def emails(self, fingerprints: Mapping[Kind, Prints]) -> dict[int, str]:
        """Rows whose e-mail address is a decoy's: enough to know decoys in a table of any data set."""
        return {row: self._copies[copy] for row, (copy, _) in self._rows(Kind.EMAIL, fingerprints)}

    def _agree(self, row: int, decoy: Decoy, fingerprints: Mapping[Kind, Prints]) -> bool:
        for kind in _WITNESSES:
            has_it = kind in fingerprints and row in fingerprints[kind].rows
            if has_it and self._by_value[kind].has(decoy):
                return any(at == row and other == decoy for at, other in self._rows(kind, fingerprints))
        return True

    def _rows(self, kind: Kind, fingerprints: Mapping[Kind, Prints]) -> Iterator[tuple[int, Decoy]]:
        if kind in fingerprints:
            for at, decoy in self._by_value[kind].find(fingerprints[kind].fingerprints):
                yield int(fingerprints[kind].rows[at]), decoy


class _Table:
    """Values of all copies, sorted, each with its decoy."""

    def __init__(self, parts: list[tuple[U64, U32 | None] | None]) -> None:
        values, copies, positions = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for copy, part in enumerate(parts):
            if part is not None:
                own, records = part
                values.append(own)
                copies.append(np.full(len(own), copy))
                positions.append(np.arange(len(own)) if records is None else records.astype(np.int64))
        joined = np.concatenate(values)
        order = np.argsort(joined, kind="stable")
        self._values = joined[order]
        self._decoys = np.stack([np.concatenate(copies)[order], np.concatenate(positions)[order]], axis=1)

    def find(self, values: U64) -> Iterator[tuple[int, Decoy]]:
        """(position in values, decoy) of every decoy that has one of the values."""
        low = np.searchsorted(self._values, values)
        which, at = ranges(low, np.searchsorted(self._values, values, side="right") - low)
        decoys = ((copy, position) for copy, position in self._decoys[at].tolist())
        yield from zip(which.tolist(), decoys, strict=True)

    def has(self, decoy: Decoy) -> bool:
        return bool(np.any(np.all(self._decoys == decoy, axis=1)))
