"""What a hit says in words: a mail's text, a form that was filled in, a call that was written down."""

import codecs
import re
from collections.abc import Iterable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from html import unescape
from itertools import islice
from urllib.parse import unquote_plus

from trapstreet.core.model.hit import Hit

MOST = 1 << 16
"""Characters that are looked at: whoever names somebody does so at once."""

_READ = frozenset({"subject", "from", "to", "cc", "reply-to", "sender", "comments", "keywords"})
_HEADERS, _HEADER = 64, 2048
_PARTS = 32
"""Of one mail: parts in parts in parts cost the parser time that grows with their square."""
_STRUCTURE = re.compile(rb"multipart/|message/|boundary", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What the standard library raises for mails that somebody made to break it."""
_SLOW = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
"""Text encodings that no mail is in; some take time that grows with the square of the text."""


def said(hit: Hit) -> str:
    """All that a hit says in words, at most MOST characters; "" where its channel has none.

    Of mails the headers that people see, and every part that is text, decoded. Never raises. Bounded by MOST
    and _PARTS whatever was sent: 30 ms for the worst that fits into a trap's hit.
    """
    return "\n".join(_cut(_texts(hit), MOST))


def headers_seen(hit: Hit) -> Iterator[tuple[str, str]]:
    """The headers that people see, names in lower case, values decoded."""
    lines = (value for label, value in hit.facts if label == "header")
    for line in islice((each for each in lines if _name(each) in _READ), _HEADERS):
        yield _name(line), _header(line.partition(b":")[2][:_HEADER])


def _texts(hit: Hit) -> Iterator[str]:
    bodies = [value for label, value in hit.facts if label == "body"]
    if hit.channel == "callback":
        return  # nobody has to believe it
    if hit.channel == "http":
        yield from (unquote_plus(body[: 4 * MOST].decode("utf-8", "replace")) for body in bodies)
        return
    yield from (value for _, value in headers_seen(hit))
    told = (value[: 4 * MOST].decode("utf-8", "replace") for label, value in hit.facts if label == "text")
    yield from map(_without_tags, told)
    for body in bodies:
        lines = [value for label, value in hit.facts if label == "header"]
        yield from _parts([each for each in lines if _name(each).startswith("content-")], body)


def _cut(texts: Iterable[str], most: int) -> Iterator[str]:
    for text in texts:
        if most <= 0:
            return
        yield text[:most]
        most -= len(text)


def _name(line: bytes) -> str:
    return line[:64].partition(b":")[0].strip().lower().decode("latin-1")


def _header(value: bytes) -> str:
    text = re.sub(r"[\r\n]+", "", value.decode("utf-8", "replace"))
    try:
        parts = decode_header(text)
        return "".join(each if isinstance(each, str) else _decoded(each, charset) for each, charset in parts)
    except (HeaderParseError, ValueError):
        return text


def _parts(headers: list[bytes], body: bytes) -> Iterator[str]:
    """The texts of a mail's body."""
    if len(_STRUCTURE.findall(body)) > 2 * _PARTS:
        yield body[: 4 * MOST].decode("utf-8", "replace")
        return
    head = b"\r\n".join(line[:_HEADER].strip(b"\r\n") for line in headers[:_HEADERS])
    try:
        mail: Message = BytesParser().parsebytes(head + b"\r\n\r\n" + body)
    except _UNREADABLE:  # of a header's parameters that contradict each other, for one
        yield body[: 4 * MOST].decode("utf-8", "replace")
        return
    for part in islice(mail.walk(), _PARTS):
        if not part.is_multipart() and part.get_content_maintype() == "text":
            text = _payload(part)
            yield _without_tags(text) if part.get_content_subtype() == "html" else text


def _payload(part: Message) -> str:
    try:
        content = part.get_payload(decode=True)
        charset = part.get_content_charset()
    except _UNREADABLE:  # what stands there is no encoding or no character set
        content, charset = part.get_payload(), None
    if isinstance(content, str):
        return content[: 4 * MOST]
    return _decoded(content[: 4 * MOST], charset) if isinstance(content, bytes) else ""


def _decoded(content: bytes, charset: str | None) -> str:
    try:
        found = codecs.lookup(charset or "utf-8")
        name = found.name.replace("-", "_")
        return content.decode("utf-8" if name in _SLOW else found.name, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _without_tags(text: str) -> str:
    plain = _TAG.sub(" ", text[: 4 * MOST])
    try:
        return unescape(plain)
    except ValueError:  # a character number of thousands of digits
        return plain
