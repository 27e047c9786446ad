"""p-tables: with which chance a copy's code bits are 1, as its commitment binds it.

The format is in docs/adr/0011-the-code-of-a-copy.md, with test vectors.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.codebits import CERTAIN
from trapstreet.core.model.encoding import Plain, canonical_cbor

U64 = NDArray[np.uint64]


class PoolCode(NamedTuple):
    """The shared decoys of a data set: each is in a copy where its code bit in slot 0 is 1.

    threshold  of the bits, in (0, 2**64)
    size       how many decoys the pool has
    digest     SHA-256 of their RecordIds, ascending, u64 big-endian
    """

    threshold: int
    size: int
    digest: bytes


class MarkClass(NamedTuple):
    """Cells whose mark shows 1 with the same chance: a share of all, 2**32 for the whole, and the
    threshold."""

    share: int
    threshold: int


class MarkCode(NamedTuple):
    """A column whose cells are marked, by the bits of a slot."""

    slot: int
    column: str
    mark: str
    classes: tuple[MarkClass, ...]

    def class_of(self, record_ids: U64) -> NDArray[np.intp]:
        """The class of each record's cell, by the upper half of its RecordId."""
        ends = np.cumsum([each.share for each in self.classes], dtype=np.uint64)
        upper = record_ids >> np.uint64(32)
        return np.minimum(np.searchsorted(ends, upper, side="right"), len(self.classes) - 1)


class PTable(NamedTuple):
    """The chances of a copy's code.

    pool   None where the copy has no shared decoys
    rows   threshold of the bit that a real row is in the copy; CERTAIN where none is withheld
    """

    pool: PoolCode | None = None
    rows: int = CERTAIN
    marks: tuple[MarkCode, ...] = ()

    @property
    def codes(self) -> bool:
        """Whether the copy is told by more than decoys that are its alone."""
        return self != PTable()

    @property
    def withholds(self) -> bool:
        """Whether the copy goes without some of the real rows."""
        return self.rows < CERTAIN

    def encoded(self) -> bytes:
        """Deterministic CBOR; `NO_P_TABLE` where it is empty."""
        entries: list[Plain] = []
        if self.pool:
            entries.append(["pool", *self.pool])
        if self.withholds:
            entries.append(["rows", self.rows])
        entries += [["mark", each.slot, each.column, each.mark, each.classes] for each in self.marks]
        return canonical_cbor(entries)


@lru_cache(maxsize=1024)
def decoded(data: bytes) -> PTable:
    """The p-table of its bytes; many copies have the same. Raises ValueError for anything else."""
    import cbor2

    pool, rows, marks = None, CERTAIN, []
    try:
        for name, *entry in cbor2.loads(data):
            match name, entry:
                case "pool", [int(t), int(size), bytes(digest)]:
                    pool = PoolCode(t, size, digest)
                case "rows", [int(rows)]:
                    pass
                case "mark", [int(slot), str(column), str(mark), list(classes)]:
                    marks.append(MarkCode(slot, column, mark, tuple(MarkClass(*each) for each in classes)))
                case _:
                    raise ValueError("a p-table has entries of pool, rows and marks")
        table = PTable(pool, rows, tuple(marks))
        if table.encoded() != data or not all(0 < t < CERTAIN for t in _thresholds(table)):
            raise ValueError("a p-table has one form, and chances above 0 and below 1")
    except (TypeError, cbor2.CBORError) as error:
        raise ValueError("this is no p-table") from error
    return table


def _thresholds(table: PTable) -> Iterator[int]:
    if table.pool:
        yield table.pool.threshold
    if table.withholds:
        yield table.rows
    for mark in table.marks:
        yield from (each.threshold for each in mark.classes)


def pool_digest(record_ids: Iterable[int]) -> bytes:
    """What the p-table says of the members of a pool."""
    return sha256(b"".join(each.to_bytes(8, "big") for each in sorted(record_ids))).digest()


def threshold(p: float) -> int:
    """floor(p · 2**64), for p in [0, 1]."""
    return int(p * CERTAIN)


def chance(threshold: int) -> float:
    """What a bit under this threshold is 1 with."""
    return threshold / CERTAIN
