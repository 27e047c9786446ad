"""Deflated bytes out of a stream."""

import zlib
from collections.abc import Iterator

from trapstreet.plugins.formats._stream import CHUNK, Damaged, Stream

GZIP = 31  # zlib's code for a gzip header and the largest window
RAW = -15  # the same window without a header

_SLICE = (
    1 << 14
)  # input at a time: zlib copies what is left of it at the end of every one of many tiny members


def inflate(data: Stream, *, header: int) -> Iterator[bytes]:
    """The unpacked bytes of one deflate stream in pieces of at most 1 MiB; leaves `data` right behind it."""
    inflater, packed = zlib.decompressobj(header), b""
    while not inflater.eof:
        packed = packed or data.read(_SLICE)
        try:
            unpacked = inflater.decompress(packed, CHUNK)
        except zlib.error as error:
            raise Damaged("the compressed data is damaged") from error
        if not packed and not unpacked and not inflater.eof:
            raise Damaged("the compressed data ends in the middle")
        packed = inflater.unconsumed_tail
        if unpacked:
            yield unpacked
    data.put_back(len(inflater.unused_data))
