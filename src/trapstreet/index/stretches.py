"""A text in stretches: pieces of one size, each with some of what stands before and behind it."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MARGIN = 1024
"""Context on both sides of a stretch: more than the longest candidate and the widest confirmation."""


class Stretch(NamedTuple):
    """text[first:last) is looked at, the rest is context; offset is the place of text[0] in the whole."""

    text: bytes
    first: int
    last: int
    offset: int


def stretches(chunks: Iterable[bytes], size: int) -> Iterator[Stretch]:
    """Stretches that cover a text once; all but the last have `size` bytes to be looked at.

    How the text was cut into chunks makes no difference. Every byte is copied once.
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
        self._pieces: deque[memoryview] = deque()
        self.size = 0
        self.offset = 0

    def add(self, chunk: bytes) -> None:
        self._pieces.append(memoryview(chunk))
        self.size += len(chunk)

    def head(self, size: int) -> bytes:
        parts, missing = [], size
        for piece in self._pieces:
            parts.append(piece[:missing])
            missing -= len(parts[-1])
            if not missing:
                break
        return b"".join(parts)

    def drop(self, size: int) -> None:
        self.size -= size
        self.offset += size
        while size and len(self._pieces[0]) <= size:
            size -= len(self._pieces.popleft())
        if size:
            self._pieces[0] = self._pieces[0][size:]
