"""Zstandard, of one frame or many.

The library reads on behind the end of a frame. So it is given whole blocks, as many as there are.

Format: RFC 8878, section 3.1.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import IO, cast

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats import _packed as packed
from trapstreet.plugins.formats._stream import CHUNK, Damaged, FormatError, Stream

title = "Zstandard file"
rank = 20
container = True
begins = b"\x28" + bytes(range(0x50, 0x60))

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
_HEADER = 18
_LONGEST = 1 << 20  # bytes of what is skipped at the beginning
_RLE = 1
_WINDOW = 128 << 20
"""Bytes of the past that a frame may refer to: what `zstd --ultra -22` asks for; a header can say 2 GB."""


def recognises(data: Stream) -> bool:
    head = data.peek(8)
    if _is_skippable(head):
        size = int.from_bytes(head[4:], "little")
        return size <= _LONGEST and data.peek(8 + size + 4)[8 + size :] == _MAGIC
    return head[:4] == _MAGIC


def parts(data: Stream, path: str) -> Iterator[Member]:
    yield packed.member(data, path, packed.in_a_row(data, stream, begins=_begins, name="Zstandard"))


def stream(data: Stream) -> Iterator[bytes]:
    """The unpacked bytes of one frame; leaves `data` right behind it."""
    import zstandard

    head = data.peek(_HEADER)
    if _is_skippable(head):
        data.read(8)
        for _ in data.part(int.from_bytes(head[4:8], "little")):
            pass
        return
    try:
        about = zstandard.get_frame_parameters(head)
        if about.dict_id:
            raise Damaged("it was packed with a dictionary, which is needed to unpack it")
        if about.window_size > _WINDOW:
            raise Damaged(
                f"unpacking it needs {about.window_size >> 20:,} MB of memory, more than {_WINDOW >> 20}"
            )
        size = zstandard.frame_header_size(head)
        frame = _Frame(chain([data.read(size)], _blocks(data, checksum=4 * about.has_checksum)))
        unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        yield from iter(partial(unpacker.stream_reader(cast(IO[bytes], frame)).read, CHUNK), b"")
    except zstandard.ZstdError as error:
        raise Damaged("the compressed data is damaged") from error
    if frame.error:
        raise frame.error


class _Frame:
    """A frame's bytes, block by block, as a file; what ends them early is its end, and kept as an error."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.error: Exception | None = None

    def read(self, _size: int) -> bytes:
        try:
            return next(self._blocks, b"")
        except (FormatError, OSError) as error:
            self.error = error
            return b""


def _begins(data: Stream) -> bool:
    head = data.peek(8)
    return head[:4] == _MAGIC or _is_skippable(head)


def _is_skippable(head: bytes) -> bool:
    return len(head) >= 8 and head[1:4] == _SKIPPABLE and head[0] >> 4 == 5


def _blocks(data: Stream, *, checksum: int) -> Iterator[bytes]:
    """The frame's blocks to its end."""
    last = False
    while not last:
        header = data.read(3)
        number = int.from_bytes(header, "little")
        last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
        stored = (1 if kind == _RLE else size) + (checksum if last else 0)
        block = data.read(stored)
        yield header + block
        if len(header) < 3 or len(block) < stored:
            raise Damaged("the compressed data ends in the middle")
