"""One table of fingerprints: a filter that says no to nearly everything, and buckets of remainders.

A key is a fingerprint with the number of the record that has it. Nothing in a key says of what kind it is:
kinds have keys of their own, so their fingerprints differ. docs/adr/0006-index.md gives the layout.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.index.runs import among, ranges

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
Positions = NDArray[np.intp]

FILTER_BITS = (8, 14, 20, 26)
"""Where the four six-bit places in a filter word stand in a fingerprint: below the bits that choose the word,
and where directory and entry together still know them."""

_BITS_PER_KEY = 12
_KEYS_PER_BUCKET = 8
LEAST_BITS = 12
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """Keys of one epoch, their records, and what confirms these.

    filter      words of a Bloom filter, 12 bits a key
    directory   u32, shape (2**bits + 1,): entries [directory[b], directory[b + 1]) are those of bucket b
    entries     sorted: the fingerprint's bits below the directory's, the low `shift` bits replaced by the
                record's number
    record_ids  RecordIds by record number
    owners      number in Lookup.owners, for all records or for each
    slots       per confirming kind u32, shape (records, width): the top halves of forms' fingerprints, 0 none
    exact       all fingerprints, sorted, where they are known: others are no hits
    """

    epoch: int
    filter: U64
    directory: U32
    entries: U64
    bits: int
    shift: int
    record_ids: U64
    owners: U32 | int
    slots: Mapping[Kind, U32] = field(default_factory=dict)
    exact: U64 | None = None

    def find(self, fingerprints: U64) -> tuple[Positions, U32]:
        """(position in fingerprints, record number) of every key met, in the order of the positions.

        A foreign fingerprint meets a key by chance with a probability of keys / 2**(bits + 64 - shift),
        below 1e-11 up to 10 million records; never where `exact` is given. 50 ns for one that is not there,
        0.3 to 0.5 µs for one that is (one core).
        """
        passed = np.flatnonzero(self._passes(fingerprints))
        asked = fingerprints[passed]
        bucket = asked >> np.uint64(64 - self.bits)
        low = self.directory[bucket].astype(np.intp)
        which, at = ranges(low, self.directory[bucket + np.uint64(1)] - low)
        entries = self.entries[at]
        below = (asked << np.uint64(self.bits))[which]
        met = np.flatnonzero((entries ^ below) >> np.uint64(self.shift) == 0)
        if self.exact is not None:
            met = met[among(asked[which[met]], self.exact)]
        records = entries[met] & np.uint64((1 << self.shift) - 1)
        real = records < len(self.record_ids)  # others come from a damaged file
        return passed[which[met[real]]], records[real].astype(np.uint32)

    def _passes(self, fingerprints: U64) -> NDArray[np.bool_]:
        mask = _mask(fingerprints)
        passes: NDArray[np.bool_] = self.filter[_word(fingerprints, len(self.filter))] & mask == mask
        return passes


class Parts(NamedTuple):
    """What `build` makes of keys: the fields of a Table by these names."""

    filter: U64
    directory: U32
    entries: U64
    bits: int
    shift: int


class TableBuilder:
    """Takes keys in the order of their fingerprints and makes entries of them, piece by piece.

    Memory: filter and directory, 2 bytes a key, and what one piece takes.
    """

    def __init__(self, keys: int, records: int) -> None:
        self.shift = record_bits(records)
        fair = round(log2(max(1, keys) / _KEYS_PER_BUCKET))
        self.bits = max(LEAST_BITS, fair, self.shift - min(FILTER_BITS))
        self.filter: U64 = np.zeros(max(1, -(-keys * _BITS_PER_KEY // 64)), dtype=np.uint64)
        self._counts: U32 = np.zeros((1 << self.bits) + 1, dtype=np.uint32)

    def entries(self, fingerprints: U64, records: U32) -> U64:
        """The entries of the next keys; equal fingerprints stand in the order of their records."""
        made = [
            self._entries(fingerprints[start : start + _BLOCK], records[start : start + _BLOCK])
            for start in range(0, len(fingerprints), _BLOCK)
        ]
        return np.concatenate(made) if made else np.empty(0, dtype=np.uint64)

    def directory(self) -> U32:
        """Where each bucket begins, once all keys are in."""
        return np.cumsum(self._counts, dtype=np.uint32)

    def _entries(self, fingerprints: U64, records: U32) -> U64:
        word = _word(fingerprints, len(self.filter))
        first = np.flatnonzero(np.diff(word, prepend=~word[:1]))
        self.filter[word[first]] |= np.bitwise_or.reduceat(_mask(fingerprints), first)
        bucket = fingerprints >> np.uint64(64 - self.bits)
        low = int(bucket[0])
        counts = np.bincount((bucket - bucket[0]).astype(np.intp))
        self._counts[low + 1 : low + 1 + len(counts)] += counts.astype(np.uint32)
        below = fingerprints << np.uint64(self.bits)
        shift = np.uint64(self.shift)
        return (below >> shift << shift) | records


def build(fingerprints: U64, records: U32, *, count: int) -> Parts:
    """The table of keys that are in memory, sorted by fingerprint.

    count  how many records there are: each of `records` is below it
    0.1 µs a key (one core).
    """
    builder = TableBuilder(len(fingerprints), count)
    entries = builder.entries(fingerprints, records)
    return Parts(builder.filter, builder.directory(), entries, builder.bits, builder.shift)


def slot_values(fingerprints: U64) -> U32:
    """What stands in the slots of confirming forms: the top halves of their fingerprints, 1 for 0."""
    top: U64 = np.maximum(fingerprints >> np.uint64(32), np.uint64(1))
    return top.astype(np.uint32)


def record_bits(records: int) -> int:
    """How many low bits of an entry hold the number of one of so many records."""
    return max(1, (records - 1).bit_length())


def _word(fingerprints: U64, words: int) -> U64:
    """The filter word of each fingerprint; it ascends with them."""
    return (fingerprints >> np.uint64(32)) * np.uint64(words) >> np.uint64(32)


def _mask(fingerprints: U64) -> U64:
    """The bits that each fingerprint sets in its word."""
    mask = np.zeros(len(fingerprints), dtype=np.uint64)
    for place in FILTER_BITS:
        mask |= np.uint64(1) << (fingerprints >> np.uint64(place) & np.uint64(63))
    return mask
