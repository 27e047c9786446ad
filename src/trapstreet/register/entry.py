"""Takes a table's batches into a segment, and remembers what cannot go in."""

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Rejected
from trapstreet.index import DecoyRows, Fingerprinter, SegmentWriter, Traits
from trapstreet.index.space import SpaceSampler
from trapstreet.register.domain.changes import Changes
from trapstreet.register.domain.keys import refuse_empty, refuse_repeated
from trapstreet.register.domain.plan import Plan

U64 = NDArray[np.uint64]

MOST_REJECTED = 0.01


class Entry:
    """Takes a table's batches into a segment: what is new goes in, what cannot be entered is remembered."""

    def __init__(
        self,
        planned: Plan,
        prints: Fingerprinter,
        decoys: tuple[DecoyRows, DecoyRows],
        changes: Changes,
        writer: SegmentWriter,
        *,
        where: str,
    ) -> None:
        self._plan = planned
        self._prints = prints
        self._decoys, self._decoys_elsewhere = decoys
        self.changes = changes
        self._writer = writer
        self._traits = Traits()
        self._sampler = SpaceSampler()
        self._where = where
        self._ids: list[U64] = []
        self._lines: list[NDArray[np.int64]] = []
        self.rejected: list[Rejected] = []
        self.decoy_rows: Counter[str] = Counter()

    def take(self, batch: Batch) -> None:
        self.rejected += batch.rejected
        refuse_empty(self._plan.key, self._prints.key_positions, batch.rows, batch.lines, where=self._where)
        record_ids = self._prints.record_ids(batch.rows)
        digests = self._prints.digests(batch.rows)
        fresh = np.flatnonzero(self.changes.fresh(record_ids, digests))
        forms = self._prints.forms([batch.rows[at] for at in fresh.tolist()])
        prints = self._prints.hashed(forms)
        own = self._decoys_elsewhere.emails(prints) | self._decoys.copies(record_ids[fresh], prints)
        if own:
            self.decoy_rows.update(own.values())
            real = np.delete(np.arange(len(batch.rows)), fresh[list(own)])
            self.take(batch.only(real.tolist()))
            return
        self._ids.append(record_ids)
        self._lines.append(np.asarray(batch.lines, dtype=np.int64))
        self.changes.take(record_ids, digests)
        self._writer.add(record_ids[fresh], digests[fresh], prints)
        self._traits.add(forms)
        for kind, each in forms.items():
            self._sampler.add(kind, each.forms)

    def write(self, path: Path) -> None:
        """Write the segment of what was taken."""
        self._writer.finish(
            path, ended=self.changes.ended(), traits=self._traits, spaces=self._sampler.spaces()
        )

    def check(self) -> None:
        """Raises UnusableInput if what was read is not fit to be registered."""
        read = self.changes.rows + sum(self.decoy_rows.values())
        if not self.changes.rows and not self.rejected:
            raise UnusableInput(f"{self._where} has no rows to register", hint="check the file, or the query")
        if len(self.rejected) > MOST_REJECTED * (read + len(self.rejected)):
            shown = "; ".join(f"line {each.line}: {each.why}" for each in self.rejected[:3])
            share = f"{len(self.rejected):,} of {read + len(self.rejected):,} rows"
            raise UnusableInput(
                f"{share} of {self._where} cannot be read ({shown})",
                hint="at most 1 % may be; mend the file, nothing was registered",
            )
        ids, lines = np.concatenate(self._ids), np.concatenate(self._lines)
        refuse_repeated(self._plan.key, ids, lines, where=self._where)
