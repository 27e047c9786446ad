"""Members of a ZIP file whose directory is damaged, missing or too large: by the headers before each."""

import struct
from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats._deflate import RAW, inflate
from trapstreet.plugins.formats._locked import UNTRIED
from trapstreet.plugins.formats._stream import Stream

_HEADER = struct.Struct("<4s5H3L2H")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED, _SIZE_FOLLOWS = 0x1, 0x8
_STORED, _DEFLATED = 0, 8
_WINDOW = 1 << 16


def salvage(data: Stream, path: str) -> Iterator[Member | Unread]:
    """The members in the order in which they lie; those whose end only the directory knows are listed."""
    while _goes_to_next_header(data):
        header = data.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        _, _, flags, method, _, _, _, packed, _, name_length, extra_length = _HEADER.unpack(header)
        name = data.read(name_length).decode("utf-8", "surrogateescape")
        data.read(extra_length)
        inner = f"{path}!/{name}"
        if flags & _ENCRYPTED:
            yield Unread(inner, UNTRIED)
            continue
        if method == _DEFLATED:
            content = inflate(data, header=RAW)
        elif method == _STORED and not flags & _SIZE_FOLLOWS:
            content = data.part(packed)
        else:
            yield Unread(inner, "cannot be told from what follows without the directory")
            continue
        yield Member(inner, Stream(data.budget.unpack(content), data.budget))
        for _ in content:  # what the reader left
            pass


def _goes_to_next_header(data: Stream) -> bool:
    if data.peek(4) == _SIGNATURE:
        return True
    while window := data.peek(_WINDOW):
        at = window.find(_SIGNATURE)
        if at >= 0:
            data.read(at)
            return True
        data.read(max(1, len(window) - len(_SIGNATURE) + 1))
    return False
