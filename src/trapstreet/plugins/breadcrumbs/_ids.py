"""Random parts of names, as ordinary software writes them: no length, alphabet or place is always there."""

import re
from collections.abc import Callable
from math import ceil, log2

from trapstreet.core.maths.draws import KeyedDraws

BITS = 96
"""Random bits of what nobody types: it cannot be guessed by asking."""

HEX = "0123456789abcdef"
LETTERS_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE62 = LETTERS_DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE64URL = BASE62 + "-_"

_OPAQUE = re.compile(r"[0-9A-Za-z]{8,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def text(draws: KeyedDraws, alphabet: str, length: int) -> str:
    """Letters drawn from the alphabet."""
    return "".join(draws.choice(alphabet) for _ in range(length))


def enough(draws: KeyedDraws, alphabet: str, *, spare: int = 9) -> str:
    """At least BITS random bits in the alphabet, and up to `spare` letters more."""
    return text(draws, alphabet, ceil(BITS / log2(len(alphabet))) + draws.below(spare + 1))


def uuid(draws: KeyedDraws) -> str:
    """A UUID of version 4: 122 random bits."""
    digits = text(draws, HEX, 12) + "4" + text(draws, HEX, 3) + draws.choice("89ab") + text(draws, HEX, 15)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _digest(draws: KeyedDraws) -> str:
    return text(draws, HEX, draws.choice((32, 40)))


_PATH: tuple[Callable[[KeyedDraws], str], ...] = (
    uuid,
    _digest,
    lambda draws: enough(draws, HEX),
    lambda draws: enough(draws, BASE62),
    lambda draws: enough(draws, LETTERS_DIGITS),
    lambda draws: draws.choice(BASE62) + enough(draws, BASE64URL),
)
_LABEL: tuple[Callable[[KeyedDraws], str], ...] = (
    uuid,
    _digest,
    lambda draws: enough(draws, HEX),
    lambda draws: enough(draws, LETTERS_DIGITS),
)


def in_path(draws: KeyedDraws) -> str:
    """A random part of an address."""
    return draws.choice(_PATH)(draws)


def in_label(draws: KeyedDraws) -> str:
    """A random part of a DNS name, in lower case, at most 40 letters."""
    return draws.choice(_LABEL)(draws)


def alphabet_of(word: str) -> str:
    """The alphabet that a random word seems to be written in; "" where it seems to be no random word."""
    if not _OPAQUE.fullmatch(word) or not re.search(r"\d", word) or word.isdigit():
        return ""
    for alphabet in (HEX, HEX.upper(), LETTERS_DIGITS, LETTERS_DIGITS.upper(), BASE62):
        if set(word) <= set(alphabet):
            return alphabet if _restless(word) else ""
    return ""


def again(word: str, draws: KeyedDraws) -> tuple[str, float]:
    """The word with its random parts drawn anew in the same style, and how many random bits it has then."""
    if _UUID.fullmatch(word):
        return uuid(draws), 122.0
    bits = 0.0
    parts = re.split(r"([^0-9A-Za-z]+)", word)
    for number, part in enumerate(parts):
        if alphabet := alphabet_of(part):
            parts[number] = text(draws, alphabet, len(part))
            bits += len(part) * log2(len(alphabet))
    return "".join(parts), bits


def _restless(word: str) -> bool:
    """Whether letters and digits change places, as in no word with a number behind it."""
    return len(re.findall(r"\d+", word)) > 1 or bool(re.search(r"\d[a-zA-Z]", word))
