"""What was seen at watched sources, on disk: one file for each source, to which blocks are appended.

A block is what a step of a round has read, and says up to which segment of the index that was searched for.
It is on disk before the registry tells of the step. A block of a step that was never committed does no harm:
an entry counts only if the registry has its object in the same state. docs/adr/0020-remembered.md
"""

import fcntl
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import NORMAL_FORMS
from trapstreet.index.runs import among, ranges
from trapstreet.keys.files import sync_folder
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
_MAGIC, _STAND_AT = b"TSSEEN1\n", 8


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


class Memory:
    """The folder of these files, named by the ids of the sources. Any number of processes may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ends: dict[int, tuple[int, int]] = {}

    def sources(self) -> list[int]:
        """The ids of the sources of which something is remembered."""
        return sorted(int(each.stem) for each in self._folder.glob("*.seen") if each.stem.isdigit())

    def append(self, source: int, entries: Sequence[Entry], *, stand: int, epoch: int) -> None:
        """These objects are remembered; they are on disk when this returns."""
        if not entries:
            return
        content = _packed(entries, stand=stand, epoch=epoch)
        path = self._path(source)
        with self._writing(path) as file:
            known = self._ends.get(source)
            here = os.fstat(file)
            if known != (here.st_ino, here.st_size):
                end = max((each.place.at + _size(each) for each in self.blocks(source)), default=0)
                if end < here.st_size:
                    os.ftruncate(file, end)  # what a killed writer left
            os.lseek(file, 0, os.SEEK_END)
            _write(file, content)
            os.fdatasync(file)
            after = os.fstat(file)
            self._ends[source] = after.st_ino, after.st_size

    def blocks(self, source: int) -> Iterator[Block]:
        """All whole blocks, the oldest first. 20 µs for each; fingerprints are read where they are asked
        for."""
        try:
            with self._path(source).open("rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                content = np.memmap(file, mode="r", dtype=np.uint8)
        except (FileNotFoundError, ValueError):  # an empty file cannot be mapped
            return
        at = 0
        while (block := _block(content, inode, at)) is not None:
            yield block
            at += _size(block)

    def raise_stand(self, source: int, places: Iterable[Place], stand: int) -> None:
        """The blocks at these places were searched for all segments up to this one."""
        with self._writing(self._path(source)) as file:
            inode = os.fstat(file).st_ino
            for place in places:
                if place.file == inode:
                    os.pwrite(file, struct.pack("<I", stand), place.at + _STAND_AT)

    def tidy(self, source: int, living: Mapping[bytes, int]) -> None:
        """Only objects that the registry has, in the state that it has, stay; each once."""
        path = self._path(source)
        with self._writing(path):
            temporary = path.with_suffix(".partial")
            taken: set[bytes] = set()
            kept = [_living(block, living, taken) for block in reversed([*self.blocks(source)])]
            file = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
            try:
                for block, entries in reversed(kept):
                    if entries:
                        _write(file, _packed(entries, stand=block.stand, epoch=block.epoch))
                os.fdatasync(file)
            finally:
                os.close(file)
            temporary.replace(path)
            sync_folder(self._folder)

    def erase(self, fingerprints: U64) -> int:
        """How many places held any of these fingerprints, given ascending: none does any more."""
        erased = 0
        for source in self.sources():
            with self._writing(self._path(source)) as file:
                for block in self.blocks(source):
                    for at in np.flatnonzero(among(block.prints, fingerprints)).tolist():
                        os.pwrite(file, bytes(8), _prints_at(block) + 8 * at)
                        erased += 1
                os.fdatasync(file)
        return erased

    def forget(self, source: int) -> None:
        """Nothing of a source is remembered any more."""
        self._path(source).unlink(missing_ok=True)

    def _path(self, source: int) -> Path:
        return self._folder / f"{source}.seen"

    @contextmanager
    def _writing(self, path: Path) -> Iterator[int]:
        """The file, open, that nobody else writes to; it is made if there is none."""
        while True:
            is_new = not path.exists()
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not _is_still(file, path):
                    continue
                if is_new:
                    sync_folder(self._folder)
                yield file
                return
            finally:
                os.close(file)


def _is_still(file: int, path: Path) -> bool:
    """Whether the file has not been replaced while it was waited for."""
    try:
        return os.fstat(file).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _packed(entries: Sequence[Entry], *, stand: int, epoch: int) -> bytes:
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


def _block(content: NDArray[np.uint8], inode: int, at: int) -> Block | None:
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


def _size(block: Block) -> int:
    return _HEADER.size + block.entries.nbytes + block.prints.nbytes


def _prints_at(block: Block) -> int:
    return block.place.at + _HEADER.size + block.entries.nbytes


def _living(block: Block, living: Mapping[bytes, int], taken: set[bytes]) -> tuple[Block, list[Entry]]:
    """What stays of a block, read from the newest to the oldest."""
    kept: list[Entry] = []
    if not block.current:
        return block, kept
    for entry in block.entries[::-1]:
        key, state = entry["key"].tobytes(), int(entry["state"])
        if living.get(key) == state and key not in taken:
            taken.add(key)
            bounds = int(entry["first"]) + np.cumsum([0, *entry["counts"].tolist()])
            parts = tuple(block.prints[a:b] for a, b in pairwise(bounds.tolist()))
            kept.append(Entry(key, state, Values(parts, int(entry["cut"]))))
    return block, kept


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
