"""Cheap before dear: of a large object pieces are read, and all of it only where they show something."""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import BinaryIO, cast

from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import Source
from trapstreet.plugins.formats import is_plain

_PIECES = 16
"""Pieces of a sample: half of it is the beginning, the others are spread evenly behind."""
_APART = b"\n" * 512
"""Between two pieces: nothing in the one is near anything in the other."""
_HEAD = 4096


class Sampling:
    """A source of whose large objects a sample is opened, as if that were all there is.

    most  bytes of the sample: objects of no more are opened whole, and so are those of formats that cannot be
          read in pieces: archives, documents
    """

    def __init__(self, source: Source, most: int) -> None:
        self._source, self._most = source, most
        self._sampled: dict[str, Ref] = {}
        self._whole: set[str] = set()

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        return self._source.list(cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        large = None if start or end is not None else self._sampled.get(ref.path)
        if large is None:
            return self._source.open(ref, start, end)
        return cast(BinaryIO, _Pieces(self._source, large, _ranges(large.size or 0, self._most)))

    def close(self) -> None:
        self._source.close()

    def sampled(self, ref: Ref) -> Ref:
        """The object as it is to be opened: without a size where it will be by a sample. Looks at its first
        bytes."""
        if ref.size is None or ref.size <= self._most or ref.path in self._whole:
            return ref
        try:
            with closing(self._source.open(ref, 0, _HEAD)) as file:
                plain = is_plain(file.read(_HEAD))
        except OSError:  # whoever opens it will hear of it
            return ref
        if not plain:
            return ref
        self._sampled[ref.path] = ref
        return replace(ref, size=None)

    def is_sample(self, ref: Ref) -> bool:
        """Whether only a sample of an object was opened."""
        return ref.path in self._sampled

    def open_whole(self, ref: Ref) -> None:
        """From now on all of this object is opened."""
        self._whole.add(ref.path)
        self._sampled.pop(ref.path, None)


def _ranges(size: int, most: int) -> list[tuple[int, int]]:
    """Where the pieces begin and end."""
    head = most // 2
    piece = (most - head) // (_PIECES - 1)
    gap = (size - head) // (_PIECES - 1)
    ends = [head + gap * number for number in range(1, _PIECES)]
    return [(0, head), *((end - piece, end) for end in ends)]


class _Pieces(io.RawIOBase):
    """The pieces of an object one after the other, each fetched when the one before is read."""

    def __init__(self, source: Source, ref: Ref, ranges: Sequence[tuple[int, int]]) -> None:
        self._source, self._ref, self._left = source, ref, list(ranges)
        self._file: BinaryIO | None = None

    def read(self, size: int = -1) -> bytes:
        while self._file or self._left:
            if self._file is None:
                self._file = self._source.open(self._ref, *self._left.pop(0))
            if block := self._file.read(size):
                return block
            self._file.close()
            self._file = None
            if self._left:
                return _APART if size < 0 else _APART[:size]
        return b""

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()
