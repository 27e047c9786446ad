"""From rows to what the index keeps of them: ids, digests, fingerprints. Nothing of the rows themselves."""

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, record_forms
from trapstreet.core.maths.siphash import siphash24_many
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Row, cell_text
from trapstreet.core.ports import Keys

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

_MASK = (1 << 64) - 1


class Fingerprinter:
    """Reads the rows of one data set under the workspace's keys.

    columns  every column of the table, in its order; key  the names of the key columns
    """

    def __init__(
        self, data_set: str, columns: Sequence[Column], key: Sequence[str], *, epoch: int, keys: Keys
    ) -> None:
        self._columns = tuple(columns)
        self._keys = keys
        self._epoch = epoch
        names = [column.name for column in columns]
        self.key_positions = [names.index(name) for name in key]
        self._compared = sorted((names[at], at) for at, column in enumerate(columns) if not column.ignored)
        self._record_key = keys.record_key(data_set)
        self._digest_key = keys.siphash_key("digest", data_set)

    def record_ids(self, rows: Sequence[Row]) -> U64:
        """The RecordId of each row (docs/adr/0002-record-ids-and-code-bits.md)."""
        return record_ids(self._record_key, [tuple(row[at] for at in self.key_positions) for row in rows])

    @property
    def plan(self) -> str:
        """How the columns are read, in 16 hexadecimal digits: another plan gives other digests or
        fingerprints."""
        read = [msgspec.structs.replace(self._columns[at], why="") for _, at in self._compared]
        return hashlib.sha256(msgspec.json.encode((NORMAL_FORMS, read))).hexdigest()[:16]

    def digests(self, rows: Sequence[Row]) -> U64:
        """A keyed hash of the cells of each row, equal for equal cells in any format and order of columns.

        Ignored columns do not count.
        """
        return siphash24_many(self._digest_key, [self._joined(row) for row in rows])

    def fingerprints(self, rows: Sequence[Row]) -> dict[Kind, tuple[U64, U32]]:
        """Per kind, the fingerprints of all normal forms and the row that each belongs to."""
        return {
            kind: (siphash24_many(self._keys.fingerprint_key(kind, self._epoch), forms), owners)
            for kind, (forms, owners) in record_forms(self._columns, rows).items()
        }

    def _joined(self, row: Row) -> bytes:
        texts = [cell_text(row[at]) for _, at in self._compared]
        joined = "".join("n" if text is None else f"{len(text)}:{text}" for text in texts)
        return joined.encode("utf-8", "surrogatepass")


def total_digest(before: int, digests: U64) -> int:
    """The digest of all rows met so far, whatever their order: the sum of theirs modulo 2**64."""
    return (before + int(np.sum(digests))) & _MASK
