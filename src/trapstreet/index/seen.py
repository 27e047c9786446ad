"""What a text shows of many records: a column of bits for each thing known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind, kinds
from trapstreet.index.matcher import CODE, CONFIRMING, KINDS

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Positions = NDArray[np.intp]

Pair = frozenset[Kind]

ANCHORS = tuple(kind for kind in KINDS if kind in kinds() and kinds()[kind].anchor)
"""The kinds that are found by themselves."""

_PAIRS = tuple(combinations(ANCHORS, 2))


def bits(of: Iterable[Kind]) -> int:
    """A set of kinds as bits: a kind's bit is that of its code."""
    return sum(1 << CODE[kind] for kind in of)


ALONE = bits(kind for kind in ANCHORS if kinds()[kind].alone)
"""The kinds of which one value by itself is worth a finding."""

BIT = np.array([1 << code for code in range(len(KINDS))], dtype=np.uint16)
"""A kind's bit by its code."""

_CONFIRMED = np.array(
    [
        bits(kind for at, kind in enumerate(CONFIRMING) if pattern >> at & 1)
        for pattern in range(1 << len(CONFIRMING))
    ],
    dtype=np.uint16,
)

PAIR = np.zeros((len(KINDS), len(KINDS)), dtype=np.uint16)
"""The bit of two anchor kinds by their codes."""
for _at, (_a, _b) in enumerate(_PAIRS):
    PAIR[CODE[_a], CODE[_b]] = PAIR[CODE[_b], CODE[_a]] = 1 << _at

_SETS = np.arange(1 << len(KINDS), dtype=np.uint16)
_WITHIN = np.zeros(len(_SETS), dtype=np.uint16)
for _at, _pair in enumerate(_PAIRS):
    _WITHIN |= np.where(_SETS & bits(_pair) == bits(_pair), np.uint16(1 << _at), np.uint16(0))


@dataclass(frozen=True, slots=True)
class Seen:
    """What texts show of records: one row for one state of a record, or for a decoy.

    owner, record  number in Lookup.owners (u32), and the record's id (u64)
    table, number  where the lookup holds it (u32, u32)
    anchors        bits of the anchor kinds seen (u16)
    near           bits of the kinds seen near another of the record, confirmations included (u16)
    pairs          bits of the pairs of anchor kinds seen near each other (u16)
    slots          u8, shape (n, 4): per kind of CONFIRMING 0, or 1 + the lowest slot that met
    """

    owner: U32
    record: U64
    table: U32
    number: U32
    anchors: U16
    near: U16
    pairs: U16
    slots: U8

    @classmethod
    def none(cls) -> Self:
        """No record at all."""
        u32, u16 = np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint16)
        slots = np.empty((0, len(CONFIRMING)), dtype=np.uint8)
        return cls(u32, np.empty(0, dtype=np.uint64), u32, u32, u16, u16, u16, slots)

    def __len__(self) -> int:
        return len(self.owner)

    def __add__(self, other: "Seen") -> "Seen":
        names = [column.name for column in fields(self)]
        return Seen(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))

    def take(self, at: Positions | NDArray[np.bool_]) -> "Seen":
        """Some of the rows."""
        return Seen(*(getattr(self, column.name)[at] for column in fields(self)))

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Whether a value was seen that is rare enough by itself."""
        return (self.anchors & ALONE) > 0

    @property
    def certain(self) -> NDArray[np.bool_]:
        """Whether a value was seen that is rare enough by itself, or two anchors near each other."""
        return self.alone | (self.pairs > 0)

    @property
    def shown(self) -> U16:
        """Bits of all kinds seen."""
        return self.anchors | self.near

    def only(self, own: U16) -> "Seen":
        """The same, as if of the anchors only some had been seen: own has their bits for each row."""
        return Seen(
            self.owner,
            self.record,
            self.table,
            self.number,
            self.anchors & own,
            self.near & ~(self.anchors & ~own),
            self.pairs & within(own),
            self.slots,
        )


def confirming_bits(confirmed: U8) -> U16:
    """Per row of `Matches.confirmed` the bits of the kinds that were met."""
    met = np.packbits(confirmed > 0, axis=1, bitorder="little").ravel()
    return _CONFIRMED[met]


def within(masks: U16) -> U16:
    """Per set of kinds the bits of the pairs that lie in it."""
    return _WITHIN[masks]


def count_kinds(masks: U16) -> dict[Kind, int]:
    """In how many of the sets each kind is; kinds that are in none are left out."""
    return {
        kind: count for kind in sorted(KINDS) if (count := int(np.count_nonzero(masks & BIT[CODE[kind]])))
    }


def count_pairs(masks: U16) -> dict[Pair, int]:
    """In how many of the sets of pairs each pair is."""
    counts = {frozenset(pair): int(np.count_nonzero(masks >> at & 1)) for at, pair in enumerate(_PAIRS)}
    return {pair: count for pair, count in counts.items() if count}


def kinds_in(mask: int) -> Iterator[Kind]:
    """The kinds of a set, in the order of their codes."""
    return (kind for code, kind in enumerate(KINDS) if mask >> code & 1)
