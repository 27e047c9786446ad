"""The text of XML and HTML: tags become breaks or nothing; what is written inside them for people stays.

Nothing is looked up, expanded or fetched: entities that a document declares for itself stay as they are
written. Memory: some chunks, whatever the document's size. Cost, one core: 60 to 150 MB/s of markup.
"""

import html
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trapstreet.plugins.formats import Hash, Text
from trapstreet.plugins.formats import text as any_text
from trapstreet.plugins.formats._charset import codec, keeps_ascii
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._stream import Stream

CELL = b"\0\t"
"""Written at the end of a table's cell: a tab, in place of the break after the paragraph before it."""

LONGEST = 1 << 20  # bytes of a tag
_HEAD = 4096  # bytes within which a document says in which encoding it is
_CHARSET = re.compile(rb"(?i)(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})")
_NO_BRACKETS = bytes(set(range(256)) - set(b"<>"))
_TAG = re.compile(rb"<([^<>]*)>")
_NAME = re.compile(rb"(/?)(?:[\w.-]+:)?([\w.-]+)(?=[\s/]|$)")
_ATTRIBUTE = re.compile(rb"(?:\b(\w+):)?\b([\w.-]+)=(?:\"([^\"]*)\"|'([^']*)')")
_FORMAL = (b"xmlns", b"Type", b"uri")  # attributes whose addresses name formats
_BETWEEN = re.compile(rb">[ \t]*[\r\n]\s*(?=<)")
_SPACE = re.compile(rb"[\r\n]\s*")
_DELETED = re.compile(rb"<(?:[\w.-]+:)?delText\b[^<>]*>([^<]*)|</(?:[\w.-]+:)?(del|p)>")
_DELETED_RUN = re.compile(rb"(<(?:[\w.-]+:)?delText\b[^<>]*>)[^<]*")
_ASIDE = b"\1"
_ENDLESS = re.compile(rb"&#(?=[0-9]{100})")
"""A character by a number that none has; Python refuses to read one of more than 4,300 digits."""
_REFERENCE = 32  # bytes that a reference like &CounterClockwiseContourIntegral; may have
_CACHED, _CACHED_TAG = 10_000, 200  # tags, bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """What tags mean.

    begins, ends  by an element's name without its prefix, in lower case: what is written for its tags; an
                  element that is empty in itself is written as if it began and ended
    shown         attributes whose values are written where they stand, as are all that hold an address;
                  None: no attribute is
    inside        elements that stand in the middle of words: their attributes come at the end of the document
    formal        elements as they are usually written whose attributes are never shown; most have numbers of
                  their own, so that this doubles the speed
    loose         white space around a line break between two tags means nothing
    flowing       a line break is a space, as any white space is
    """

    begins: Mapping[bytes, bytes]
    ends: Mapping[bytes, bytes]
    shown: frozenset[bytes] | None
    inside: frozenset[bytes] = frozenset()
    formal: frozenset[bytes] = frozenset()
    loose: bool = False
    flowing: bool = False


def as_written(data: Stream, path: str) -> Text:
    """A document with its tags, in the encoding that it declares; the hash is that of its bytes."""
    match = _CHARSET.search(data.peek(_HEAD))
    encoding = codec(match[1].decode().lower()) if match else ""
    if encoding and keeps_ascii(encoding) and b"\0" not in data.peek(_HEAD):
        digest = LateHash()
        return Text(path, _decoded(data, encoding, digest), digest)
    return next(any_text.parts(data, path))


def _decoded(data: Stream, encoding: str, digest: Hash) -> Iterator[bytes]:
    decoder = getincrementaldecoder(encoding)("replace")
    for block in data:
        digest.update(block)
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def plain(chunks: Iterator[bytes], dialect: Dialect) -> Iterator[bytes]:
    """The text in chunks of UTF-8 markup, however they are cut."""
    written = _written(dialect)
    rest = b""
    for chunk in chunks:
        whole = rest + chunk if rest else chunk
        rest = whole[unfinished(whole) :]
        yield _text(whole[: len(whole) - len(rest)], written)
    if rest:
        yield _text(rest, written)
    if written.aside:
        yield b"\n".join([b"", *written.aside, b""])


def unfinished(block: bytes) -> int:
    """Where the tag or reference begins that goes on behind the block, unless it is too long for one."""
    tag = block.rfind(b"<")
    if tag >= 0 and block.find(b">", tag) < 0 and len(block) - tag <= LONGEST:
        return tag
    reference = block.rfind(b"&", max(0, len(block) - _REFERENCE))
    return reference if reference >= 0 and block.find(b";", reference) < 0 else len(block)


def _written(dialect: Dialect) -> "_Written":
    """Of a dialect that shows no attributes, the same for all documents: mails are many small ones."""
    if dialect.shown is not None:
        return _Written(dialect)
    return _SHARED.setdefault(id(dialect), _Written(dialect))


class _Written(dict[bytes, bytes]):
    """What is written for each tag: most documents have few different ones.

    aside  attributes that stood in the middle of a text, each once
    """

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self.dialect = dialect
        self.aside: dict[bytes, None] = {}
        self._formal = dialect.formal
        self._signs = () if dialect.shown is None else (b"@", b"//", *(n + b"=" for n in dialect.shown))

    def __missing__(self, tag: bytes) -> bytes:
        space = tag.find(b" ")
        if tag[:space] in self._formal and not tag.endswith(b"/"):
            return self[tag[:space]]
        if space > 0 and tag[0] not in b"!?" and not self._shows(tag):
            written = self[tag[:space] + (b"/" if tag.endswith(b"/") else b"")]
        else:
            written = _tag(tag, self.dialect)
        if written.startswith(_ASIDE):
            if len(written) > 1 and len(self.aside) < _CACHED:
                self.aside[written[1:]] = None
            written = b""
        if len(tag) < _CACHED_TAG:
            if len(self) >= _CACHED:
                self.clear()
            self[tag] = written
        return written

    def _shows(self, tag: bytes) -> bool:
        lower = tag.lower()
        return any(sign in lower for sign in self._signs)


_SHARED: dict[int, _Written] = {}
"""By a dialect's id, which is a constant of its module."""


