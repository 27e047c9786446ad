"""Base64 in its ordinary and its URL-safe alphabet, with and without padding, in one line and in many.

A run of its characters counts where they stand for text: eight bytes or more in UTF-8, UTF-16 or UTF-32, or
24 and more in Latin-1. Of long runs any of four characters may be the first of a group.
"""

import binascii

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import Runs
from trapstreet.plugins.decoders._runs import block_of, found, replaced, spans
from trapstreet.plugins.decoders._seeking import Search
from trapstreet.plugins.decoders._text import LATIN

title = "base64"
rank = 60  # behind whatever an @ or a line break can be encoded in, and before "=" may be a broken line

_SIX_BITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ORDINARY = bytes.maketrans(b"-_", b"+/")
_BETWEEN = b"= \t\r\n"
_VALUE = bytes(max(0, _SIX_BITS.find(bytes([byte]).translate(_ORDINARY))) for byte in range(256))

_ALPHABET = _SIX_BITS + b"-_"

clue = Runs(
    _ALPHABET,
    least=11,
    bits=6,
    value=_VALUE,
    begins=(
        1,
        (
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef", _ALPHABET),  # ASCII
            (b"wxyz0123456789", b"IJKLYZabopqr4567"),  # UTF-8 of two bytes and more
            (b"/_", b"/_v"),  # marks of UTF-16
            (_ALPHABET, b"AQgw"),  # zeros
        ),
    ),
    surely=LATIN * 8 // 6,
    digits=8,
    longest=64,
    threes=8,
)

_SEARCH = Search((clue,))
_BLOCK = block_of(clue, padding=rb"={0,2}+")


def places(data: bytes, starts: list[int]) -> list[Span]:
    return spans(found(_BLOCK, data, starts, _raw))


def decoded(data: bytes) -> bytes:
    return replaced(data, found(_BLOCK, data, _SEARCH.alone(data), _raw))


def _raw(run: bytes) -> bytes:
    run = run.translate(_ORDINARY, _BETWEEN)
    run = run[:-1] if len(run) % 4 == 1 else run
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))
