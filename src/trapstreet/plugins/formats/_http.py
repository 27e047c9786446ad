"""An answer of a web server as it went over the wire (RFC 9112), its body unpacked."""

import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO

from trapstreet.plugins.formats._deflate import GZIP, RAW, ZLIB, damage
from trapstreet.plugins.formats._stream import CHUNK, Damaged

_CHARSET = re.compile(rb"charset=[\"']?([\w.:-]{1,40})")
_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]{0,200})?\r?\n")
_TEXTUAL = re.compile(rb"text/|.*(?:json|xml|script|urlencoded|html|yaml|csv|sql)|multipart/|message/http")
_TYPE = 1000  # bytes of a Content-Type that are looked at
_CODINGS = 5  # of one body
_LARGEST = 64 << 20  # bytes of a body that is packed several times, but for the last
_WINDOW = 8 << 20  # bytes of the past that a server's Zstandard may refer to (RFC 9659)


def field(head: bytes, name: bytes) -> bytes:
    """The first value of a header behind the first line, b"" if there is none; by its name as it is there,
    with the line end before it and the colon behind."""
    return head.partition(name)[2].partition(b"\n")[0].strip()


@lru_cache(maxsize=256)
def _declared(type_: bytes) -> tuple[bool, str]:
    """Whether a Content-Type in lower case is that of a text, as is none; and its charset."""
    charset = _CHARSET.search(type_)
    return not type_ or _TEXTUAL.match(type_) is not None, charset[1].decode() if charset else ""


class Response:
    """The head of an answer, and its body.

    message     both, as they were sent
    head        up to the empty line, with it
    sent        the body
    is_textual  whether the server says that the body is a text, or says nothing
    charset     that the head declares for the body, "" if none
    """

    def __init__(self, message: bytes) -> None:
        end = message.find(b"\r\n\r\n")
        end = end + 4 if end >= 0 else 0
        self.message = message
        self.head = message[:end]
        self.sent = memoryview(message)[end:]
        head = self.head.lower()
        self.is_textual, self.charset = _declared(field(head, b"\ncontent-type:")[:_TYPE])
        self._encodings: list[bytes] = []
        if b"-encoding:" in head:
            words = field(head, b"\ncontent-encoding:") + b"," + field(head, b"\ntransfer-encoding:")
            self._encodings = [word.strip() for word in words.split(b",") if word.strip()]

    @property
    def is_plain(self) -> bool:
        """Whether the body came as it is."""
        return not self._encodings

    def body(self) -> Iterator[bytes]:
        """The body in pieces, all that it is packed in undone, the last first.

        Many archives keep it unpacked under a head that says otherwise: that is read too.
        Raises Damaged in the middle of what is packed.
        """
        rest = bytes(self.sent)
        if b"chunked" in self._encodings and _SIZE.match(rest):
            rest = b"".join(_chunks(rest))
        packed = [each for word in self._encodings if (each := _UNPACKED.get(word.removeprefix(b"x-")))]
        first, *others = packed[-_CODINGS:] or [_plain]
        for unpack in reversed(others):
            rest = _small(unpack(rest))
        yield from first(rest)


def _chunks(body: bytes) -> Iterator[bytes]:
    """The content of chunks, and whatever follows where they are broken."""
    at = 0
    while size := _SIZE.match(body, at):
        end = size.end() + int(size[1], 16)
        yield body[size.end() : end]
        at = end + len(body[end : end + 2]) - len(body[end : end + 2].lstrip(b"\r\n"))
        if size.end() == end:
            break
    yield body[at:].lstrip(b"\r\n")


def _plain(body: bytes) -> Iterator[bytes]:
    yield body


def _small(pieces: Iterator[bytes]) -> bytes:
    """What is packed once more, in one piece."""
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > _LARGEST:
            raise Damaged(f"what is packed in it is larger than {_LARGEST >> 20} MB, and packed once more")
    return bytes(whole)


def _inflated(body: bytes) -> Iterator[bytes]:
    """gzip, zlib or bare deflate, as it turns out; the body as it is if it is none of them."""
    from isal import isal_zlib

    zlib = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
    inflater = isal_zlib.decompressobj(GZIP if body[:2] == b"\x1f\x8b" else ZLIB if zlib else RAW)
    rest, begun = body, False
    try:
        while rest and not inflater.eof:
            piece = inflater.decompress(rest, CHUNK)
            yield piece
            rest, begun = inflater.unconsumed_tail, True
        if not inflater.eof:
            raise Damaged("the compressed body ends in the middle")
        if behind := inflater.unused_data.strip(b"\0\r\n"):
            yield behind
            raise Damaged("what follows the compressed body was read as it stands")
    except damage() as error:
        if begun:
            raise Damaged(_BROKEN) from error
        yield body


def _brotli(body: bytes) -> Iterator[bytes]:
    import brotli

    unpacker, rest, begun = brotli.Decompressor(), body, False
    try:
        while piece := unpacker.process(rest, output_buffer_limit=CHUNK):
            yield piece
            rest, begun = b"", True
        if not unpacker.is_finished():
            raise Damaged("the compressed body ends in the middle")
    except brotli.error as error:
        if begun:
            raise Damaged(_BROKEN) from error
        yield body


def _zstandard(body: bytes) -> Iterator[bytes]:
    import zstandard

    begun = False
    try:
        with zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
            BytesIO(body), read_across_frames=True
        ) as reader:
            while piece := reader.read(CHUNK):
                yield piece
                begun = True
    except zstandard.ZstdError as error:
        if begun:
            raise Damaged(_BROKEN) from error
        yield body


_BROKEN = "the compressed body is damaged"
_UNPACKED = {b"gzip": _inflated, b"deflate": _inflated, b"br": _brotli, b"zstd": _zstandard}
