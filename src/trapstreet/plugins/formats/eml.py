"""Mail messages, one a file: .eml, .emlx, .mht, and whatever else begins with the headers of mail."""

from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _mail
from trapstreet.plugins.formats._mail_headers import is_mail
from trapstreet.plugins.formats._stream import Refused, Stream

title = "mail"
rank = 60
container = True
begins = b""

_BEGINNING = 8192


def recognises(data: Stream) -> bool:
    return is_mail(data.peek(_BEGINNING))


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    raw = data.peek(_mail.LARGEST + 1)
    if len(raw) > _mail.LARGEST:
        raise Refused(f"read as plain text: a mail of more than {_mail.LARGEST >> 20} MB", partly=True)
    yield from _mail.parts(raw, path, data.budget, inside=f"{path}!/")
    for _ in data:  # raises what ended the stream, if something did
        pass
