"""Deflate64, in which Windows packs files of more than 2 GB."""

from collections.abc import Iterator

from trapstreet.plugins.formats._stream import CHUNK, Damaged

_SLICE = 64
"""Bytes at a time: they unpack to 16 MiB at most, by no limit of the library's."""


def inflate64(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The unpacked bytes of one stream, which ends with the blocks. 30 MB/s of what is packed."""
    from inflate64 import Inflater

    inflater, held = Inflater(), bytearray()
    try:
        for block in blocks:
            for at in range(0, len(block), _SLICE):
                held += inflater.inflate(block[at : at + _SLICE])
                if len(held) >= CHUNK:
                    yield bytes(held)
                    held.clear()
    except ValueError as error:
        raise Damaged("the compressed data is damaged") from error
    if held:
        yield bytes(held)
    if not inflater.eof:
        raise Damaged("the compressed data ends in the middle")
