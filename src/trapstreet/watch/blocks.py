"""Blocks of what was seen at watched sources, as they lie in a file. docs/adr/0020-remembered.md"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import NORMAL_FORMS
from trapstreet.index.runs import ranges
from trapstreet.watch.domain.anything import KINDS, Values

U64 = NDArray[np.uint64]

ENTRY = np.dtype(
    [
        ("key", "V16"),
        ("state", "<i8"),
        ("first", "<u4"),
        ("counts", "<u2", len(KINDS)),
        ("cut", "<u2"),
        ("unused", "V6"),
    ]
)
"""An object: key and state as in the registry, where in the block its fingerprints begin, and how many of
each kind there are."""

_HEADER = struct.Struct("<8sIHHII8s")
"""Magic, stand, epoch, normal forms, objects, fingerprints, checksum of all but stand and fingerprints."""
_MAGIC = b"TSSEEN1\n"
STAND_AT = 8
"""The byte of a block at which its stand begins."""


class Entry(NamedTuple):
    """An object that was read, in the state in which the registry has it."""

    key: bytes
    state: int
    values: Values


class Place(NamedTuple):
    """Where a block lies: the inode of its file, which is replaced when it is tidied, and the byte."""

    file: int
    at: int


@dataclass(frozen=True, slots=True)
class Block:
    """What a step has read.

    stand    number of the last segment that was searched for
    entries  of type ENTRY;  prints  the fingerprints, mapped
    """

    place: Place
    stand: int
    epoch: int
    normal_forms: int
    entries: NDArray[Any]
    prints: U64

    @property
    def current(self) -> bool:
        """Whether its fingerprints are those of today's normal forms."""
        return self.normal_forms == NORMAL_FORMS

    def objects(self) -> tuple[U64, NDArray[np.uint16]]:
        """The fingerprints of one object after the other, and how many of each kind each has."""
        counts: NDArray[np.uint16] = self.entries["counts"]
        totals = counts.sum(axis=1, dtype=np.intp)
        if totals.sum() == len(self.prints):
            return self.prints, counts
        return self.prints[ranges(self.entries["first"].astype(np.intp), totals)[1]], counts

    @property
    def size(self) -> int:
        """Its bytes in the file."""
        return _HEADER.size + self.entries.nbytes + self.prints.nbytes

    @property
    def prints_at(self) -> int:
        """The byte of the file at which its fingerprints begin."""
        return self.place.at + _HEADER.size + self.entries.nbytes


def packed(entries: Sequence[Entry], *, stand: int, epoch: int) -> bytes:
    """A block. Objects with the same values share their fingerprints."""
    table = np.zeros(len(entries), dtype=ENTRY)
    places: dict[bytes, int] = {}
    parts: list[bytes] = []
    count = 0
    for at, (key, state, values) in enumerate(entries):
        prints = np.concatenate(values.prints).astype("<u8").tobytes()
        counts = [len(each) for each in values.prints]
        if prints not in places:
            places[prints] = count
            parts.append(prints)
            count += len(prints) // 8
        table[at] = (key, state, places[prints], counts, values.cut, b"")
    body = table.tobytes()
    checksum = _checksum(epoch, NORMAL_FORMS, len(entries), count, body)
    header = _HEADER.pack(_MAGIC, stand, epoch, NORMAL_FORMS, len(entries), count, checksum)
    return b"".join([header, body, *parts])


def block_at(content: NDArray[np.uint8], inode: int, at: int) -> Block | None:
    """The block that begins there; None where there is no whole one."""
    if at + _HEADER.size > len(content):
        return None
    entries = at + _HEADER.size
    header = content[at:entries].tobytes()
    magic, stand, epoch, forms, objects, count, checksum = _HEADER.unpack(header)
    prints = entries + objects * ENTRY.itemsize
    end = prints + 8 * count
    if magic != _MAGIC or end > len(content):
        return None
    body = content[entries:prints]
    if checksum != _checksum(epoch, forms, objects, count, body.tobytes()):
        return None
    whole = np.frombuffer(content, dtype="<u8", count=count, offset=prints)
    return Block(Place(inode, at), stand, epoch, forms, body.view(ENTRY), whole)


def _checksum(epoch: int, forms: int, objects: int, count: int, body: bytes) -> bytes:
    return blake2b(struct.pack("<HHII", epoch, forms, objects, count) + body, digest_size=8).digest()
