"""Percent-encoding, as in addresses of pages and in forms: %40, %C3%BC, %u00fc.

The bytes are read as UTF-8, those that are none as cp1252. A plus between the digits of a phone number whose
own plus is encoded is a space.
"""

import re

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import Sign
from trapstreet.plugins.decoders._text import matches, mended

title = "percent-encoding"
rank = 30
clue = Sign(b"%", then=b"0123456789ABCDEFabcdefu")

_PLACE = re.compile(
    rb"%(?:u[0-9A-Fa-f]{4}|25|40|2[Bb]|2[Ff](?=[A-Za-z0-9])"
    rb"|[C-Fc-f][0-9A-Fa-f]%[89ABab]|[89A-F][0-9A-F](?=[a-z@%.+-])"
    rb"|(?<=\w%)[4-9A-Fa-f][0-9A-Fa-f]|(?:3[0-9]|[4-7][0-9A-Fa-f])(?=%)"
    rb"|(?:[2357][0-9A-Fa-f]|[46]0|0[9ADad])(?=[\w.+-]{0,64}[@\d]))"
)
"""An @, a plus, letters, what is encoded once more, a part of base64; other signs before numbers and
addresses."""

_ENCODED = re.compile(rb"%(?:[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*+|u[0-9A-Fa-f]{4}(?:%u[0-9A-Fa-f]{4})*+)")
_PHONE = re.compile(rb"%2[Bb]\d[\d+%().Ff-]{4,40}")


def places(data: bytes, starts: list[int]) -> list[Span]:
    return [match.span() for match in matches(_PLACE, data, starts)]


def decoded(data: bytes) -> bytes:
    spaced = _PHONE.sub(lambda match: match[0].replace(b"+", b" "), data)
    return _ENCODED.sub(_bytes, spaced)


def _bytes(match: re.Match[bytes]) -> bytes:
    if match[0].startswith(b"%u"):
        units = bytes.fromhex(match[0].replace(b"%u", b"").decode())
        return units.decode("utf-16-be", "replace").encode()
    return mended(bytes.fromhex(match[0].replace(b"%", b"").decode()))
