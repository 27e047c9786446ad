"""ZIP archives behind some bytes of anything: what a server or a mail program wrote before them, a line that
somebody added. They count from their end.
"""

from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, selfextracting
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._stream import Stream

title = "ZIP archive behind other bytes"
rank = 80  # behind all that may hold such an archive
container = True
begins = b""

_BEFORE = 4096  # bytes
_LOOKED = 1 << 20


def recognises(data: Stream) -> bool:
    return zipped.MAGIC[0] in data.peek(_BEFORE) and selfextracting.ends_in_zip(data, data.peek(_LOOKED))


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    return selfextracting.parts(data, path)
