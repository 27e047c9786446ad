"""What became of the records since the last version."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trapstreet.index import Living

U64 = NDArray[np.uint64]
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Counts:
    """How a version differs from the one before; `digest` is a keyed hash of all rows, whatever their
    order."""

    rows: int
    appeared: int
    changed: int
    went: int
    digest: str


@dataclass(slots=True)
class Changes:
    """Compares the rows of a table, batch by batch, with the living records of the last version."""

    living: Living
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
        """Which rows are new or differ from what is known of them."""
        at, known = self.living.find(record_ids)
        same = known.copy()
        same[known] = self.living.digests[at[known]] == digests[known]
        return ~same

    def take(self, record_ids: U64, digests: U64) -> None:
        """Count rows that belong to the new version."""
        at, known = self.living.find(record_ids)
        fresh = self.fresh(record_ids, digests)
        self._met[at[known]] = True
        self._kept[at[~fresh]] = True
        self.appeared += int(np.sum(~known))
        self.changed += int(np.sum(known & fresh))
        self.rows += len(record_ids)
        self._sum = (self._sum + int(np.sum(digests))) & _MASK

    @property
    def went(self) -> int:
        return int(np.sum(~self._met))

    @property
    def none(self) -> bool:
        """Nothing appeared, changed or went."""
        return not (self.appeared or self.changed or self.went)

    def ended(self) -> U64:
        """The records whose last known state is over: changed or gone."""
        return self.living.record_ids[~self._kept]

    def counts(self) -> Counts:
        """The comparison's result."""
        return Counts(self.rows, self.appeared, self.changed, self.went, f"{self._sum:016x}")