def _text(block: bytes, written: _Written) -> bytes:
    deleted = b""
    if written.dialect.loose and b"\n" in block:
        block = _BETWEEN.sub(b">", block)
    if written.dialect.flowing:
        block = _SPACE.sub(b" ", block)
    if b"delText" in block:  # aside, for it stands in the middle of what replaced it
        deleted = b"\n" + b"".join(
            text or {b"del": b" ", b"p": b"\n"}.get(end, b"") for text, end in _DELETED.findall(block)
        )
        block = _DELETED_RUN.sub(rb"\1", block)
    pieces = _pieces(block)
    pieces[1::2] = map(written.__getitem__, pieces[1::2])
    text = (b"".join(pieces) + deleted).replace(b"\n" + CELL, b"\t").replace(CELL, b"\t")
    if b"&" in text:
        text = _ENDLESS.sub(b"&amp;#", text)
        text = html.unescape(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return text


def _pieces(block: bytes) -> list[bytes]:
    """Text and what stands between < and >, by turns."""
    if block.translate(None, _NO_BRACKETS) == b"<>" * block.count(b"<"):  # three times as fast as the search
        return block.replace(b">", b"<").split(b"<")
    return _TAG.split(block)


def _tag(tag: bytes, dialect: Dialect) -> bytes:
    if tag.startswith(b"![CDATA["):
        return tag[8:].removesuffix(b"]]")
    if tag[:1] in (b"!", b"?"):
        return b"" if tag[:4].lower() in (b"?xml", b"!doc") else b"\n%b\n" % tag
    match = _NAME.match(tag)
    if match is None:
        return b"<%b>" % tag
    name = match[2].lower()
    if match[1]:
        return dialect.ends.get(name, b"")
    if name in dialect.inside:
        return _ASIDE + _attributes(tag, dialect)
    ended = dialect.ends.get(name, b"") if tag.endswith(b"/") else b""
    return dialect.begins.get(name, b"") + _attributes(tag, dialect) + ended


def _attributes(tag: bytes, dialect: Dialect) -> bytes:
    if dialect.shown is None:
        return b""
    values = [
        value
        for prefix, name, double, single in _ATTRIBUTE.findall(tag)
        if ((value := double or single) and name.lower() in dialect.shown)
        or ((b"@" in value or b"//" in value) and prefix != b"xmlns" and name not in _FORMAL)
    ]
    return b" %b " % b" ".join(values) if values else b""
