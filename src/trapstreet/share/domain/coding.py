"""The code of a copy: which rows and which shared decoys it holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.codebits import CERTAIN, PRESENCE, code_bits
from trapstreet.core.model.p_table import MarkCode, PoolCode, PTable, pool_digest, threshold

U64 = NDArray[np.uint64]
Bools = NDArray[np.bool_]

CHANCE = 0.35
"""The largest chance of a shared decoy to be in a copy; near the best against a majority of three to five
copies."""

SHARED = 0.23
"""The part of a copy's decoys that comes from the pool, on average: of 300, 70, which leaves 230 to name a
single copy by."""

FEWEST_POOLED = 250
"""Copies with fewer decoys share none. To name one of three who give what most of them have takes some 70
shared decoys in each copy, however many it has (bench/plan.py); with fewer of them, each is worth more as its
copy's own."""

FEWEST_OWN = 3
"""Decoys that are a copy's alone, at least, where it has so many."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a copy is handed out with.

    decoys    how many altogether; None for the default
    withheld  share of the rows that each copy goes without, in [0, 0.05]
    marks     pairs of a column and the name of a mark to be set on it
              None: what the settings say, and nothing where they are silent
    expires_at  when the copy is to be given back, Unix µs; None: no set time
    """

    decoys: int | None = None
    withheld: float | None = None
    marks: tuple[tuple[str, str], ...] | None = None
    expires_at: int | None = None


def default_decoys(rows: int) -> int:
    """1 % of the rows, at least 3 and at most 300."""
    return min(300, max(FEWEST_OWN, round(rows / 100)))


def shares(decoys: int) -> bool:
    """Whether a copy with so many decoys gets some of them from a pool."""
    return decoys >= FEWEST_POOLED


def p_table(pool: U64, decoys: int, *, withheld: float, marks: tuple[MarkCode, ...] = ()) -> PTable:
    """The p-table of a new copy with so many decoys.

    pool  RecordIds of the data set's shared decoys; none: the copy has only its own
    """
    code = None
    if len(pool) and shares(decoys):
        p = min(CHANCE, SHARED * decoys / len(pool))
        code = PoolCode(threshold(p), len(pool), pool_digest(pool.tolist()))
    return PTable(code, threshold(1 - withheld) if withheld else CERTAIN, marks)


def held(code_key: bytes, record_ids: U64, threshold: int) -> Bools:
    """Which of the records a copy with this code key holds."""
    return code_bits(code_key, record_ids, slot=PRESENCE, threshold=threshold)


def pool_held(code_key: bytes, pool: U64, table: PTable) -> Bools:
    """Which of the pool's decoys a copy holds."""
    if table.pool is None:
        return np.zeros(len(pool), dtype=np.bool_)
    return held(code_key, pool, table.pool.threshold)


def own_decoys(decoys: int, shared: int) -> int:
    """How many decoys of its own a copy gets beside the shared ones."""
    return max(decoys - shared, min(decoys, FEWEST_OWN))
