"""Deflated bytes out of a stream."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, cast

from trapstreet.plugins.formats._stream import CHUNK, Damaged, Stream

if TYPE_CHECKING:
    from isal import isal_zlib

GZIP = 31  # zlib's code for a gzip header and the largest window
RAW = -15  # the same window without a header
ZLIB = 15  # with the header of zlib

_FIRST = 1 << 14  # input at a time: what is left of it is copied at the end of every one of many tiny members
_SLICE = 1 << 18


def inflate(data: Stream, *, header: int) -> Iterator[bytes]:
    """The unpacked bytes of one deflate stream, 256 KiB at most in a piece; leaves `data` right behind it."""
    inflater, packed, size = _inflaters()(header), b"", _FIRST
    while not inflater.eof:
        if not packed:
            packed, size = data.read(size), _SLICE
        try:
            unpacked = inflater.decompress(packed, CHUNK)
        except damage() as error:
            raise Damaged("the compressed data is damaged") from error
        if not packed and not unpacked and not inflater.eof:
            raise Damaged("the compressed data ends in the middle")
        packed = inflater.unconsumed_tail
        if unpacked:
            yield unpacked
    data.put_back(len(inflater.unused_data))


@cache
def _inflaters() -> "Callable[[int], isal_zlib.Decompress]":
    from isal import isal_zlib

    return isal_zlib.decompressobj


def damage() -> type[Exception]:
    """What `isal_zlib` raises; its stubs have it as an instance."""
    from isal import isal_zlib

    return cast(type[Exception], isal_zlib.error)
