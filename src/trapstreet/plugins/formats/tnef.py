"""What Outlook wraps its mails in for Outlook: winmail.dat, with the message and what is attached to it.

Format: [MS-OXTNEF].
"""

import struct
from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _mapi
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._stream import Refused, Stream

title = "winmail.dat"
rank = 25
container = True
begins = b"x"

_MAGIC = b"\x78\x9f\x3e\x22"
_HEADER = 6
_LARGEST = 64 << 20
_ATTRIBUTE = struct.Struct("<BHHL")
_SUBJECT, _BODY, _CODEPAGE, _MESSAGE = 0x8004, 0x800C, 0x9007, 0x9003
_BEGINS, _TITLE, _DATA, _ATTACHMENT = 0x9002, 0x8010, 0x800F, 0x9005
_NAMED, _SEVERAL, _OBJECT = 0x8000, 0x1000, 0x0D
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_INTERFACE = 16  # bytes before an object


class _Attachment:
    def __init__(self) -> None:
        self.content = b""
        self.properties = _mapi.Properties()


def recognises(data: Stream) -> bool:
    return data.peek(4) == _MAGIC


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    raw = data.peek(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise Refused(f"read as plain text: a winmail.dat of more than {_LARGEST >> 20} MB", partly=True)
    own, attachments = _mapi.Properties(), list[_Attachment]()
    whole = _read(raw, own, attachments)
    digest = LateHash()
    digest.update(raw)
    yield Text(path, own.written(), digest)
    if rtf := own.rtf_alone():
        yield Member(f"{path}!/body.rtf", Stream(data.budget.unpack([rtf]), data.budget))
    for number, each in enumerate(attachments, 1):
        name = each.properties.name() or f"part-{number}"
        yield Member(f"{path}!/{name}", Stream(data.budget.unpack([each.content]), data.budget))
    for _ in data:  # raises what ended the stream, if something did
        pass
    if not whole:
        raise Refused("the rest was read as plain text: the winmail.dat is damaged", partly=True)


def _read(raw: bytes, own: _mapi.Properties, attachments: list[_Attachment]) -> bool:
    """Takes the attributes in; False if one of them is damaged."""
    at = _HEADER
    try:
        while at < len(raw):
            _, number, _, size = _ATTRIBUTE.unpack_from(raw, at)
            content = raw[at + _ATTRIBUTE.size : at + _ATTRIBUTE.size + size]
            if len(content) < size:
                return False
            at += _ATTRIBUTE.size + size + 2  # a checksum follows
            if number == _BEGINS:
                attachments.append(_Attachment())
            elif attachments:
                _take_attached(attachments[-1], number, content, own.codepage)
            else:
                _take(own, number, content)
    except (struct.error, KeyError):
        return False
    return True


def _take(own: _mapi.Properties, number: int, content: bytes) -> None:
    if number == _CODEPAGE:
        own.codepage = int.from_bytes(content[:4], "little")
    elif number == _MESSAGE:
        for name, kind, value in _properties(content):
            own.add(name, kind, value)
    elif number in (_SUBJECT, _BODY):
        own.add(_mapi.BODY if number == _BODY else number, _mapi.STRING, content)


def _take_attached(attachment: _Attachment, number: int, content: bytes, codepage: int) -> None:
    attachment.properties.codepage = codepage
    if number == _TITLE:
        attachment.properties.add(_mapi.SHORT_NAME, _mapi.STRING, content)
    elif number == _DATA:
        attachment.content = content
    elif number == _ATTACHMENT:
        for name, kind, value in _properties(content):
            if name == _mapi.CONTENT and kind == _OBJECT:
                attachment.content = value[_INTERFACE:]
            else:
                attachment.properties.add(name, kind, value)


def _properties(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, kind and bytes of each value. Raises struct.error or KeyError where they are damaged."""
    (count,), at = struct.unpack_from("<L", raw), 4
    for _ in range(count):
        kind, number = struct.unpack_from("<HH", raw, at)
        at += 4
        if number >= _NAMED:
            at = _behind_name(raw, at)
        several, kind = kind & _SEVERAL, kind & ~_SEVERAL
        varies = kind not in _SIZES
        if varies and kind not in (_mapi.STRING, _mapi.UNICODE, _mapi.BINARY, _OBJECT):
            raise KeyError(kind)
        values = 1
        if several or varies:
            (values,) = struct.unpack_from("<L", raw, at)
            at += 4
        for _ in range(values):
            size = _SIZES.get(kind, 0)
            if varies:
                (size,) = struct.unpack_from("<L", raw, at)
                at += 4
            if at + size > len(raw):
                raise struct.error
            yield number, kind, raw[at : at + size]
            at += size + -size % 4


def _behind_name(raw: bytes, at: int) -> int:
    """A number, or a text, by which a program knows a property of its own."""
    kind, size = struct.unpack_from("<LL", raw, at + 16)
    return at + 24 + (size + -size % 4 if kind else 0)
