"""Pictures of text, read by OCR where that is asked for (`Limits.ocr`), and the plain text in their files.

Else a picture is read as any bytes are: what is plain in it (EXIF, XMP, comments) is found.
"""

from collections.abc import Iterator
from typing import BinaryIO

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _parsed
from trapstreet.plugins.formats import text as any_text
from trapstreet.plugins.formats._ocr import MISSING, Reader, Unavailable, patience
from trapstreet.plugins.formats._stream import Stream

title = "picture"
rank = 25
container = False
begins = b"\x89\xffIMGRB"

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF87a", b"GIF89a")
_LARGEST = 256 << 20  # bytes


def recognises(data: Stream) -> bool:
    if not data.budget.limits.ocr:
        return False
    head = data.peek(12)
    webp, bmp = head[:4] == b"RIFF" and head[8:] == b"WEBP", head[:2] == b"BM" and head[6:10] == bytes(4)
    return head.startswith(_MAGIC) or webp or bmp


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    yield from _parsed.parts(
        f"{__name__}:texts", data, path, digest=_parsed.file_hash(data), limits=patience()
    )
    data.restart()
    yield from any_text.parts(data, path)


def texts(file: BinaryIO) -> Iterator[object]:
    """In the child: one text of all pictures in the file."""
    data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        yield [_parsed.UNREAD, "", f"a picture of more than {_LARGEST >> 20} MB"]
        return
    try:
        reader = Reader()
    except Unavailable:
        yield [_parsed.UNREAD, "", f"a picture: {MISSING}"]
        return
    seen = 0
    for seen, page in enumerate(reader.pictures(data), start=1):
        if seen == 1:
            yield [_parsed.TEXT, "!picture", b""]
        yield page.encode("utf-8", "replace") + b"\f\n"
    if not seen:
        yield [_parsed.UNREAD, "", "a picture that is damaged or too large"]
