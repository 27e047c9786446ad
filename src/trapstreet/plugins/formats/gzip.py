"""gzip, of one member or many."""

from collections.abc import Iterator

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats._deflate import GZIP, inflate
from trapstreet.plugins.formats._stream import Damaged, Stream

title = "gzip file"
rank = 20
container = True

_MAGIC = b"\x1f\x8b\x08"
_PADDING = 1 << 16


def recognises(data: Stream) -> bool:
    return data.peek(3) == _MAGIC


def parts(data: Stream, path: str) -> Iterator[Member]:
    yield Member(f"{path}!/{_inner_name(path)}", Stream(data.budget.unpack(_members(data)), data.budget))


def _inner_name(path: str) -> str:
    """The name without its ending; what the header says would be somebody's word for it."""
    name = path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    if ending.lower() == "tgz":
        return f"{stem}.tar"
    return stem if dot and stem and ending.lower() == "gz" else name


def _members(data: Stream) -> Iterator[bytes]:
    """The unpacked bytes of all gzip members, one after the other. Zero bytes between them are padding."""
    while True:
        yield from inflate(data, header=GZIP)
        while data.peek(1) == b"\0":
            padded = data.peek(_PADDING)
            data.read(len(padded) - len(padded.lstrip(b"\0")))
        following = data.peek(len(_MAGIC))
        if not following:
            data.read(1)  # raises what ended the stream, if something did
            return
        if following != _MAGIC:
            raise Damaged("what follows the compressed data is not gzip")
