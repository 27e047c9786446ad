"""A text in stretches: pieces of one size, each with some of what stands before and behind it."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

MARGIN = 1024
"""Context on both sides of a stretch: more than the longest candidate and the widest confirmation."""


class Stretch(NamedTuple):
    """text[first:last) is looked at, the rest is context; offset is the place of text[0] in the whole.

    parts  the text, as parts of the chunks that it came in
    """

    parts: tuple[memoryview, ...]
    first: int
    last: int
    offset: int

    @property
    def size(self) -> int:
        """Bytes that are looked at."""
        return self.last - self.first

    def text(self) -> memoryview:
        """The text in one piece; where it is in several, copied without Python's lock."""
        if len(self.parts) < 2:
            return self.parts[0] if self.parts else memoryview(b"")
        whole = np.empty(sum(map(len, self.parts)), dtype=np.uint8)
        at = 0
        for part in self.parts:
            whole[at : at + len(part)] = np.frombuffer(part, dtype=np.uint8)
            at += len(part)
        return whole.data


def stretches(chunks: Iterable[bytes], size: int) -> Iterator[Stretch]:
    """Stretches that cover a text once; all but the last have `size` bytes to be looked at.

    How the text was cut into chunks makes no difference.
    """
    held = _Held()
    first = 0  # bytes of what is held that have been looked at
    for chunk in chunks:
        held.add(chunk)
        while held.size >= first + size + MARGIN:
            last = first + size
            yield Stretch(held.head(last + MARGIN), first, last, held.offset)
            held.drop(max(0, last - MARGIN))
            first = min(last, MARGIN)
    yield Stretch(held.head(held.size), first, held.size, held.offset)


class _Held:
    """The part of a text that is still needed; `offset` is where it begins in the whole."""

    def __init__(self) -> None:
        self._parts: deque[memoryview] = deque()
        self.size = 0
        self.offset = 0

    def add(self, chunk: bytes) -> None:
        if chunk:
            self._parts.append(memoryview(chunk))
            self.size += len(chunk)

    def head(self, size: int) -> tuple[memoryview, ...]:
        parts = []
        for part in self._parts:
            parts.append(part[:size])
            size -= len(parts[-1])
            if not size:
                break
        return tuple(parts)

    def drop(self, size: int) -> None:
        self.size -= size
        self.offset += size
        while size and len(self._parts[0]) <= size:
            size -= len(self._parts.popleft())
        if size:
            self._parts[0] = self._parts[0][size:]
