"""A message taken apart on its bytes: RFC 5322 headers, MIME parts (RFC 2045 to 2047, 2231, 3676).

The text of a message is its bytes as they stand, but a part that was encoded gives way to what it says, and
attachments are members. So whatever is taken for a mail by mistake is still searched as a text,
and nothing depends on a header that lies.
"""

import binascii
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats._charset import utf8
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._locked import UNTRIED
from trapstreet.plugins.formats._mail_headers import Headers, begins_at, decoded_lines, split
from trapstreet.plugins.formats._parsed import cut
from trapstreet.plugins.formats._rows import is_document
from trapstreet.plugins.formats._stream import Budget, Stream
from trapstreet.plugins.formats.html import both

LARGEST = 64 << 20
"""Bytes of a message that is taken apart; it lies in memory, with the text made of it."""

_DEPTH = 30  # parts in parts; mail programs need some five
_PARTS = 10_000
_BEGINNING = 256  # bytes of a part by which a file is known
_BASE64 = bytes(n for n in range(128) if chr(n).isalnum()) + b"+/=\r\n\t "
_NOT_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?(?:\n|\Z))")
_SIGNATURE = b"\n-- \n"
_PGP = b"-----BEGIN PGP MESSAGE-----"
_ENVELOPED = (
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03",  # PKCS #7 envelopedData
    b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17",  # RFC 5083 authEnvelopedData
)


@dataclass(frozen=True, slots=True)
class _Attachment:
    name: str
    encoding: str
    start: int
    end: int


def parts(raw: bytes, path: str, budget: Budget, *, inside: str) -> Iterator[Text | Member | Unread]:
    """One text with headers and all text parts at `path`, then the attachments at `inside` and their names.

    Linear in the size of the message.
    """
    message = _Message(raw)
    digest = LateHash()
    digest.update(raw)
    yield Text(path, cut(b"".join(message.pieces)), digest)
    if _PGP in raw:
        yield Unread(path, "holds a part that is encrypted with PGP")
    if message.left_out:
        yield Unread(path, f"a mail of {message.left_out}: what is in them was read as it stands")
    message.pieces.clear()
    for each in message.attachments:
        content, _ = _decoded(raw[each.start : each.end], each.encoding)
        if any(mark in content[:64] for mark in _ENVELOPED):
            yield Unread(inside + each.name, UNTRIED)
        else:
            yield Member(inside + each.name, Stream(budget.unpack([content]), budget))


