"""Web archives: WARC and ARC, packed with gzip or not.

What a server sent comes as a text with the headers before it if it is a page or another text, as a member if
it is a file of another kind. Both go by their address. A page comes as it is written: to read each as people
do would take several times as long as to unpack it.

Format: ISO 28500 (WARC 1.1); "ARC File Format", Internet Archive, 1996.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _packed as packed
from trapstreet.plugins.formats import text as any_text
from trapstreet.plugins.formats._charset import codec, utf8
from trapstreet.plugins.formats._deflate import GZIP, damage, inflate
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._http import Response, field
from trapstreet.plugins.formats._parsed import cut
from trapstreet.plugins.formats._rows import is_document
from trapstreet.plugins.formats._stream import CHUNK, Budget, Damaged, Stream
from trapstreet.plugins.formats.text import mended

title = "web archive"
rank = 15
container = True
begins = b"\x1fWf"

_MAGIC = (b"WARC/", b"filedesc://")
_GZIP = b"\x1f\x8b\x08"
_HEADERS = 8192
_GAP, _LINE_ENDS = b"\r\n\r\n", (b"\r", b"\n")
_LONGEST = 1 << 20  # bytes of a record's headers
_DIGITS = 18
_MAGIC_NUMBER = 64  # bytes of a document that tell that it is one, or fewer
_WHOLE = 32 << 20  # bytes of a record that is read at once
_ANSWERS = ("response", "request")
_OF_A_SERVER = ("response", "resource", "conversion")
_ARC = re.compile(rb"(\S+) \S+ [0-9]{14} \S+(?: [^\n]{0,500})? ([0-9]{1,18})\r?\n")


class _Record(NamedTuple):
    """kind  of the WARC format: "response", "request", "metadata" …"""

    kind: str
    address: str
    size: int


def recognises(data: Stream) -> bool:
    from isal import isal_zlib

    head = data.peek(_HEADERS)
    if head.startswith(_GZIP):
        try:
            head = isal_zlib.decompressobj(GZIP).decompress(head, len(_MAGIC[1]))
        except damage():
            return False
    return head.startswith(_MAGIC)


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    if _is_gzip(data):
        blocks = packed.in_a_row(data, partial(inflate, header=GZIP), begins=_is_gzip, name="gzip")
        data = Stream(data.budget.unpack(blocks), data.budget)
    number = 0
    while (alone := _packed_alone(data)) or _goes_on(data):
        number += 1
        record, content = alone or (_head(data), None)
        if record is None:
            why = "the web archive is damaged in the middle; what follows was read as it stands"
            yield Unread(path, why, partly=True)
            yield from any_text.parts(data, f"{path}!/(rest)")
            return
        if not record.size:
            continue
        place = f"{path}!/{record.address or f'{record.kind}-{number}'}"
        if record.kind not in _OF_A_SERVER:
            place += f" ({record.kind})"
        if content is None and record.size > _WHOLE:
            yield from _large(data, record, place)
            continue
        content = data.read(record.size) if content is None else content
        yield from _parts(content, record, place, data.budget)
        if len(content) < record.size:
            yield Unread(place, "the web archive ends in the middle of this record")
    data.read(1)  # raises what ended the stream, if something did


def _is_gzip(data: Stream) -> bool:
    return data.peek(3) == _GZIP


def _goes_on(data: Stream) -> bool:
    """Skips the empty lines behind a record; False at the end."""
    while (ahead := data.peek(1)) in _LINE_ENDS:
        ahead = data.peek(64)
        data.read(len(ahead) - len(ahead.lstrip(b"\r\n")))
    return bool(ahead)


def _packed_alone(data: Stream) -> tuple[_Record, bytes] | None:
    """The next record and its content, if these are all that the next block holds: most are packed so."""
    block = data.block()
    end = block.find(_GAP)
    record = _record(block[:end]) if block.startswith(_MAGIC[0]) and end >= 0 else None
    if record and len(block) == end + record.size + 2 * len(_GAP) and block.endswith(_GAP):
        return record, block[end + len(_GAP) : -len(_GAP)]
    data.put_back(len(block))
    return None


def _head(data: Stream) -> _Record | None:
    """Reads on to the content of the next record; None if what stands there is no record."""
    head = data.peek(_HEADERS)
    arc = None if head.startswith(_MAGIC[0]) else _ARC.match(head)
    if arc:
        data.read(arc.end())
        kind = "warcinfo" if head.startswith(_MAGIC[1]) else "response"
        return _Record(kind, _text(arc[1]), int(arc[2]))
    end = head.find(_GAP)
    if end < 0:
        head = data.peek(_LONGEST)
        end = head.find(_GAP)
    if end < 0 or not head.startswith(_MAGIC[0]):
        return None
    record = _record(head[:end])
    if record:
        data.read(end + len(_GAP))
    return record


def _record(fields: bytes) -> _Record | None:
    """What the headers say; None if they do not say how long the content is."""
    low = fields.lower()
    length = field(low, b"\ncontent-length:")
    if not length.isdigit() or len(length) > _DIGITS:
        return None
    return _Record(field(low, b"\nwarc-type:").decode("latin-1"), _address(fields, low), int(length))


def _address(fields: bytes, low: bytes) -> str:
    """The address as it is written; where it is, its name in lower case tells."""
    at = low.find(b"\nwarc-target-uri:") + 1
    end = fields.find(b"\r", at)
    return _text(fields[at + 16 : end if end >= 0 else len(fields)].strip(b" \t<>")) if at else ""


def _parts(content: bytes, record: _Record, place: str, budget: Budget) -> Iterable[Text | Member | Unread]:
    if record.kind in _ANSWERS:
        answer = Response(content)
        if answer.is_textual and answer.is_plain and not codec(answer.charset):
            at = len(answer.head)
            if not is_document(content[at : at + _MAGIC_NUMBER]):
                return [_as_sent(place, answer)]
        return _answer(answer, place, budget)
    if is_document(content):
        return [Member(place, Stream([content], budget))]
    return [_page(place, b"", iter([content]), "")]


def _answer(answer: Response, place: str, budget: Budget) -> Iterator[Text | Member | Unread]:
    damage: list[str] = []
    pieces = _until_damage(answer.body() if answer.is_plain else budget.unpack(answer.body()), damage)
    first = next(pieces, b"")
    body = chain([first], pieces)
    if answer.is_textual and not is_document(first):
        yield _page(place, answer.head, body, answer.charset)
    else:
        if answer.head:
            yield _page(f"{place} (headers)", answer.head, iter(()), "")
        yield Member(place, Stream(body, budget))
    if damage:
        yield Unread(place, damage[0])


def _as_sent(place: str, answer: Response) -> Text:
    digest = LateHash()
    digest.update(answer.sent)
    text = mended(answer.message)
    return Text(place, cut(text) if len(text) > CHUNK else iter((text,)), digest)


def _until_damage(pieces: Iterator[bytes], damage: list[str]) -> Iterator[bytes]:
    try:
        yield from pieces
    except Damaged as error:
        damage.append(str(error))


def _large(data: Stream, record: _Record, place: str) -> Iterator[Text | Member]:
    """A record too large to be read at once; its body comes as it was sent."""
    content = data.part(record.size)
    if record.kind in _ANSWERS:
        head = Response(data.peek(_HEADERS)).head
        yield _page(f"{place} (headers)", head, iter(()), "")
        content = data.part(record.size - len(data.read(len(head))))
    yield Member(place, Stream(content, data.budget))
    for _ in content:  # what the reader left
        pass


def _page(path: str, head: bytes, body: Iterator[bytes], charset: str) -> Text:
    digest = LateHash()
    return Text(path, _chunks(head, body, charset, digest), digest)


def _chunks(head: bytes, body: Iterator[bytes], charset: str, digest: LateHash) -> Iterator[bytes]:
    """Head and body as UTF-8; a piece that follows another begins with what is left of the last line."""
    if head:
        yield utf8(head)
    rest = b""
    for piece in body:
        digest.update(piece)
        whole = rest + piece
        end = whole.rfind(b"\n") + 1 if len(piece) == CHUNK and len(rest) < CHUNK else len(whole)
        rest = whole[end:]
        yield from cut(utf8(whole[:end], charset))
    if rest:
        yield utf8(rest, charset)


def _text(address: bytes) -> str:
    return address.decode("utf-8", "surrogateescape")
