"""What feeders send to the AIL framework: JSON whose "data" is an item, as base64 of gzip.

One item, a list of them, or one a line; what else the JSON says (source, meta) is read as text.
Format: PyAIL's feed_json_item; AIL's POST api/v1/import/json/item.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator

from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats._deflate import GZIP, inflate
from trapstreet.plugins.formats._stream import CHUNK, Damaged, Stream

title = "file of AIL's feeders"
rank = 24
container = True
begins = b"[{ \t\r\n"

_SAMPLE = 4096
_WINDOW = 1 << 16
_BEGINS = re.compile(rb"\s*(?:\[\s*)?\{")
_ITEM = re.compile(rb'"data"\s{0,20}:\s{0,20}"(?=H4sI)')  # the base64 of what every gzip begins with
_LONGEST = 64  # bytes that the expression spans


def recognises(data: Stream) -> bool:
    sample = data.peek(_SAMPLE)
    return _BEGINS.match(sample) is not None and _ITEM.search(sample) is not None


def parts(data: Stream, path: str) -> Iterator[Member | Text]:
    around, number = bytearray(), 0
    while window := data.peek(_WINDOW):
        item = _ITEM.search(window)
        if item:
            around += data.read(item.end())
            number += 1
            packed = _unwrapped(data)
            unpacked = inflate(Stream(packed, data.budget), header=GZIP)
            yield Member(f"{path}!/{number}", Stream(data.budget.unpack(unpacked), data.budget))
            for _ in packed:  # what its reader left
                pass
        else:
            around += data.read(max(len(window) - _LONGEST, 1) if len(window) == _WINDOW else len(window))
        if len(around) >= CHUNK:
            yield _text(path, bytes(around))
            around.clear()
    yield _text(path, bytes(around))
    data.read(1)  # raises what ended the stream, if something did


def _text(path: str, around: bytes) -> Text:
    return Text(path, iter([around]), hashlib.sha256(around))


def _unwrapped(data: Stream) -> Iterator[bytes]:
    """The bytes of a string in base64; leaves `data` behind its last character."""
    held, ended = b"", False
    while not ended:
        window = data.peek(_WINDOW)
        if not window:
            raise Damaged("ends in the middle of an item")
        end = window.find(b'"')
        ended = end >= 0
        held += data.read(end if ended else len(window))
        plain = held.replace(b"\\n", b"").replace(b"\\/", b"/")
        whole = len(plain) if ended else len(plain) // 4 * 4 - 4
        try:
            block = b64decode(plain[: max(0, whole)])
        except ValueError as error:
            raise Damaged("an item is no base64") from error
        held = plain[max(0, whole) :]
        if block:
            yield block
