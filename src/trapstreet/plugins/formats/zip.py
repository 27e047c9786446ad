"""ZIP archives, and every document that is one inside."""

from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._salvage import salvage
from trapstreet.plugins.formats._stream import Refused, Stream

title = "ZIP archive"
rank = 20
container = True
begins = b"P"


def recognises(data: Stream) -> bool:
    return data.peek(4) in zipped.MAGIC


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    try:
        archive = zipped.directory(data)
    except Refused as refusal:
        yield Unread(path, f"{refusal}; members were looked for without it", partly=True)
        data.restart()
        yield from salvage(data, path)
        return
    with archive:
        yield from zipped.members(archive, data, path, wanted=lambda name: True)
