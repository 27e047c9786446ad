"""Positions of a copy's code: which they are, with which chance a bit there is 1, and what the copy holds."""

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.codebits import CERTAIN, code_bits
from trapstreet.core.model.p_table import PTable, chance, decoded
from trapstreet.proof.format import Accused, DoesNotHold

U64 = NDArray[np.uint64]


def p_table(copy: Accused) -> PTable:
    """The p-table that the copy committed to. Raises DoesNotHold where it is none."""
    try:
        return decoded(bytes.fromhex(copy.p_table))
    except (ValueError, TypeError) as error:
        raise DoesNotHold("the p-table of a copy is none") from error


def record_ids(packed: bytes) -> U64:
    """RecordIds, ascending. Raises DoesNotHold where they are not."""
    if len(packed) % 8:
        raise DoesNotHold("RecordIds are no whole numbers of eight bytes")
    ids = np.frombuffer(packed, dtype=">u8").astype(np.uint64)
    if (ids[1:] <= ids[:-1]).any():
        raise DoesNotHold("RecordIds are not in ascending order, each once")
    return ids


def different(*parts: U64) -> None:
    """Raises DoesNotHold where a RecordId is in two parts: a bit must not count twice."""
    if len(np.unique(np.concatenate(parts))) < sum(map(len, parts)):
        raise DoesNotHold("a position is there twice")


def held(copy: Accused, ids: U64, *, slot: int, threshold: int) -> int:
    """How many of the records have a 1 under the copy's code key.

    Raises DoesNotHold as `probability` does.
    """
    probability(threshold)
    key = bytes.fromhex(copy.code_key)
    return int(np.count_nonzero(code_bits(key, ids, slot=slot, threshold=threshold)))


def probability(threshold: int) -> float:
    """The chance of a 1. Raises DoesNotHold where that is certain, or cannot be."""
    p = chance(threshold) if 0 < threshold < CERTAIN else 0.0
    if not 0 < p < 1:
        raise DoesNotHold("the p-table of a copy says what no chance is")
    return p
