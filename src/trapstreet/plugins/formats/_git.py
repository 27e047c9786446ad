"""Git's objects as they lie in a pack: whole, or as the difference from another one (a delta).

Format: gitformat-pack(5).
"""

import hashlib
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from trapstreet.plugins.formats._stream import CHUNK, Budget, Damaged

TREE = 2
NAMES = {1: b"commit", TREE: b"tree", 3: b"blob", 4: b"tag"}
WHOLE = 64 << 20
"""Bytes of an object that is the base of a delta, or is made by one: both lie in memory."""

OID = 20
HEADER = 12

_PLACE, _ID = 6, 7
_FIRST, _READ = 1 << 12, 1 << 16
_COPIED = 8  # bytes that are copied in the time in which one is unpacked and searched, at least
_AROUND = 1000  # bytes on both sides of an edge: more than lie between the fields of a record
_ENTRY = 64  # bytes: more than the head of an entry needs


@dataclass(frozen=True, slots=True)
class Entry:
    """An object in a pack.

    kind  one of NAMES; of a delta that of its base is meant, and this is something else
    base  of a delta: where its base begins, or the base's id; 0 if it is none
    body  where its packed bytes begin
    """

    kind: int
    size: int
    base: int | bytes
    body: int


class Pack:
    """The entries of a pack, read by where they begin."""

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        self._file = file
        self._budget = budget
        self.end = HEADER

    def count(self) -> int:
        """How many entries the pack says that it has."""
        return int.from_bytes(self._bytes(8, 4))

    def entry(self, at: int) -> Entry:
        """The entry that begins there. Raises Damaged if there is none."""
        head = self._bytes(at, _ENTRY)
        try:
            first, size, end = head[0], head[0] & 15, 1
            if first & 0x80:
                more, end = _number(head, 1)
                size |= more << 4
            kind, base = first >> 4 & 7, 0
            if kind == _PLACE:
                distance, end = _distance(head, end)
                if not 0 < distance < at:
                    raise Damaged(_BROKEN)
                return Entry(kind, size, at - distance, at + end)
            if kind == _ID:
                return Entry(kind, size, head[end : end + OID], at + end + OID)
        except IndexError as error:
            raise Damaged(_BROKEN) from error
        if kind not in NAMES:
            raise Damaged(_BROKEN)
        return Entry(kind, size, base, at + end)

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """The entry's bytes in pieces; `end` is then where the next entry begins."""
        inflater, at, packed = zlib.decompressobj(), entry.body, b""
        while not inflater.eof:
            if not packed:
                packed = self._bytes(at, _READ if at > entry.body else _FIRST)
                at += len(packed)
                if not packed:
                    raise Damaged("the Git pack ends in the middle of an object")
            try:
                unpacked = inflater.decompress(packed, CHUNK)
            except zlib.error as error:
                raise Damaged(_BROKEN) from error
            packed = inflater.unconsumed_tail
            yield from self._budget.unpack([unpacked])
        self.end = at - len(inflater.unused_data)

    def whole(self, entry: Entry) -> bytes:
        """The entry's bytes. Raises Damaged if they are too many to be held."""
        if entry.size > WHOLE:
            raise Damaged(f"needs an object of more than {WHOLE >> 20} MB in memory")
        return b"".join(self.blocks(entry))

    def made(self, base: bytes, entry: Entry) -> "Made":
        """What the delta makes of its base. It counts as a part of its size: it is copied, not unpacked."""
        made = _applied(base, self.whole(entry))
        for _ in self._budget.unpack([made.content[: len(made.content) // _COPIED]]):
            pass
        return made

    def _bytes(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size)


class Deltas:
    """Where deltas lie, by their bases. 16 bytes each; some 200 for one that names its base by its id."""

    def __init__(self) -> None:
        self._bases, self._places = array("Q"), array("Q")
        self._by_id: dict[bytes, list[int]] = defaultdict(list)

    def add(self, place: int, base: int | bytes) -> None:
        if isinstance(base, bytes):
            self._by_id[base].append(place)
        else:
            self._bases.append(base)
            self._places.append(place)

    def sort(self) -> None:
        """Once all are there, and before they are asked for."""
        import numpy as np

        bases, places = (np.array(each, dtype=np.uint64) for each in (self._bases, self._places))
        order = np.argsort(bases, kind="stable")
        self._bases, self._places = array("Q", bases[order].tobytes()), array("Q", places[order].tobytes())

    def astray(self, roots: "array[int]") -> int:
        """How many name as their base a place where no object begins."""
        import numpy as np

        bases, places = (np.array(each, dtype=np.uint64) for each in (self._bases, self._places))
        begun = np.concatenate([np.array(roots, dtype=np.uint64), places])
        return int(np.isin(bases, begun, invert=True).sum())

    def of(self, place: int, oid: bytes) -> list[int]:
        """The deltas of one object; those that name it by its id are told once."""
        first, last = bisect_left(self._bases, place), bisect_right(self._bases, place)
        return [*self._places[first:last], *self._by_id.pop(oid, ())]

    @property
    def by_id(self) -> int:
        """How many are left of those that name their bases by id."""
        return sum(map(len, self._by_id.values()))


def oid_of(kind: int, content: bytes) -> bytes:
    """What Git calls an object."""
    return hashlib.sha1(b"%s %d\0" % (NAMES[kind], len(content)) + content, usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True)
class Made:
    """An object that a delta made.

    edges  where something begins that did not follow in the base what stands before it; of many that stand
           near each other the first and the last
    """

    content: bytes
    edges: list[int]

    def changed(self) -> Iterator[bytes]:
        """The stretches that are not in the base, with what stands around them."""
        begin = end = 0
        for edge in self.edges:
            if edge - _AROUND > end:
                yield self._stretch(begin, end)
                begin = edge - _AROUND
            end = edge + _AROUND
        yield self._stretch(begin, end)

    def _stretch(self, begin: int, end: int) -> bytes:
        while begin and self.content[begin] & 0xC0 == 0x80:  # the rest of a character
            begin -= 1
        return self.content[begin:end]


def _applied(base: bytes, delta: bytes) -> Made:
    made, edges = bytearray(), list[int]()
    at, followed = 0, -1
    try:
        source, at = _number(delta, at)
        target, at = _number(delta, at)
        if source != len(base) or target > WHOLE:
            raise Damaged(_BROKEN)
        while at < len(delta):
            start = -1
            if delta[at] & 0x80:
                start, piece, at = _copied(base, delta, at)
            else:
                piece, at = _inserted(delta, at)
            if start < 0 or start != followed:
                if (
                    len(edges) > 1 and len(made) - edges[-2] <= _AROUND
                ):  # the one between them changes nothing
                    edges.pop()
                edges.append(len(made))
            followed = start + len(piece) if start >= 0 else -1
            made += piece
            if len(made) > target or not piece:
                raise Damaged(_BROKEN)
    except IndexError as error:
        raise Damaged(_BROKEN) from error
    if len(made) != target:
        raise Damaged(_BROKEN)
    return Made(bytes(made), edges)


def _copied(base: bytes, delta: bytes, at: int) -> tuple[int, bytes, int]:
    bits, at = delta[at], at + 1
    values = 0
    for place in range(7):
        if bits >> place & 1:
            values |= delta[at] << 8 * place
            at += 1
    start, size = values & 0xFFFFFFFF, values >> 32 or 1 << 16
    return start, base[start : start + size], at


def _inserted(delta: bytes, at: int) -> tuple[bytes, int]:
    return delta[at + 1 : at + 1 + delta[at]], at + 1 + delta[at]


def _number(raw: bytes, at: int) -> tuple[int, int]:
    """Seven bits a byte, the lowest first; and where what follows begins."""
    value = shift = 0
    while shift < 64:
        byte, at = raw[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Damaged(_BROKEN)


def _distance(raw: bytes, at: int) -> tuple[int, int]:
    """Seven bits a byte, the highest first, each further byte counting one more."""
    value = raw[at] & 0x7F
    while raw[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | raw[at] & 0x7F
    return value, at + 1


_BROKEN = "the Git pack is damaged"
