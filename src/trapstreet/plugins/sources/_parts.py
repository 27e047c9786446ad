"""Parts of objects, and bytes that come in blocks, as files to read."""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

_STEP = 1 << 20


def part(file: BinaryIO, start: int, end: int | None) -> BinaryIO:
    """The bytes [start, end) of an open file, which is closed with it; what comes before is passed over."""
    if not start and end is None:
        return file
    size = None if end is None else max(0, end - start)
    if file.seekable():
        file.seek(start)
    else:
        while start > 0 and (passed := file.read(min(start, _STEP))):
            start -= len(passed)
    return file if size is None else cast(BinaryIO, _First(file, size))


class _First(io.RawIOBase):
    """The first bytes of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()
        super().close()


class Blocks(io.RawIOBase):
    """Blocks, as a file that is read once. What they raise, reading raises.

    size   bytes that were promised; where fewer come, OSError after the last of them
    close  called when it is closed
    """

    def __init__(
        self, blocks: Iterator[bytes], *, size: int | None = None, close: Callable[[], object] = lambda: None
    ) -> None:
        self._blocks, self._size, self._close = blocks, size, close
        self._ahead, self._came = b"", 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes, one block's at once; all that is left for a negative size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_STEP), b""))
        while not self._ahead:
            block = next(self._blocks, None)
            if block is None:
                if self._size is not None and self._came < self._size:
                    raise OSError(f"ended after {self._came:,} of {self._size:,} bytes")
                return b""
            self._ahead, self._came = block, self._came + len(block)
        given, self._ahead = self._ahead[:size], self._ahead[size:]
        return given

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()
