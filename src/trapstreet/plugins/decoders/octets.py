"""Hexadecimal digits in pairs with something between them, as programs show bytes: 6d 61 72 69, 6d:61:72:69.

Eight pairs or more with the same between them count where they stand for text.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._marks import ahead, marked, ones
from trapstreet.plugins.decoders._runs import Run, replaced, run_of, spans

if TYPE_CHECKING:
    from trapstreet.plugins.decoders._marks import Marks

title = "hexadecimal digits in pairs"
rank = 20
alphabet = b"0123456789abcdefABCDEF"

_BETWEEN = b" :-,\r\n"
_PAIRS = re.compile(
    rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}([ :,-])[0-9A-Fa-f]{2}(?:(?:\1|\1?\r?\n)[0-9A-Fa-f]{2}){6,}+"
)


def places(data: bytes, marks: "Marks | None") -> list[Span]:
    return spans(_found(data, marks))


def decoded(data: bytes) -> bytes:
    return replaced(data, _found(data, marked(data, [alphabet])[alphabet]))


def _found(data: bytes, marks: "Marks | None") -> Iterator[Run]:
    for start, end in _spans(data, marks):
        if run := run_of(data, start, end, _raw):
            yield run


def _raw(pairs: bytes) -> bytes:
    return bytes.fromhex(pairs.translate(None, _BETWEEN).decode())


def _spans(data: bytes, marks: "Marks | None") -> Iterator[Span]:
    if marks is None:
        yield from (match.span() for match in _PAIRS.finditer(data))
        return
    pair = marks & ahead(marks, 1) & ~ahead(marks, 2)
    many = pair & ahead(pair, 3)
    many &= ahead(many, 6)
    many &= ahead(many, 12)
    done = 0
    for at in ones(many).tolist():
        if at >= done and (match := _PAIRS.match(data, at)):
            done = match.end()
            yield match.span()
