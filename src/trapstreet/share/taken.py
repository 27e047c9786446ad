"""What decoys may not be: anything that a real row of any version has, or a decoy of another copy."""

from collections.abc import Sequence

import numpy as np

from trapstreet.core.fields import Kind
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Keys
from trapstreet.index import DataSetIndex, Lookup, fingerprints_of


class TakenValues:
    """Answers the generator of decoys (decoys.Taken) from the indexes of a workspace.

    Values count as taken whichever data set has them; keys are those of this data set. The index keeps no
    whole fingerprints of real rows: a free value counts as taken with a probability below 1e-11 per version
    (a name in an index of 10 million, 0.5 %), and the generator draws another. None that is taken, and not
    set aside in the index, counts as free.
    """

    def __init__(self, indexes: Sequence[DataSetIndex], data_set: str, *, epoch: int, keys: Keys) -> None:
        self._lookup = Lookup(indexes)
        self._epoch = epoch
        self._keys = keys
        self._record_key = keys.record_key(data_set)
        own = next(index for index in indexes if index.data_set == data_set)
        segments = [*own.versions, *own.copies.values()]
        self._record_ids = np.unique(np.concatenate([segment.record_ids for segment in segments]))

    def forms(self, kind: Kind, forms: Sequence[bytes]) -> list[bool]:
        fingerprints = fingerprints_of(self._keys.fingerprint_key(kind, self._epoch), kind, forms)
        return [bool(each) for each in self._lookup.contains(kind, self._epoch, fingerprints)]

    def keys(self, keys: Sequence[Row]) -> list[bool]:
        asked = record_ids(self._record_key, keys)
        at = np.minimum(np.searchsorted(self._record_ids, asked), len(self._record_ids) - 1)
        return [bool(each) for each in self._record_ids[at] == asked]
