"""The lines of a log, with how far they were taken."""

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from trapstreet.plugins.accesslogs._unpacked import DAMAGED

LONGEST = 1 << 24
"""Bytes of one line: no statement is longer."""

_CHUNK = 1 << 20


class Lines(Iterator[str]):
    """The lines of a file, as text.

    number   of the line that was taken last, from 1
    settled  the place behind all that was taken whole: a later run goes on there
    held     how many lines were settled since `hold`, and wait for `release`
    size     bytes of the line that was taken last
    errors   what bytes become that are no UTF-8: "replace", U+FFFD; "surrogateescape", what they are in paths
    A last line without its end is not given: it may still be written. `torn` says that there was one,
    `damaged` that what the file is packed in broke off, `at_end` that nothing more comes, `waiting` how many
    whole lines at the end are left to the next run.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.errors = "replace"
        self._place = self._settled_number = 0
        self.settled = self.number = 0
        self._waiting: list[tuple[str, int]] = []
        self._taken: list[tuple[str, int]] = []
        self._raw: deque[bytes] = deque()
        self._hash = hashlib.sha256()
        self._held: list[int] = []
        self._holds = False
        self.torn = self.damaged = self.at_end = False
        self.waiting = 0

    def pass_over(self, size: int, number: int) -> str:
        """Go on behind the first `size` bytes, which are `number` lines; their SHA-256. Where the file is
        shorter, nothing more comes."""
        left = size
        try:
            while left and (chunk := self._stream.read(min(left, _CHUNK))):
                self._hash.update(chunk)
                left -= len(chunk)
        except DAMAGED:
            self.damaged = True
        self.settled = self._place = size - left
        self.number = self._settled_number = number
        return self.digest

    @property
    def digest(self) -> str:
        """SHA-256 of all that is settled, in hexadecimal."""
        return self._hash.hexdigest()

    def __next__(self) -> str:
        if self._waiting:
            line, size = self._waiting.pop()
        else:
            try:
                raw = self._stream.readline(LONGEST)
            except DAMAGED:
                self.damaged = self.at_end = True
                raise StopIteration from None
            size = len(raw)
            if raw[-1:] != b"\n" and size < LONGEST:
                self.torn, self.at_end = bool(raw), True
                raise StopIteration
            line = raw.decode("utf-8", self.errors)
            self._raw.append(raw)
        self._taken.append((line, size))
        self._place += size
        self.number += 1
        return line

    @property
    def size(self) -> int:
        return self._taken[-1][1]

    @property
    def first(self) -> int:
        """The number of the first line that is not settled."""
        return self._settled_number + 1

    @property
    def unsettled(self) -> list[str]:
        """The lines that were taken and are not settled."""
        return [line for line, _ in self._taken]

    def settle(self) -> None:
        """All that was taken is done with."""
        if self._holds:
            self._held += [size for _, size in self._taken]
        elif len(self._taken) == 1:
            self._hash.update(self._raw.popleft())
        else:
            self._hash.update(b"".join([self._raw.popleft() for _ in self._taken]))
        self._taken.clear()
        self.settled, self._settled_number = self._place, self.number

    @property
    def held(self) -> int:
        return len(self._held)

    def hold(self) -> None:
        """What is settled from now on is so for good only when it is released."""
        self._holds = True

    def release(self, before: int | None = None) -> None:
        """What is held is settled for good; at the end perhaps only the lines before a number, and the next
        run begins with that one."""
        count = len(self._held)
        if before is not None:
            count -= self._settled_number + 1 - before
        for _ in range(count):
            self._hash.update(self._raw.popleft())
        self.waiting = len(self._held) - count
        self.settled -= sum(self._held[count:])
        self._settled_number -= self.waiting
        self._held.clear()
        self._holds = False

    def give_back(self, keep: int) -> None:
        """All but the first `keep` lines that are not settled will be given once more."""
        back = self._taken[keep:]
        del self._taken[keep:]
        for line, size in reversed(back):
            self._waiting.append((line, size))
            self._place -= size
            self.number -= 1
