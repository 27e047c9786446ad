"""Logs as they lie on disk, rotated and packed."""

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard
from isal import isal_zlib

DAMAGED = (EOFError, zlib.error, cast(type[Exception], isal_zlib.IsalError), zstandard.ZstdError)
"""What a packed file raises, behind all that can be read of it, where it ends too early or is broken."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_GZIP_HEADER = 31
"""For zlib: the format is gzip's."""
_CHUNK = 1 << 16
_BUFFER = 1 << 20


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """The text of a log, out of gzip or zstd where it is packed. Raises OSError."""
    with path.open("rb", buffering=_BUFFER) as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(_GZIP):
            raw = _Unpacked(file, lambda: isal_zlib.decompressobj(_GZIP_HEADER))
        elif magic == _ZSTD:
            raw = _Unpacked(file, zstandard.ZstdDecompressor().decompressobj)
        else:
            yield file
            return
        yield cast(BinaryIO, io.BufferedReader(raw, _CHUNK))


class _Unpacked(io.RawIOBase):
    """Streams packed one behind the other, unpacked a chunk at a time."""

    def __init__(self, file: BinaryIO, start: Callable[[], Any]) -> None:
        self._file, self._start = file, start
        self._stream = start()
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            rest = self._stream.unused_data if self._stream.eof else b""
            data = rest or self._file.read(_CHUNK)
            if not data:
                if not self._stream.eof:
                    raise EOFError
                return 0
            if self._stream.eof:
                self._stream = self._start()
            self._left = memoryview(self._stream.decompress(data))
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
