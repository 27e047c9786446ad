"""What a PDF says of itself and its pictures in XMP, packed or not: PDFium does not tell it. In the child.

Source: ISO 32000-1, 14.3.2; a stream's dictionary is never packed itself.
"""

import mmap
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

_NAME, _END = b"/Metadata", b"endstream"
_TYPE = re.compile(rb"/Type\s*/Metadata(?![A-Za-z])")
_STREAM = re.compile(rb"stream\r?\n")
_DICTIONARY = 1024  # bytes before and behind the name of its type
_LARGEST, _MOST = 16 << 20, 1000  # bytes of one; how many
_ALL = 64 << 20  # bytes of all


def packets(file: BinaryIO) -> Iterator[str]:
    """Each as XML. None of a document that is encrypted: they are, too."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, left = data.find(_NAME), _ALL
        for _ in range(_MOST):
            if at < 0 or left <= 0:
                return
            packet = _packet(data, at)
            left -= len(packet)
            if packet:
                yield packet.decode("utf-8", "replace")
            at = data.find(_NAME, at + len(_NAME))


def _packet(data: mmap.mmap, at: int) -> bytes:
    before = max(0, at - _DICTIONARY)
    around = data[before : at + _DICTIONARY]
    type_ = _TYPE.search(around, max(0, at - before - 16), at - before + len(_NAME) + 1)
    stream = _STREAM.search(around, at - before) if type_ else None
    if stream is None:
        return b""
    dictionary = around[max(0, around.rfind(b" obj", 0, at - before)) : stream.start()]
    start = before + stream.end()
    end = data.find(_END, start, start + _LARGEST)
    content = data[start : end if end >= 0 else start + _LARGEST]
    if b"/Filter" not in dictionary:
        return content
    try:
        return zlib.decompressobj().decompress(content, _LARGEST)
    except zlib.error:
        return b""
