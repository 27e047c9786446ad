"""Base64 in its ordinary and its URL-safe alphabet, with and without padding, in one line and in many.

A run of its characters counts where they stand for text: eight bytes or more in UTF-8, UTF-16 or UTF-32, or
24 and more in Latin-1. Of long runs any of four characters may be the first of a group.
"""

import binascii
from typing import TYPE_CHECKING

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._marks import marked
from trapstreet.plugins.decoders._runs import Notation, decimal, numbers, replaced, spans

if TYPE_CHECKING:
    from trapstreet.plugins.decoders._marks import Marks, Places
    from trapstreet.plugins.decoders._runs import Flags, Words

title = "base64"
rank = 60  # behind whatever an @ or a line break can be encoded in, and before "=" may be a broken line

_SIX_BITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ORDINARY = bytes.maketrans(b"-_", b"+/")
_BETWEEN = b"= \t\r\n"
_VALUE = bytes(max(0, _SIX_BITS.find(bytes([byte]).translate(_ORDINARY))) for byte in range(256))

alphabet = _SIX_BITS + b"-_"


def places(data: bytes, marks: "Marks | None") -> list[Span]:
    return spans(_NOTATION.found(data, marks))


def decoded(data: bytes) -> bytes:
    return replaced(data, _NOTATION.found(data, marked(data, [alphabet])[alphabet]))


def _heads(words: "Words", starts: "Places") -> "Words":
    return numbers(words[starts], _VALUE, 6)


def _plain(words: "Words", starts: "Places", ends: "Places") -> "Flags":
    return decimal(words[starts])


def _raw(run: bytes) -> bytes:
    run = run.translate(_ORDINARY, _BETWEEN)
    run = run[:-1] if len(run) % 4 == 1 else run
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


_NOTATION = Notation(
    alphabet,
    least=11,
    bits=6,
    heads=_heads,
    plain=_plain,
    raw=_raw,
    begins=(
        1,
        (
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef", alphabet),  # ASCII
            (b"wxyz0123456789", b"IJKLYZabopqr4567"),  # UTF-8 of two bytes and more
            (b"/_", b"/_v"),  # marks of UTF-16
            (alphabet, b"AQgw"),  # zeros
        ),
    ),
    padding=rb"={0,2}+",
)
