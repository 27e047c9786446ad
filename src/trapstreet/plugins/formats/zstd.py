"""Zstandard, of one frame or many.

The library unpacks all that it is given: 16 KB can be gigabytes. So it is given whole blocks, of which the
headers say how much they make at most.

Format: RFC 8878, section 3.1.
"""

from collections.abc import Iterator

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats import _packed as packed
from trapstreet.plugins.formats._stream import CHUNK, Damaged, Stream

title = "Zstandard file"
rank = 20
container = True

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
_HEADER = 18
_LARGEST_BLOCK = 1 << 17
_RLE, _COMPRESSED = 1, 2
_WINDOW = 128 << 20
"""Bytes of the past that a frame may refer to: what `zstd --ultra -22` asks for; a header can say 2 GB."""


def recognises(data: Stream) -> bool:
    head = data.peek(8)
    if _is_skippable(head):
        size = int.from_bytes(head[4:], "little")
        return size <= CHUNK and data.peek(8 + size + 4)[8 + size :] == _MAGIC
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
        frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
        frame.decompress(data.read(zstandard.frame_header_size(head)))
        for blocks in _blocks(data, checksum=4 * about.has_checksum):
            yield frame.decompress(blocks)
    except zstandard.ZstdError as error:
        raise Damaged("the compressed data is damaged") from error


def _begins(data: Stream) -> bool:
    head = data.peek(8)
    return head[:4] == _MAGIC or _is_skippable(head)


def _is_skippable(head: bytes) -> bool:
    return len(head) >= 8 and head[1:4] == _SKIPPABLE and head[0] >> 4 == 5


def _blocks(data: Stream, *, checksum: int) -> Iterator[bytes]:
    """The frame's blocks to its end, so many at a time as make at most 1 MiB."""
    last = False
    while not last:
        whole, room = bytearray(), CHUNK
        while not last and room > 0:
            header = data.read(3)
            number = int.from_bytes(header, "little")
            last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
            stored = (1 if kind == _RLE else size) + (checksum if last else 0)
            block = data.read(stored)
            if len(header) < 3 or len(block) < stored:
                yield bytes(whole)
                raise Damaged("the compressed data ends in the middle")
            whole += header
            whole += block
            room -= len(header) + (_LARGEST_BLOCK if kind == _COMPRESSED else size)  # blocks may be empty
        yield bytes(whole)
