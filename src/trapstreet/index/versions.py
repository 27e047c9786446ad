"""Which records of a data set are alive, and when each state of a record ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.index.segment import Segment

U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Living:
    """The records of a data set's latest version: sorted ids, and the digest of each record's cells."""

    record_ids: U64
    digests: U64

    def find(self, record_ids: U64) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """For each id its position among the living, and whether it is there at all."""
        if not len(self.record_ids):
            return np.zeros(len(record_ids), dtype=np.intp), np.zeros(len(record_ids), dtype=np.bool_)
        at = np.minimum(np.searchsorted(self.record_ids, record_ids), len(self.record_ids) - 1)
        return at, self.record_ids[at] == record_ids


def living(versions: Sequence[Segment]) -> Living:
    """The state after the last of a data set's versions, given in their order. 16 bytes per record."""
    ids = np.empty(0, dtype=np.uint64)
    digests = np.empty(0, dtype=np.uint64)
    for segment in versions:
        keep = ~np.isin(ids, segment.ended, assume_unique=True)
        ids = np.concatenate([ids[keep], segment.record_ids])
        digests = np.concatenate([digests[keep], segment.digests])
    order = np.argsort(ids)
    return Living(ids[order], digests[order])


def held_in(record_ids: U64, versions: Sequence[Segment]) -> Iterator[tuple[NDArray[np.bool_], int]]:
    """For each version in turn which of these records it had, and how many it had in all.

    Two searches per version: O(versions · (records + changes)), however large the table is.
    """
    there = np.zeros(len(record_ids), dtype=np.bool_)
    alive = 0
    for segment in versions:
        there &= ~np.isin(record_ids, segment.ended)
        there |= np.isin(record_ids, segment.record_ids)
        alive += len(segment.record_ids) - len(segment.ended)
        yield there.copy(), alive


def ended_at(record_ids: U64, since: NDArray[np.int64], versions: Sequence[Segment]) -> NDArray[np.int64]:
    """The version in which each record's state was no longer current, 0 where it still is.

    since  the version from which on each state was known;  versions[0] is version 1
    One sorted search per version.
    """
    ended = np.zeros(len(record_ids), dtype=np.int64)
    for number, segment in enumerate(versions, start=1):
        open_still = np.flatnonzero((ended == 0) & (since < number))
        ended[open_still[np.isin(record_ids[open_still], segment.ended)]] = number
    return ended
