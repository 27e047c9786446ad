"""How far the reading of sources has come: bytes as they lie there, packed or not, of how many."""

import io
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import BinaryIO, cast

from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.core.ports import Progress
from trapstreet.plugins.sources import objects


def told(
    found: Iterable[SourceObject | Unread], locations: Sequence[str], progress: Progress
) -> Iterator[SourceObject | Unread]:
    """The objects found at the locations; while each is read, progress is told of all bytes so far.

    An object is taken for read when the next is asked for, whatever its reader left. The total is known once
    a thread has looked at all sizes.
    """
    total = Total(locations)
    before = 0
    try:
        for each in found:
            if isinstance(each, Unread):
                yield each
                continue
            meter = _Meter(each, partial(_tell, progress, total, before))
            yield replace(each, open=meter.open)
            before += meter.done if each.size is None else each.size
    finally:
        total.stop()


def _tell(progress: Progress, total: "Total", before: int, done: int) -> None:
    done += before
    progress(done, None if total.known is None else max(total.known, done))


class Total:
    """The bytes of all objects, once they are known; those of a server, and of a listing that cannot be gone
    through, never are."""

    def __init__(self, locations: Sequence[str]) -> None:
        self.known: int | None = None
        self._stopped = False
        threading.Thread(target=self._add_up, args=(locations,), daemon=True).start()

    def stop(self) -> None:
        """Nobody wants to know any more."""
        self._stopped = True

    @classmethod
    @contextmanager
    def of(cls, locations: Sequence[str]) -> "Iterator[Total]":
        """The same, until the context ends."""
        total = cls(locations)
        try:
            yield total
        finally:
            total.stop()

    def _add_up(self, locations: Sequence[str]) -> None:
        if any("://" in location for location in locations):  # no server is asked twice for everything
            return
        size = 0
        try:
            for each in (each for location in locations for each in objects(location)):
                if self._stopped:
                    return
                if isinstance(each, SourceObject):
                    if each.size is None:
                        return
                    size += each.size
        except TrapstreetError:  # said by the reader, which comes here too
            return
        self.known = size


class _Meter:
    """Counts what is read of one object, to its size at most: some formats read parts of a file twice."""

    def __init__(self, obj: SourceObject, tell: Callable[[int], None]) -> None:
        self._object = obj
        self._tell = tell
        self.done = 0

    def open(self) -> BinaryIO:
        return cast(BinaryIO, _Metered(self._object.open(), self._add))

    def _add(self, count: int) -> None:
        done = self.done + count
        self.done = done if self._object.size is None else min(done, self._object.size)
        self._tell(self.done)


class _Metered(io.RawIOBase):
    """An open file that says how much each reading of it gave."""

    def __init__(self, file: BinaryIO, read: Callable[[int], None]) -> None:
        self._file = file
        self._was_read = read

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._was_read(len(block))
        return block

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def seekable(self) -> bool:
        return self._file.seekable()

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()
