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
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trapstreet.index.runs import among
from trapstreet.keys.files import sync_folder
from trapstreet.watch.blocks import STAND_AT, Block, Entry, Place, block_at, packed
from trapstreet.watch.domain.anything import Values

U64 = NDArray[np.uint64]


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
        content = packed(entries, stand=stand, epoch=epoch)
        path = self._path(source)
        with self._writing(path) as file:
            known = self._ends.get(source)
            here = os.fstat(file)
            if known != (here.st_ino, here.st_size):
                end = max((each.place.at + each.size for each in self.blocks(source)), default=0)
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
        while (block := block_at(content, inode, at)) is not None:
            yield block
            at += block.size

    def raise_stand(self, source: int, places: Iterable[Place], stand: int) -> None:
        """The blocks at these places were searched for all segments up to this one."""
        with self._writing(self._path(source)) as file:
            inode = os.fstat(file).st_ino
            for place in places:
                if place.file == inode:
                    os.pwrite(file, struct.pack("<I", stand), place.at + STAND_AT)

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
                        _write(file, packed(entries, stand=block.stand, epoch=block.epoch))
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
                        os.pwrite(file, bytes(8), block.prints_at + 8 * at)
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
