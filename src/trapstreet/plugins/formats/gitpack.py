"""Git's packs: every commit, tag and file of every state in them, at the id that Git knows it by.

Folders hold nothing but names and are passed over. An object is kept whole or as its difference from another
one (a delta). Those whose base is not in the pack, as in packs that go from machine to machine, are listed.

A long text that is a difference comes as what its base does not have, with what stands around it: a table of
20,000 rows that was changed 300 times would be read 300 times otherwise.

Format: gitformat-pack(5), version 2. Ids are SHA-1: those of a repository of SHA-256 are told wrong.
"""

import hashlib
from array import array
from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _formats
from trapstreet.plugins.formats import text as any_text
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._git import NAMES, OID, TREE, WHOLE, Deltas, Entry, Made, Pack, oid_of
from trapstreet.plugins.formats._stream import Budget, Damaged, Stream
from trapstreet.plugins.formats.text import mended

title = "Git pack"
rank = 25
container = True
begins = b"P"

_MAGIC = (b"PACK\0\0\0\2", b"PACK\0\0\0\3")
_LONG = 1 << 15
_HELD = 256 << 20  # bytes of bases that wait for their deltas


def recognises(data: Stream) -> bool:
    return data.peek(8) in _MAGIC


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    walk = _Walk(data, path)
    yield from walk.whole_ones()
    yield from walk.made_ones()


class _Walk:
    """Whole objects come in a first pass, which notes where the deltas lie; what those make in a second.

    Memory: 16 bytes a delta, 28 for any other object, and the bases at hand.
    """

    def __init__(self, data: Stream, path: str) -> None:
        self._data = data
        self._path = path
        self._pack = Pack(data.file(), data.budget)
        self._roots, self._ids = array("Q"), bytearray()
        self._deltas = Deltas()

    def whole_ones(self) -> Iterator[Text | Member | Unread]:
        """Everything that is no delta; ends where the pack is damaged."""
        count = self._pack.count()
        for number in range(count):
            at = self._pack.end
            try:
                entry = self._pack.entry(at)
                if entry.kind in NAMES:
                    yield from self._root(at, entry)
                else:
                    for _ in self._pack.blocks(entry):
                        pass
                    self._deltas.add(at, entry.base)
            except Damaged as error:
                yield Unread(self._path, f"{error}: {count - number:,} of {count:,} objects were not read")
                break
        self._deltas.sort()

    def _root(self, at: int, entry: Entry) -> Iterator[Member]:
        """Notes an object that is whole, and gives it out unless it is a folder."""
        digest = hashlib.sha1(b"%s %d\0" % (NAMES[entry.kind], entry.size), usedforsecurity=False)
        kept, size = [], 0
        for block in self._pack.blocks(entry):
            digest.update(block)
            size += len(block)
            if size <= WHOLE:
                kept.append(block)
        following = self._pack.end
        self._roots.append(at)
        self._ids += digest.digest()
        if entry.kind != TREE:
            content = iter(kept) if size <= WHOLE else self._pack.blocks(entry)
            yield Member(f"{self._path}!/{digest.hexdigest()}", Stream(content, self._data.budget))
        self._pack.end = following

    def made_ones(self) -> Iterator[Text | Member | Unread]:
        """What the deltas make; folders are only made where somebody may name one by its id as his base."""
        for number, root in enumerate(self._roots):
            deltas = self._deltas.of(root, bytes(self._ids[number * OID : number * OID + OID]))
            if not deltas:
                continue
            entry = self._pack.entry(root)
            if entry.kind == TREE and not self._deltas.by_id:
                continue
            try:
                base = self._pack.whole(entry)
            except Damaged as error:
                yield Unread(
                    self._path, f"{error}: {len(deltas):,} objects that are made from it were not read"
                )
            else:
                yield from self._made(entry.kind, base, deltas)
        if missing := self._deltas.by_id + self._deltas.astray(self._roots):
            yield Unread(
                self._path, f"{missing:,} objects are the differences from others that are not in this pack"
            )

    def _made(self, kind: int, base: bytes, deltas: list[int]) -> Iterator[Text | Member | Unread]:
        """The descendants of one object, a branch at a time; a base is let go with its last delta."""
        waiting, held = [(base, deltas)], len(base)
        while waiting:
            base, deltas = waiting[-1]
            place = deltas.pop()
            if not deltas:
                waiting.pop()
                held -= len(base)
            try:
                made = self._pack.made(base, self._pack.entry(place))
            except Damaged as error:
                yield Unread(self._path, f"{error} (the object at byte {place:,})")
                continue
            oid = oid_of(kind, made.content)
            if kind != TREE:
                yield self._told(made, f"{self._path}!/{oid.hex()}")
            more = self._deltas.of(place, oid)
            if more and held + len(made.content) > _HELD:
                yield Unread(self._path, f"{len(more):,} objects need too much memory")
            elif more:
                waiting.append((made.content, more))
                held += len(made.content)

    def _told(self, made: Made, path: str) -> Text | Member:
        """Of a long text only what its base does not have; of anything else, all."""
        budget = self._data.budget
        if len(made.content) < _LONG or b"\0" in made.content or not is_plain(made.content, budget):
            return Member(path, Stream(budget.unpack([made.content]), budget))
        digest = LateHash()
        digest.update(made.content)
        return Text(path, (mended(stretch) + b"\n" for stretch in made.changed()), digest)


def is_plain(content: bytes, budget: Budget) -> bool:
    """True for what no format recognises but that of plain text."""
    stream = Stream([content], budget)
    return next(kind for kind in _formats() if kind.recognises(stream)).rank == any_text.rank
