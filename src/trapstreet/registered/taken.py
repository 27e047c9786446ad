"""What decoys may not be: anything that a real row of any version has, or a decoy of another copy."""

from collections.abc import Sequence

import numpy as np

from trapstreet.core.fields import Kind
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Keys
from trapstreet.index import DataSetIndex, Lookup, fingerprints_of
from trapstreet.index.runs import among
from trapstreet.registered.source import LiveRows


class TakenValues:
    """Answers the generator of decoys (decoys.Taken) from the indexes of a workspace.

    Values count as taken whichever data set has them; keys are those of this data set. The index keeps no
    whole fingerprints of real rows: a free value counts as taken with a probability below 1e-11 per version
    (a name in an index of 10 million, 0.5 %), and the generator draws another. None that is taken, and not
    set aside in the index, counts as free.
    """

    def __init__(
        self,
        indexes: Sequence[DataSetIndex],
        data_set: str,
        *,
        epoch: int,
        keys: Keys,
        live: LiveRows | None = None,
    ) -> None:
        """live  rows of the data set's table that were read, of which some may not be registered"""
        self._lookup = Lookup(indexes)
        self._epoch = epoch
        self._keys = keys
        self._record_key = keys.record_key(data_set)
        own = next(index for index in indexes if index.data_set == data_set)
        segments = [*own.versions, *own.copies.values()]
        strange_ids = live.strange_ids if live else []
        self._record_ids = np.unique(
            np.concatenate([*(segment.record_ids for segment in segments), *strange_ids])
        )
        strange = live.strange if live else {}
        self._strange = {kind: np.sort(np.concatenate(each)) for kind, each in strange.items()}

    def forms(self, kind: Kind, forms: Sequence[bytes]) -> list[bool]:
        fingerprints = fingerprints_of(self._keys.fingerprint_key(kind, self._epoch), kind, forms)
        there = self._lookup.contains(kind, self._epoch, fingerprints)
        if kind in self._strange:
            there |= among(fingerprints, self._strange[kind])
        return [bool(each) for each in there]

    def keys(self, keys: Sequence[Row]) -> list[bool]:
        asked = record_ids(self._record_key, keys)
        at = np.minimum(np.searchsorted(self._record_ids, asked), len(self._record_ids) - 1)
        return [bool(each) for each in self._record_ids[at] == asked]
