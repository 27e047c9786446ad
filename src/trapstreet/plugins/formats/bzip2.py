"""bzip2, of one stream or many."""

from collections.abc import Iterator

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats import _packed as packed
from trapstreet.plugins.formats._stream import Stream

title = "bzip2 file"
rank = 20
container = True
begins = b"B"

_BLOCK = b"\x31\x41\x59\x26\x53\x59"
_EMPTY = b"\x17\x72\x45\x38\x50\x90"


def recognises(data: Stream) -> bool:
    head = data.peek(10)
    return head[:3] == b"BZh" and head[3:4] in b"123456789" and head[4:] in (_BLOCK, _EMPTY)


def parts(data: Stream, path: str) -> Iterator[Member]:
    yield packed.member(data, path, packed.in_a_row(data, stream, begins=recognises, name="bzip2"))


def stream(data: Stream) -> Iterator[bytes]:
    """The unpacked bytes of one stream; leaves `data` right behind it."""
    import bz2

    return packed.unpack(data, bz2.BZ2Decompressor(), error=OSError)
