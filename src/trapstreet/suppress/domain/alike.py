"""Decoys by the values that they show, where an export has no key."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.index import DataSetIndex, Lookup, Prints
from trapstreet.index.runs import ranges

U64 = NDArray[np.uint64]
Decoy = tuple[int, int]  # number of the copy or planting, position of the decoy in it

_SHOWING = (Kind.PHONE, Kind.REFERENCE)
_DECIDING = (Kind.EMAIL, Kind.NAME)


class AlikeDecoys:
    """Knows decoys by a phone number or a reference number in rows that have no key.

    A row is a decoy if it has such a number of a decoy's, and neither its e-mail address nor its name is
    another than the decoy's where both have one. A number that a registered record has by now too decides
    only together with the name: no real row is ever taken for a decoy by its number alone.
    """

    def __init__(self, index: DataSetIndex) -> None:
        self._epoch = index.epoch
        self._real = Lookup(
            [
                DataSetIndex(
                    data_set=index.data_set,
                    name=index.name,
                    epoch=index.epoch,
                    columns=index.columns,
                    versions=index.versions,
                    copies={},
                )
            ]
        )
        self._values = {kind: _Values(index, kind) for kind in (*_SHOWING, *_DECIDING)}

    def rows(self, prints: Mapping[Kind, Prints]) -> set[int]:
        """The rows that are decoys."""
        found = set()
        for kind in _SHOWING:
            if kind not in prints or not len(prints[kind].fingerprints):
                continue
            of = prints[kind]
            real = self._real.contains(kind, self._epoch, of.fingerprints)
            for at, decoy in self._values[kind].find(of.fingerprints):
                row = int(of.rows[at])
                said = [self._says(other, row, decoy, prints) for other in _DECIDING]
                if False not in said and (not real[at] or said[-1]):
                    found.add(row)
        return found

    def _says(self, kind: Kind, row: int, decoy: Decoy, prints: Mapping[Kind, Prints]) -> bool | None:
        """Whether the row's values of a kind are the decoy's; None where one of them has none."""
        known = self._values[kind].of(decoy)
        own = prints[kind].fingerprints[prints[kind].rows == row] if kind in prints else ()
        if not len(known) or not len(own):
            return None
        return bool(np.isin(own, known).any())


class _Values:
    """The fingerprints of one kind of all decoys, sorted, each with its decoy."""

    def __init__(self, index: DataSetIndex, kind: Kind) -> None:
        parts = [
            (number, *segment.fingerprints(kind))
            for number, segment in enumerate(index.copies.values())
            if kind in segment.kinds()
        ]
        values = np.concatenate([np.empty(0, np.uint64), *(values for _, values, _ in parts)])
        order = np.argsort(values, kind="stable")
        self._values = values[order]
        decoys = [(number, at) for number, _, records in parts for at in records.tolist()]
        self._decoys = [decoys[at] for at in order.tolist()]
        self._of: defaultdict[Decoy, list[int]] = defaultdict(list)
        for value, decoy in zip(self._values.tolist(), self._decoys, strict=True):
            self._of[decoy].append(value)

    def find(self, values: U64) -> Iterator[tuple[int, Decoy]]:
        """(position in values, decoy) of every decoy that has one of the values."""
        low = np.searchsorted(self._values, values)
        which, at = ranges(low, np.searchsorted(self._values, values, side="right") - low)
        yield from (
            (each, self._decoys[place]) for each, place in zip(which.tolist(), at.tolist(), strict=True)
        )

    def of(self, decoy: Decoy) -> U64:
        """A decoy's values."""
        return np.array(self._of.get(decoy, []), dtype=np.uint64)
