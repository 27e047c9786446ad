"""Hexadecimal digits in pairs with something between them, as programs show bytes: 6d 61 72 69, 6d:61:72:69.

Eight pairs or more with the same between them count where they stand for text.
"""

import re

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import Pairs
from trapstreet.plugins.decoders._runs import found, replaced, spans
from trapstreet.plugins.decoders._seeking import Search

title = "hexadecimal digits in pairs"
rank = 20
clue = Pairs(b"0123456789abcdefABCDEF")

_BETWEEN = b" :-,\r\n"
_PAIRS = re.compile(
    rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}([ :,-])[0-9A-Fa-f]{2}(?:(?:\1|\1?\r?\n)[0-9A-Fa-f]{2}){6,}+"
)

_SEARCH = Search((clue,))


def places(data: bytes, starts: list[int]) -> list[Span]:
    return spans(found(_PAIRS, data, starts, _raw))


def decoded(data: bytes) -> bytes:
    return replaced(data, found(_PAIRS, data, _SEARCH.alone(data), _raw))


def _raw(pairs: bytes) -> bytes:
    return bytes.fromhex(pairs.translate(None, _BETWEEN).decode())
