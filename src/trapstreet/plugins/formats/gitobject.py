"""Git's loose objects: one commit, tag or file, packed by zlib (gitformat-loose)."""

import re
from collections.abc import Iterator

from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats._deflate import ZLIB, damage, inflate
from trapstreet.plugins.formats._stream import Refused, Stream

title = "Git object"
rank = 25
container = True
begins = b"x"

_HEAD = re.compile(rb"(commit|tree|blob|tag) [0-9]{1,19}\0")
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_BEGINNING = 256


def recognises(data: Stream) -> bool:
    from isal import isal_zlib

    packed = data.peek(_BEGINNING)
    if not packed.startswith(_ZLIB):
        return False
    try:
        return _HEAD.match(isal_zlib.decompressobj(ZLIB).decompress(packed, 64)) is not None
    except damage():
        return False


def parts(data: Stream, path: str) -> Iterator[Member]:
    unpacked = Stream(data.budget.unpack(inflate(data, header=ZLIB)), data.budget)
    head = _HEAD.match(unpacked.peek(64))
    if head:
        unpacked.read(head.end())
        yield Member(f"{path}!/{head[1].decode()}", unpacked)
    for _ in unpacked:  # raises what is wrong with it, if something is
        pass
    if data.peek(1):
        raise Refused("what follows the Git object was read as plain text", partly=True)
