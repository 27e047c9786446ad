"""Hexadecimal digits in upper and lower case, in one line and in many: 6d617269, 0x6d617269.

A run counts where it stands for text: eight bytes or more in UTF-8, UTF-16 or UTF-32, or 24 and more in
Latin-1.
"""

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import Runs
from trapstreet.plugins.decoders._runs import block_of, found, replaced, spans
from trapstreet.plugins.decoders._seeking import Search
from trapstreet.plugins.decoders._text import LATIN

title = "hexadecimal digits"
rank = 10  # before escapes: those would take \x6d from \x6d617269
_ALPHABET = b"0123456789abcdefABCDEF"

_DIGITS = 4
"""Digits among the first eight bytes that a number stands for, if it is text."""

_NUMBER = 32
"""Digits of the longest number that is looked at so: 8 + 8 at either end are all."""

_VALUE = bytes(int(bytes([byte]), 16) if byte in _ALPHABET else 0 for byte in range(256))

clue = Runs(
    _ALPHABET,
    least=16,
    bits=4,
    value=_VALUE,
    begins=(
        2,
        (
            (b"0234567", _ALPHABET),  # ASCII
            (b"cdefCDEF", b"89abAB"),  # UTF-8 of two bytes and more
            (b"fF", b"fF"),  # marks of UTF-16
            (_ALPHABET, b"0"),  # zeros
        ),
    ),
    surely=LATIN * 8 // 4,
    digits=_NUMBER,
    longest=_NUMBER,
    threes=_DIGITS,
)

_SEARCH = Search((clue,))
_BLOCK = block_of(clue)


def places(data: bytes, starts: list[int]) -> list[Span]:
    return spans(found(_BLOCK, data, starts, _raw))


def decoded(data: bytes) -> bytes:
    return replaced(data, found(_BLOCK, data, _SEARCH.alone(data), _raw))


def _raw(run: bytes) -> bytes:
    run = run.translate(None, b" \t\r\n")
    if run.isdigit():  # half of all numbers would be text
        number = run[:16:2].count(b"3") < _DIGITS if len(run) <= _NUMBER else run[::2].strip(b"23467")
        return b"" if number else bytes.fromhex(run[: len(run) & ~1].decode())
    return bytes.fromhex(run[: len(run) & ~1].decode())
