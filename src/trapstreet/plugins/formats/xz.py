"""xz, of one stream or many, and the older LZMA files."""

from collections.abc import Iterator

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats import _packed as packed
from trapstreet.plugins.formats._stream import Stream

title = "xz file"
rank = 20
container = True
begins = b"\xfd\x5d"

_MAGIC = b"\xfd7zXZ\x00"
_MEMORY = 256 << 20
"""Bytes that unpacking may need: `xz -9` makes it 65 MB, a header can say 4 GB."""


def recognises(data: Stream) -> bool:
    return _is_xz(data) or _is_lzma(data.peek(13))


def parts(data: Stream, path: str) -> Iterator[Member]:
    yield packed.member(data, path, packed.in_a_row(data, stream, begins=_is_xz, name="xz"))


def stream(data: Stream) -> Iterator[bytes]:
    """The unpacked bytes of one stream; leaves `data` right behind it."""
    import lzma

    decompressor = lzma.LZMADecompressor(memlimit=_MEMORY)
    return packed.unpack(data, decompressor, error=lzma.LZMAError)


def _is_xz(data: Stream) -> bool:
    return data.peek(6) == _MAGIC


def _is_lzma(head: bytes) -> bool:
    """The header has no magic: the properties that everybody uses, a round dictionary, a possible size."""
    if len(head) < 13 or head[:1] != b"\x5d":
        return False
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:], "little")
    lowest = dictionary & -dictionary
    round_number = dictionary in (lowest, 3 * lowest) and dictionary >= 1 << 12
    return round_number and (size == (1 << 64) - 1 or size < 1 << 38)