class _Message:
    """A walk through the parts of a message.

    pieces       its text, in order, as UTF-8
    attachments  where they lie
    left_out     which limit was met, "" if none
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._count = 0
        self._names: Counter[str] = Counter()
        self.pieces: list[bytes] = []
        self.attachments: list[_Attachment] = []
        self.left_out = ""
        start = begins_at(raw)
        self.pieces.append(utf8(raw[:start]))
        self._part(start, len(raw), depth=0)

    def _part(self, start: int, end: int, *, depth: int) -> None:
        body = split(self._raw, start, end)
        block = self._raw[start:body]
        headers = Headers(block)
        self.pieces += [utf8(block), decoded_lines(block)]
        self._count += 1
        if headers.main == "multipart" and headers.boundary and self._may_go_on(depth):
            self._multipart(body, end, headers.boundary, depth=depth)
        elif headers.is_message and headers.encoding not in _DECODERS and self._may_go_on(depth):
            self._part(body, end, depth=depth + 1)
        elif headers.is_text and not self._is_file(body, headers.encoding):
            self._text(body, end, headers)
        else:
            self._attachment(body, end, headers)

    def _may_go_on(self, depth: int) -> bool:
        if depth >= _DEPTH:
            self.left_out = f"more than {_DEPTH} parts in each other"
        elif self._count >= _PARTS:
            self.left_out = f"more than {_PARTS:,} parts"
        else:
            return True
        return False

    def _multipart(self, start: int, end: int, boundary: bytes, *, depth: int) -> None:
        delimiters = list(islice(_delimiters(self._raw, start, end, b"--" + boundary), _PARTS + 1))
        first = delimiters[0][0] if delimiters else end
        self.pieces.append(utf8(self._raw[start:first]))
        for (_, begin, last), (until, _, _) in pairwise([*delimiters, (end, end, True)]):
            if last or self._count >= _PARTS:
                self.left_out = self.left_out if last else f"more than {_PARTS:,} parts"
                self.pieces.append(utf8(self._raw[begin:end]))
                return
            self._part(begin, until, depth=depth + 1)

    def _is_file(self, start: int, encoding: str) -> bool:
        """Whether what is called a text, or nothing, begins as a file of another kind."""
        head = self._raw[start : start + _BEGINNING]
        return encoding in _DECODERS and is_document(_decoded(head, encoding)[0])

    def _text(self, start: int, end: int, headers: Headers) -> None:
        body = self._raw[start:end]
        text, clean = _decoded(body, headers.encoding)
        if not clean:
            self.pieces.append(utf8(body))
        text = utf8(text, headers.charset)
        if headers.flowed:
            text = _joined(text, headers)
        self.pieces += both(iter([text])) if headers.kind == "text/html" else [text, b"\n"]

    def _attachment(self, start: int, end: int, headers: Headers) -> None:
        name = headers.name or (f"mail-{self._count}.eml" if headers.is_message else f"part-{self._count}")
        self._names[name] += 1
        if self._names[name] > 1:
            name = f"{name} ({self._names[name]})"
        self.attachments.append(_Attachment(name, headers.encoding, start, end))
        if headers.encoding == "base64" and not _is_base64(self._raw[start:end]):
            self.pieces.append(utf8(self._raw[start:end]))


def _delimiters(raw: bytes, start: int, end: int, line: bytes) -> Iterator[tuple[int, int, bool]]:
    """Each line between parts: where the one before ends, where the next begins, whether it is the last."""
    at = raw.find(line, start, end)
    while at >= 0:
        stop = raw.find(b"\n", at, end)
        stop = end if stop < 0 else stop + 1
        rest = raw[at + len(line) : min(stop, at + len(line) + 200)].strip()
        if rest in (b"", b"--") and (at == start or raw[at - 1 : at] == b"\n"):
            before = at - 2 if raw[at - 2 : at] == b"\r\n" else at - 1
            yield max(start, before), stop, rest == b"--"
            at = stop
        else:
            at += len(line)
        at = raw.find(line, at, end)


def _decoded(body: bytes, encoding: str) -> tuple[bytes, bool]:
    """What the body says, and whether nothing but that stood in it."""
    decode = _DECODERS.get(encoding)
    return decode(body) if decode else (body, True)


def _base64(body: bytes) -> tuple[bytes, bool]:
    clean = _is_base64(body)
    letters = body if clean else body.translate(None, _NOT_BASE64)
    letters = letters.rstrip(b"=\r\n\t ")
    try:
        return binascii.a2b_base64(letters + b"=="), clean
    except binascii.Error:  # one letter too many
        return binascii.a2b_base64(b"".join(letters.split())[:-1] + b"=="), False


def _is_base64(body: bytes) -> bool:
    """True if the letters of base64, and their end, are all there is."""
    padding = body.find(b"=")
    return not body.translate(None, _BASE64) and (padding < 0 or not body[padding:].strip(b"=\r\n\t "))


def _quoted_printable(body: bytes) -> tuple[bytes, bool]:
    return binascii.a2b_qp(body), not _NOT_QUOTED.search(body)


def _uuencoded(body: bytes) -> tuple[bytes, bool]:
    decoded, clean = [], True
    for line in body.splitlines():
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            clean = clean and line.startswith((b"begin ", b"end"))
    return b"".join(decoded), clean


def _joined(text: bytes, headers: Headers) -> bytes:
    """Paragraphs on one line each: their lines end with a space (RFC 3676, section 4)."""
    text = text.replace(b"\r\n", b"\n").replace(_SIGNATURE, b"\n--\n")
    return text.replace(b" \n", b"" if headers.delsp else b" ")


_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_DECODERS = {
    "base64": _base64,
    "quoted-printable": _quoted_printable,
    "x-uuencode": _uuencoded,
    "uuencode": _uuencoded,
    "x-uue": _uuencoded,
}
