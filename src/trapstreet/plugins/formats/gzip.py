"""gzip, of one member or many."""

from collections.abc import Iterator
from functools import partial

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats import _packed as packed
from trapstreet.plugins.formats._deflate import GZIP, inflate
from trapstreet.plugins.formats._stream import Stream

title = "gzip file"
rank = 20
container = True
begins = b"\x1f"


def recognises(data: Stream) -> bool:
    return data.peek(3) == b"\x1f\x8b\x08"


def parts(data: Stream, path: str) -> Iterator[Member]:
    one = partial(inflate, header=GZIP)
    yield packed.member(data, path, packed.in_a_row(data, one, begins=recognises, name="gzip"))
