"""Whether two leaks are the same one, shown again: by a sample of the records of each."""

import msgspec
import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

SAMPLE = 256
"""Records that are kept of a leak; one that has no more is known wholly."""

LIKE = 0.9
"""The least share of the records of two leaks together that both show, where one is the other again."""

_DECOYS = 0.5


class Shape(msgspec.Struct, frozen=True):
    """What is kept of a leak to know it again: the lowest RecordIds of its records, and of its decoys.

    RecordIds are keyed hashes: the lowest are a sample at random, the same for whoever shows the same
    records, and tell nothing without the keys. Both are u64, little endian, ascending.
    """

    records: bytes
    decoys: bytes


def shape_of(records: U64, decoys: U64) -> Shape:
    """The shape of a leak that shows these records, and these decoys, in any order."""
    return Shape(_lowest(records).tobytes(), _lowest(decoys).tobytes())


def likeness(one: bytes, other: bytes) -> float:
    """About which share of the records that either has both have, in [0, 1]; 0 where neither has any.

    Exact where they have no more than SAMPLE together, else with a standard deviation of at most 0.032.
    Source: Broder, "On the resemblance and containment of documents" (1997).
    """
    first, second = _ids(one), _ids(other)
    either = np.union1d(first, second)
    if SAMPLE in (len(first), len(second)):
        either = either[:SAMPLE]
    return float(np.isin(either, np.intersect1d(first, second)).mean()) if len(either) else 0.0


def is_again(new: Shape, known: Shape) -> bool:
    """Whether a leak is a known one again: packed otherwise, in another order, with some lines more or less.

    Copies of one data set have nearly the same records, but each has decoys of its own: a leak that shows
    another decoy, or few of those that it should, is another leak. So is one with many more records, or far
    fewer.
    """
    if likeness(new.records, known.records) < LIKE:
        return False
    decoys, had = _ids(new.decoys), _ids(known.decoys)
    if not len(had) or not len(decoys):
        return len(had) == len(decoys)
    beyond = decoys > had[-1] if len(had) == SAMPLE else np.zeros(len(decoys), dtype=np.bool_)
    return bool((np.isin(decoys, had) | beyond).all()) and likeness(new.decoys, known.decoys) >= _DECOYS


def lowest(shape: Shape, most: int = 8) -> list[bytes]:
    """The lowest RecordIds of a leak: one that is like it has some of them among its own."""
    end = min(len(shape.records), 8 * most)
    return [shape.records[at : at + 8] for at in range(0, end, 8)]


def is_in(shape: Shape, ids: U64) -> bool:
    """Whether all of a leak's sample, decoys too, is among these RecordIds, ascending and each once.

    Of a leak with more than SAMPLE records, of which one in fifty is another, that is so once in 170 times.
    """
    seen = np.append(_ids(shape.records), _ids(shape.decoys))
    if not len(seen) or not len(ids):
        return False
    at = np.minimum(np.searchsorted(ids, seen), len(ids) - 1)
    return bool((ids[at] == seen).all())


def _lowest(ids: U64) -> U64:
    return np.unique(ids)[:SAMPLE].astype("<u8")


def _ids(packed: bytes) -> U64:
    return np.frombuffer(packed, dtype="<u8").astype(np.uint64)
