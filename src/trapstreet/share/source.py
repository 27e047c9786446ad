"""The source of a copy, read again and held against what is registered."""

from collections.abc import Iterator

import numpy as np

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch
from trapstreet.core.ports import Table
from trapstreet.index import DataSetIndex, DecoyRows, Fingerprinter, living, total_digest
from trapstreet.store.models import Version


class RegisteredRows:
    """The rows of a table that are registered, in the table's order, as often as one likes.

    Rows that could not be read and rows that are decoys were not registered and are left out.
    """

    def __init__(self, table: Table, index: DataSetIndex, prints: Fingerprinter, version: Version) -> None:
        self._table = table
        self._prints = prints
        self._version = version
        self._living = living(index.versions)
        self._decoys = DecoyRows(index.copies)

    def batches(self) -> Iterator[Batch]:
        """The rows; raises UnusableInput at the end, or before, if they are not those of the registered
        version."""
        rows, total = 0, 0
        for batch in self._table.batches():
            record_ids = self._prints.record_ids(batch.rows)
            _, known = self._living.find(record_ids)
            real = batch if known.all() else self._without_decoys(batch, record_ids, known)
            total = total_digest(total, self._prints.digests(real.rows))
            rows += len(real.rows)
            yield real
        if rows != self._version.rows or f"{total:016x}" != self._version.digest:
            raise self._changed()

    def _without_decoys(self, batch: Batch, record_ids: np.ndarray, known: np.ndarray) -> Batch:
        strange = np.flatnonzero(~known).tolist()
        prints = self._prints.fingerprints([batch.rows[at] for at in strange])
        if len(self._decoys.copies(record_ids[~known], prints)) < len(strange):
            raise self._changed()
        return batch.only(np.flatnonzero(known).tolist())

    def _changed(self) -> UnusableInput:
        return UnusableInput(
            f"{self._table.label} is not as it was registered (version {self._version.number})",
            hint="pass --new-version to register it as it is now and share that",
        )
