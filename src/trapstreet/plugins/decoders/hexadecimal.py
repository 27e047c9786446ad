"""Hexadecimal digits in upper and lower case, in one line and in many: 6d617269, 0x6d617269.

A run counts where it stands for text: eight bytes or more in UTF-8, UTF-16 or UTF-32, or 24 and more in
Latin-1.
"""

from typing import TYPE_CHECKING

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._marks import marked
from trapstreet.plugins.decoders._runs import Notation, decimal, numbers, replaced, spans

if TYPE_CHECKING:
    from trapstreet.plugins.decoders._marks import Marks, Places
    from trapstreet.plugins.decoders._runs import Flags, Words

title = "hexadecimal digits"
rank = 10  # before escapes: those would take \x6d from \x6d617269
alphabet = b"0123456789abcdefABCDEF"

_DIGITS = 4
"""Digits among the first eight bytes that a number stands for, if it is text."""

_NUMBER = 32
"""Digits of the longest number that is looked at so: 8 + 8 at either end are all."""

_VALUE = bytes(int(bytes([byte]), 16) if byte in alphabet else 0 for byte in range(256))


def places(data: bytes, marks: "Marks | None") -> list[Span]:
    return spans(_NOTATION.found(data, marks))


def decoded(data: bytes) -> bytes:
    return replaced(data, _NOTATION.found(data, marked(data, [alphabet])[alphabet]))


def _heads(words: "Words", starts: "Places") -> "Words":
    import numpy as np

    first, second = numbers(words[starts], _VALUE, 4), numbers(words[starts + 8], _VALUE, 4)
    return (first << np.uint64(32) | second) >> np.uint64(16)


def _plain(words: "Words", starts: "Places", ends: "Places") -> "Flags":
    import numpy as np

    short = ends - starts <= _NUMBER
    for at in (starts, starts + 8, ends - 16, ends - 8):
        short &= decimal(words[at])
    digits = np.frombuffer(np.stack([words[starts], words[starts + 8]], axis=1).tobytes(), dtype=np.uint8)
    few = (digits.reshape(-1, 8, 2)[:, :, 0] == ord("3")).sum(axis=1) < _DIGITS
    refused: Flags = short & few
    return refused


def _raw(run: bytes) -> bytes:
    run = run.translate(None, b" \t\r\n")
    if run.isdigit():  # half of all numbers would be text
        number = run[:16:2].count(b"3") < _DIGITS if len(run) <= _NUMBER else run[::2].strip(b"23467")
        return b"" if number else bytes.fromhex(run[: len(run) & ~1].decode())
    return bytes.fromhex(run[: len(run) & ~1].decode())


_NOTATION = Notation(
    alphabet,
    least=16,
    bits=4,
    heads=_heads,
    plain=_plain,
    raw=_raw,
    begins=(
        2,
        (
            (b"0234567", alphabet),  # ASCII
            (b"cdefCDEF", b"89abAB"),  # UTF-8 of two bytes and more
            (b"fF", b"fF"),  # marks of UTF-16
            (alphabet, b"0"),  # zeros
        ),
    ),
)
