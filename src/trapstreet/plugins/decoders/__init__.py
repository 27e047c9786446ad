"""From text to what is written in it: bWFyaWE=, %40, &uuml;, =C3=BC. One file per encoding; it is found by
its presence here.

A decoder is a module with
    title                what people call the encoding
    rank                 decoders are applied to a text in this order
    clue                 what the encoding is known by (_clues.py)
    places(data, starts) spans [start, end) where a part of a value may be encoded, with which all that stands
                         near is decoded; the starts are where the clue is, ascending
    decoded(data)        the data, with what it stands for in place of what is encoded
Both take any bytes, which begin and end anywhere, raise nothing, and are linear in them.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from trapstreet.plugins.decoders._clues import Clue
    from trapstreet.plugins.decoders._seeking import Search
    from trapstreet.plugins.decoders._trail import Trail

Span = tuple[int, int]

DEPTH = 3
"""How often what was decoded is decoded again."""

_PIECE = 1 << 18
"""Bytes that are looked at together; a line that is longer is cut. They stay in a processor's cache."""

_AROUND = 512
"""Bytes before and behind a place that are decoded with it: the fields of a record stand nearer together."""

_AGAIN = 4096
"""Bytes that are decoded again with what follows them: longer than a record in any encoding."""

_OVERLAP = 1024
"""Bytes that come again behind what was decoded: more than a match and what stands near it."""

_BREAKS = [b"\n", b" ", b",", b";", b"\t", b'"', b"'", b"<", b">"]


class Decoder(Protocol):
    """A module of this folder."""

    title: str
    rank: int
    clue: "Clue"

    def places(self, data: bytes, starts: list[int]) -> list[Span]: ...
    def decoded(self, data: bytes) -> bytes: ...


def decoded(chunks: Iterable[bytes], trail: "Trail | None" = None) -> Iterator[bytes]:
    """All the bytes of the chunks, cut again at line ends, and behind each piece what is encoded in it.

    What is decoded comes with what stands near it, in lines of its own, and the last 1,024 bytes before it
    come again behind it: what stood together still does. Where nothing is encoded the bytes are those of the
    chunks. A line is cut only if it is longer than 256 KiB. Memory: some MiB. Gives a few times the bytes of
    the chunks at most.
    trail  is told which bytes are decoded, before they are given
    """
    before = again = b""
    for piece in _pieces(chunks):
        if trail:
            trail.passed(piece, again=len(again))
        yield again + piece
        seen = before + piece
        found = _in_depth(seen, trail)
        if found:
            found = found if piece.endswith(b"\n") else b"\n" + found
            if trail:
                trail.decoded(found, seen)
            yield found
        again = _end(seen, _OVERLAP) if found else b""
        before = _end(seen, _AGAIN)
    if trail:
        trail.ended()


def remark() -> str:
    """The sentence for users where encodings are looked for in plain Python; "" where that is compiled."""
    from trapstreet.plugins.decoders import _native

    return "" if _native.load() else "What is encoded is looked for in plain Python, tens of times slower."


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of the chunks, cut at line ends; in lines that are too long, between words."""
    held: list[bytes | memoryview] = []
    size = 0
    for chunk in chunks:
        view, at = memoryview(chunk), 0
        while size + len(chunk) - at >= _PIECE:
            last = max(at, at + _PIECE - size)
            if cut := chunk.rfind(b"\n", at, last) + 1:
                yield b"".join([*held, view[at:cut]])
                held, size, at = [], 0, cut
                continue
            whole = b"".join([*held, view[at:last]])
            cut, at = whole.rfind(b"\n") + 1 or _between_words(whole), last
            yield whole[:cut]
            held, size = [whole[cut:]], len(whole) - cut
        held.append(view[at:] if at else chunk)
        size += len(chunk) - at
    if size:
        yield b"".join(held)


def _between_words(whole: bytes) -> int:
    return max(whole.rfind(each, len(whole) - _AGAIN) for each in _BREAKS) + 1 or len(whole)


def _end(data: bytes, size: int) -> bytes:
    """At least so many of the last bytes, from the beginning of a line if that is near."""
    return data[_line_near(data, len(data) - size) :]


def _line_near(data: bytes, at: int) -> int:
    """Where the line of a place begins, or the place itself if that is far away."""
    at = max(0, at)
    return data.rfind(b"\n", max(0, at - _AROUND), at) + 1 or at


def _in_depth(data: bytes, trail: "Trail | None") -> bytes:
    """What is decoded in the data, in what that gives, and so on: in lines of its own."""
    found = []
    for depth in range(DEPTH):
        starts = _search().places(data)
        if trail:
            trail.clues(data, starts, depth=depth)
        data = _once(data, starts)
        if not data:
            break
        found.append(data)
    return b"".join(found)


def _once(data: bytes, starts: list[list[int]], *, without: Decoder | None = None) -> bytes:
    """What stands round all places, decoded once, with a line end; nothing if that changes nothing.

    starts   for each decoder where its clue stands
    without  a decoder that is left out
    """
    spans = _places(data, starts)
    if not spans:
        return b""
    text = result = b"".join(data[start:end] + b"\n" for start, end in _windows(data, spans))
    for each in _decoders():
        if each is not without:
            result = each.decoded(result)
    return result if result != text else b""


def _places(data: bytes, starts: list[list[int]]) -> list[Span]:
    """Where any decoder may find something."""
    found = zip(_decoders(), starts, strict=True)
    return [span for each, own in found if own for span in each.places(data, own)]


def _windows(data: bytes, spans: list[Span]) -> Iterator[Span]:
    """The spans with what stands near them, in whole lines if these are short; spans that are near each other
    are one."""
    spans.sort()
    first, last = spans[0]
    for start, end in spans[1:]:
        if start > last + 2 * _AROUND:
            yield _widened(data, first, last)
            first = start
        last = max(last, end)
    yield _widened(data, first, last)


def _widened(data: bytes, start: int, end: int) -> Span:
    last = end + _AROUND
    line = data.find(b"\n", last, last + _AROUND)
    return _line_near(data, start - _AROUND), line if line >= 0 else last


@cache
def _decoders() -> tuple[Decoder, ...]:
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    modules = [cast(Decoder, importlib.import_module(f"{__name__}.{name}")) for name in names]
    return tuple(sorted(modules, key=lambda module: module.rank))


@cache
def _search() -> "Search":
    from trapstreet.plugins.decoders._seeking import Search

    return Search(tuple(each.clue for each in _decoders()))
