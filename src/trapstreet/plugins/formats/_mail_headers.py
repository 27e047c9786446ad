"""The headers of a message or of one of its parts, as far as taking it apart needs them."""

import binascii
import re
from collections.abc import Iterator
from email.message import Message
from functools import cached_property

from trapstreet.plugins.formats._charset import utf8

HEADER = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")
"""Where a line begins like a header."""

_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:[0-9]{1,12}[ \t]*\r?\n)?(?:>?From [^\n]*+\n)*")
_KNOWN = frozenset(
    b"bcc cc content-type date delivered-to errors-to from in-reply-to list-id mime-version message-id"
    b" organization received references reply-to return-path sender status subject to user-agent x-mailer"
    b" x-priority".split()
)
_OF_MAIL = frozenset(b"delivered-to from message-id received return-path subject to".split())
_LONGEST = 1 << 20  # bytes of a block of headers
_VALUE = 4096  # bytes of a value that is taken apart; the standard library needs quadratic time for some
_CONTENT = re.compile(
    rb"^content-(type|transfer-encoding|disposition|location)[ \t]*:((?:[^\n]|\n[ \t])*+)",
    re.IGNORECASE | re.MULTILINE,
)
_TYPE = re.compile(r"\s*([\w.+-]+)/([\w.+-]+)")
_BOUNDARY = re.compile(rb";\s*boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)
_FLOWED = re.compile(r";\s*format\s*=\s*\"?flowed", re.IGNORECASE)
_DELSP = re.compile(r";\s*delsp\s*=\s*\"?yes", re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_WORD = re.compile(rb"=\?([\w.:-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?\r\n]{0,4000})\?=")


class Headers:
    """What the headers say of the body. A part without a type is plain text (RFC 2045, section 5.2)."""

    def __init__(self, block: bytes) -> None:
        self._values: dict[bytes, bytes] = {
            name.lower(): value.strip() for name, value in reversed(_CONTENT.findall(block))
        }
        type_ = _TYPE.match(self._value(b"type"))
        self.main, sub = (type_[1].lower(), type_[2].lower()) if type_ else ("text", "plain")
        self.kind = f"{self.main}/{sub}"
        self.encoding = self._value(b"transfer-encoding").partition(";")[0].strip().lower()
        self.is_message = self.kind in ("message/rfc822", "message/global", "message/news")

    def _value(self, name: bytes) -> str:
        return self._values.get(name, b"")[:_VALUE].decode("latin-1")

    @property
    def is_text(self) -> bool:
        """Whether the body is part of what people read; an attached text is a file of its own."""
        readable = self.main in ("text", "message", "multipart")
        return readable and not self.is_message and not (self._attached and self.name)

    @property
    def _attached(self) -> bool:
        return self._value(b"disposition").lower().startswith("attachment")

    @property
    def boundary(self) -> bytes:
        found = _BOUNDARY.search(self._values.get(b"type", b"")[:_VALUE])
        return (found[1] or found[2]).rstrip() if found else b""

    @property
    def charset(self) -> str:
        found = _CHARSET.search(self._value(b"type"))
        return found[1] if found else ""

    @property
    def flowed(self) -> bool:
        return bool(_FLOWED.search(self._value(b"type")))

    @property
    def delsp(self) -> bool:
        return bool(_DELSP.search(self._value(b"type")))

    @cached_property
    def name(self) -> str:
        """The name of the file that the part is, "" if it has none."""
        if not self._values:
            return ""
        fields = Message()
        for name in (b"disposition", b"type"):
            fields[f"content-{name.decode()}"] = " ".join(self._value(name).split()) or "x/x"
        try:
            found = fields.get_filename("")
        except (TypeError, ValueError):  # parameters that contradict each other, codecs that refuse: its bugs
            found = ""
        found = found or self._value(b"location").rpartition("/")[2]
        return decoded_words(found.encode("utf-8", "replace")).decode("utf-8", "replace")


def begins_at(raw: bytes) -> int:
    """Where the headers begin: behind a mailbox's "From " line, or the size that Apple's program writes."""
    found = _BEFORE.match(raw)
    return found.end() if found else 0


def is_mail(beginning: bytes) -> bool:
    """True if headers stand there, two of which are well known, and one of those is mail's own."""
    at = begins_at(beginning)
    names = set()
    for line in beginning[at : split(beginning, at, len(beginning))].split(b"\n"):
        header = HEADER.match(line)
        if header:
            names.add(header[0][:-1].rstrip().lower())
        elif line.strip() and not line.startswith((b" ", b"\t")):
            break
    return len(names & _KNOWN) >= 2 and not names.isdisjoint(_OF_MAIL)


def split(raw: bytes, start: int, end: int) -> int:
    """Where the body begins: behind the first empty line, at `start` if no headers stand there."""
    if not HEADER.match(raw, start, end):
        return start
    limit = min(end, start + _LONGEST)
    first = raw.find(b"\n", start, limit)
    usual, other = (b"\n\r\n", b"\n\n") if raw[first - 1 : first] == b"\r" else (b"\n\n", b"\n\r\n")
    for gap in (usual, other):
        at = raw.find(gap, start, limit)
        if at >= 0:
            return at + len(gap)
    return end if limit == end else start


def decoded_lines(block: bytes) -> bytes:
    """The headers that hold encoded words (RFC 2047), each once more, on one line and as UTF-8."""
    if b"=?" not in block:
        return b""
    lines = _FOLD.sub(b"", block).split(b"\n")
    return b"".join(decoded_words(line) + b"\n" for line in lines if b"=?" in line)


def decoded_words(line: bytes) -> bytes:
    """The line with its encoded words in UTF-8; what is between two of them is only there to part them."""
    return b"".join(_decoded_words(line))


def _decoded_words(line: bytes) -> Iterator[bytes]:
    at, charset, kept = 0, "", [b""]
    for word in _WORD.finditer(line):
        between = line[at : word.start()]
        if not at or between.strip() or word[1].decode().lower() != charset:
            yield utf8(b"".join(kept), charset)
            kept = []
            if not at or between.strip():
                yield utf8(between)
        charset = word[1].decode().lower()
        kept.append(_word(word[2], word[3]))
        at = word.end()
    yield utf8(b"".join(kept), charset)
    yield utf8(line[at:])


def _word(encoding: bytes, letters: bytes) -> bytes:
    if encoding in b"qQ":
        return binascii.a2b_qp(letters, header=True)
    try:
        return binascii.a2b_base64(letters.rstrip(b"=") + b"==")
    except binascii.Error:
        return letters
