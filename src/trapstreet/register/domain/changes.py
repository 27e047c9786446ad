"""What became of the records since the last version."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trapstreet.index import Living, total_digest

U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Counts:
    """How a version differs from the one before; `digest` is a keyed hash of all rows, in any order."""

    rows: int
    appeared: int
    changed: int
    went: int
    digest: str


@dataclass(slots=True)
class Changes:
    """Compares the rows of a table, batch by batch, with the living records of the last version.

    reread  every record is entered anew, whether it changed or not: its columns, or the normal forms, are
            read in another way than before
    """

    living: Living
    reread: bool = False
    appeared: int = 0
    changed: int = 0
    rows: int = 0
    _sum: int = 0
    _kept: NDArray[np.bool_] = field(init=False)
    _met: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self._met = np.zeros(len(self.living.record_ids), dtype=np.bool_)
        self._kept = np.zeros(len(self.living.record_ids), dtype=np.bool_)

    def fresh(self, record_ids: U64, digests: U64) -> NDArray[np.bool_]:
        """Which rows have to be entered."""
        if self.reread:
            return np.ones(len(record_ids), dtype=np.bool_)
        return ~self._same(record_ids, digests)

    def take(self, record_ids: U64, digests: U64) -> None:
        """Count rows that belong to the new version."""
        at, known = self.living.find(record_ids)
        self._met[at[known]] = True
        self._kept[at[~self.fresh(record_ids, digests)]] = True
        self.appeared += int(np.sum(~known))
        self.changed += int(np.sum(known & ~self._same(record_ids, digests)))
        self.rows += len(record_ids)
        self._sum = total_digest(self._sum, digests)

    @property
    def went(self) -> int:
        return int(np.sum(~self._met))

    @property
    def none(self) -> bool:
        """Nothing appeared, changed or went, and nothing has to be entered anew."""
        return not (self.appeared or self.changed or self.went or self.reread)

    def ended(self) -> U64:
        """The records whose last known state is over: changed, gone, or entered anew."""
        return self.living.record_ids[~self._kept]

    def counts(self) -> Counts:
        """The comparison's result."""
        return Counts(self.rows, self.appeared, self.changed, self.went, f"{self._sum:016x}")

    def _same(self, record_ids: U64, digests: U64) -> NDArray[np.bool_]:
        at, known = self.living.find(record_ids)
        same = known.copy()
        same[known] = self.living.digests[at[known]] == digests[known]
        return same
