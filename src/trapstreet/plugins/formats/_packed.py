"""Files that are one packed stream, or several in a row."""

from collections.abc import Callable, Iterator
from typing import Protocol

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats._stream import CHUNK, Damaged, Stream

_SLICE = 1 << 18
_PADDING = 1 << 16
_ENDINGS = frozenset("gz bz2 xz lzma zst lz4 lz z".split())
_TAR_ENDINGS = frozenset("tgz tbz tbz2 txz tlz tzst taz".split())


class Decompressor(Protocol):
    """What `bz2` and `lzma` make."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def member(data: Stream, path: str, unpacked: Iterator[bytes]) -> Member:
    """What is packed in the file. It is named after the file: what its header says is somebody's word."""
    return Member(f"{path}!/{inner_name(path)}", Stream(data.budget.unpack(unpacked), data.budget))


def inner_name(path: str) -> str:
    """The name without its ending: "list.csv" of "a/list.csv.gz", "a.tar" of "a.tgz"."""
    name = path.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    if ending.lower() in _TAR_ENDINGS:
        return f"{stem}.tar"
    return stem if stem and ending.lower() in _ENDINGS else name


def in_a_row(
    data: Stream, unpack: Callable[[Stream], Iterator[bytes]], *, begins: Callable[[Stream], bool], name: str
) -> Iterator[bytes]:
    """The unpacked bytes of all streams, one after the other. Zero bytes between them are padding.

    unpack  of one stream; leaves `data` right behind it
    """
    while True:
        yield from unpack(data)
        while (ahead := data.peek(1)) == b"\0":
            padded = data.peek(_PADDING)
            data.read(len(padded) - len(padded.lstrip(b"\0")))
        if not ahead:
            data.read(1)  # raises what ended the stream, if something did
            return
        if not begins(data):
            yield from data  # as it stands, for it may be plain text
            raise Damaged(f"what follows the compressed data is not {name}")


def unpack(data: Stream, decompressor: Decompressor, *, error: type[Exception]) -> Iterator[bytes]:
    """One stream in pieces of at most 256 KiB; leaves `data` right behind it.

    error  what the decompressor raises
    """
    while not decompressor.eof:
        starved = decompressor.needs_input
        packed = data.read(_SLICE) if starved else b""
        try:
            unpacked = decompressor.decompress(packed, CHUNK)
        except error as damage:
            needs_memory = "emory" in str(damage)  # what liblzma says of its limit
            raise Damaged(
                "unpacking it needs too much memory" if needs_memory else "the compressed data is damaged"
            ) from damage
        if unpacked:
            yield unpacked
        elif starved and not packed and not decompressor.eof:
            raise Damaged("the compressed data ends in the middle")
    data.put_back(len(decompressor.unused_data))
