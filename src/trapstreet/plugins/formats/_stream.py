"""Bytes on their way through the formats: forward only, metered, and spooled where a parser must seek."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import IO

from trapstreet.core.model.protected import Protected

CHUNK = 1 << 18  # bytes: what stays in a processor's cache until the next step has read it
_LARGE = CHUNK >> 2  # bytes that are passed on as they come: to join them costs more than to handle them
_SMALLEST = 100  # bytes that an honest member takes up in its object


class FormatError(Exception):
    """Some bytes cannot be read; the message says why, on one line and without quoting them."""


class Damaged(FormatError):
    """These bytes cannot be read any further."""


class Refused(FormatError):
    """This format cannot take the bytes apart; the next one that recognises them tries.

    partly  whether plain text shows what is left then
    """

    def __init__(self, why: str, *, partly: bool = False) -> None:
        super().__init__(why)
        self.partly = partly


class LimitHit(FormatError):
    """The object costs more than anybody should spend on it; the message completes "stopped after …"."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one object is taken apart.

    depth     containers in containers
    too_deep  containers nested deeper
    members   members of all its containers together, or one for each 100 bytes of the object if that is more
    ratio     unpacked bytes for each byte of the object, once more than `free` bytes were unpacked
    bombs     how often the ratio may be exceeded: each time the member is left, and what follows it may
              unpack a quarter of `free` more; the last time the object is left
    unpacked  unpacked bytes altogether, at all depths
    spool     bytes of one member that needs a temporary file
    ocr       whether pictures of text are read, at about 2 s a page
    """

    depth: int = 5
    too_deep: int = 100
    members: int = 100_000
    ratio: int = 200
    free: int = 64 << 20
    bombs: int = 3
    unpacked: int = 256 << 30
    spool: int = 4 << 30
    ocr: bool = False


class Budget:
    """What one object has cost so far, and the passwords to try in it.

    size     of the object in bytes, None where only its end will tell
    given    bytes of text that came out of it
    texts    how many texts came out of it
    stopped  whether a limit ended it in a file that stood encoded in a text
    again    has the object read once more for the hash of one of its texts; None where it cannot be
    """

    again: "Callable[[Budget, int, str, int], str] | None" = None

    def __init__(self, limits: Limits, size: int | None, passwords: tuple[Protected[str], ...] = ()) -> None:
        self.limits = limits
        self.passwords = passwords
        self.given = 0
        self.texts = 0
        self.stopped = False
        self._size = size or 0
        self._fetched = 0
        self._unpacked = 0
        self._granted = limits.free
        self._bombs = 0
        self._members = 0
        self._too_deep = 0

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What comes meanwhile would not come again if the object were read again."""
        texts, again, self.again = self.texts, self.again, None
        try:
            yield
        finally:
            self.texts, self.again = texts, again

    def fetch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The object's own bytes, counted."""
        for block in blocks:
            self._fetched += len(block)
            yield block

    def unpack(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """What a decompressor makes of them, counted. Raises Damaged for a bomb, and LimitHit."""
        for block in blocks:
            self._unpacked += len(block)
            if self._unpacked > self.limits.unpacked:
                raise LimitHit(f"{_size(self.limits.unpacked)} unpacked")
            if self._unpacked > max(self._granted, self.limits.ratio * self._seen()):
                raise self._bomb()
            yield block

    def member(self) -> None:
        """Counts one more member. Raises LimitHit."""
        self._members += 1
        if self._members > self.limits.members and self._members > self._seen() // _SMALLEST:
            raise LimitHit(f"{self._members - 1:,} members")

    def too_deep(self) -> None:
        """Counts one more container that is left as it is. Raises LimitHit."""
        self._too_deep += 1
        if self._too_deep > self.limits.too_deep:
            raise LimitHit(f"{self.limits.too_deep} containers nested deeper than {self.limits.depth}")

    def _bomb(self) -> Damaged | LimitHit:
        self._bombs += 1
        self._granted = self._unpacked + self.limits.free // 4
        ratio = self.limits.ratio
        how = f"{_size(self._unpacked)} unpacked, more than {ratio} times the size of the object"
        return LimitHit(how) if self._bombs >= self.limits.bombs else Damaged(f"stopped after {how}")

    def _seen(self) -> int:
        return max(self._size, self._fetched)


class Stream:
    """The bytes of an object or a member.

    An error of the blocks it is made of (FormatError, OSError) comes after everything that was good, and
    again at every further read.
    """

    def __init__(self, blocks: Iterable[bytes], budget: Budget) -> None:
        self.budget = budget
        self._blocks = iter(blocks)
        self._ahead = b""
        self._later = b""  # a block that follows them
        self._at = 0  # of the bytes ahead, those before this were given out
        self._ended = False
        self._error: Exception | None = None
        self._file: IO[bytes] | None = None
        self._size = 0
        self._cut: Exception | None = None  # what ended the bytes that became a file
        self.moved = False  # something was read, or the file was lent

    @classmethod
    def of_file(cls, file: IO[bytes], budget: Budget, size: int | None) -> "Stream":
        """The bytes of an open file; Damaged if there turn out to be fewer than `size`."""
        stream = cls(budget.fetch(_whole(file, size or 0)), budget)
        if size is not None and _can_seek(file):
            stream._file, stream._size = file, size
        return stream

    def peek(self, size: int) -> bytes:
        """Up to `size` of the bytes that `read` will give, fewer only at the end; raises nothing."""
        if len(self._ahead) - self._at < size and not self._ended:
            self._fill(size)
        return self._ahead[self._at : self._at + size]

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        return self._taken(size, size)

    def some(self, size: int) -> bytes:
        """What comes next, at most `size` bytes: as it lies there, unless that is little and little follows;
        b"" at the end."""
        have = len(self._ahead) - self._at
        if 0 < have < min(size, _LARGE) and self._next_is_large():
            return self._taken(min(size, have), 1)
        return self._taken(size, min(size, _LARGE))

    def _next_is_large(self) -> bool:
        """Whether what follows what lies ahead is so long that to join it to that costs more than to handle
        it apart."""
        if not (self._later or self._ended or self._error):
            try:
                later = next(self._blocks, None)
                self._later, self._ended = later or b"", later is None
            except (FormatError, OSError) as error:
                self._error = error
        return len(self._later) >= _LARGE

    def block(self) -> bytes:
        """The next block as it came; b"" if some of it was read, and at the end."""
        if len(self._ahead) == self._at:
            self._fill(1)
        if self._at:
            return b""
        self.moved, self._at = True, len(self._ahead)
        return self._ahead

    def put_back(self, count: int) -> None:
        """Gives back the last `count` of the bytes that the last `read` or `block` gave."""
        self._at -= count

    def part(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in chunks; Damaged if there are fewer."""
        while size:
            chunk = self.some(size)
            if not chunk:
                raise Damaged("the archive ends in the middle of this member")
            size -= len(chunk)
            yield chunk

    def __iter__(self) -> Iterator[bytes]:
        """The rest, in chunks of about 256 KiB."""
        return iter(partial(self.some, CHUNK), b"")

    def file(self) -> IO[bytes]:
        """All the bytes as a file that can seek: the object's own, or a temporary file without a name.

        Of a member that is damaged or too large what came of it: `check` says so, and so does reading it.
        Closed with the stream.
        """
        if self._file is None:
            self._file = spool = tempfile.TemporaryFile(prefix="trapstreet-")  # noqa: SIM115 - closed by close()
            try:
                for chunk in self:
                    if spool.tell() + len(chunk) > self.budget.limits.spool:
                        raise Damaged(
                            f"needs a temporary file of more than {_size(self.budget.limits.spool)}"
                        )
                    spool.write(chunk)
                spool.flush()
            except (Damaged, OSError) as error:
                self._cut = error
        self._file.seek(0)
        self.moved = True
        return self._file

    def check(self) -> None:
        """Raises what ended the bytes before they all were in the file, if something did."""
        if self._cut:
            raise self._cut

    def restart(self) -> None:
        """Goes back to the beginning if a parser moved the file; a stream that never became one goes on."""
        if self._file is not None and self.moved:
            self._file.seek(0)
            self._blocks, self._ended, self._error = self._again(self._file), False, None
            self._ahead, self._later, self._at = b"", b"", 0
            self.moved = False

    def _again(self, file: IO[bytes]) -> Iterator[bytes]:
        yield from _whole(file, self._size)
        self.check()

    def close(self) -> None:
        """Gives the temporary file back."""
        if self._file is not None:
            self._file.close()

    def _taken(self, size: int, least: int) -> bytes:
        self.moved = True
        if len(self._ahead) - self._at < least:
            self._fill(least)
        taken = self._ahead[self._at : self._at + size]
        if size and not taken and self._error:
            raise self._error
        self._at += len(taken)
        return taken

    def _fill(self, size: int) -> None:
        have = len(self._ahead) - self._at
        if have >= size or self._ended or self._error:
            return
        blocks = [self._ahead[self._at :]] if have else []
        later, self._later = self._later, b""
        try:
            for block in chain([later], self._blocks) if later else self._blocks:
                blocks.append(block)
                have += len(block)
                if have >= size:
                    break
            else:
                self._ended = True
        except (FormatError, OSError) as error:
            self._error = error
        self._ahead, self._at = blocks[0] if len(blocks) == 1 else b"".join(blocks), 0


def _can_seek(file: IO[bytes]) -> bool:
    """True for a file of the system: a parser in a child process needs its descriptor."""
    try:
        file.fileno()
    except OSError:
        return False
    return file.seekable()


def _whole(file: IO[bytes], size: int) -> Iterator[bytes]:
    seen = 0
    while block := file.read(CHUNK):
        seen += len(block)
        yield block
    if seen < size:
        raise Damaged(f"it shrank while it was read: {seen:,} of {size:,} bytes")


def _size(count: int) -> str:
    return f"{count >> 30:,} GB" if count >> 33 else f"{count >> 20:,} MB"
