"""Formats that nobody here can take apart yet: they are listed, and what is plain in them is read as text."""

from collections.abc import Iterator
from typing import NoReturn

from trapstreet.plugins.formats._stream import Refused, Stream

title = "closed format"
rank = 90
container = False

_NAMES = {
    b"%PDF-": "a PDF document",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old or encrypted office document",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"\x04\x22\x4d\x18": "an LZ4 file",
    b"MSCF\x00\x00\x00\x00": "a cabinet archive",
    b"PAR1": "a Parquet file",
    b"!BDN": "an Outlook mail folder",
}
_MAGIC = tuple(_NAMES)


def recognises(data: Stream) -> bool:
    return data.peek(16).startswith(_MAGIC)


def parts(data: Stream, path: str) -> Iterator[NoReturn]:
    head = data.peek(16)
    name = next(name for magic, name in _NAMES.items() if head.startswith(magic))
    raise Refused(f"{name} is not taken apart; only what is plain text in it was read")
