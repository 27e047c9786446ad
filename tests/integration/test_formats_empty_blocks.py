"""Zstandard frames of blocks with nothing in them."""

import struct

from trapstreet.plugins.formats import zstd
from trapstreet.plugins.formats._stream import Budget, Limits, Stream


def test_blocks_of_nothing_are_not_gathered() -> None:
    budget = Budget(Limits(), None)
    blocks = Stream([bytes(3 << 20), struct.pack("<I", 1)[:3]], budget)
    pieces = list(zstd._blocks(blocks, checksum=0))
    assert sum(map(len, pieces)) == (3 << 20) + 3
    assert max(map(len, pieces)) <= (1 << 20) + 3
