r"""Escapes of strings in JSON, JavaScript, Python, C, SQL and shells: \u00fc, \u{fc}, \U000000fc, \xfc,
\303\274, \n, \/, \".

Bytes are read as UTF-8, those that are none as cp1252.
"""

import re

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import Sign
from trapstreet.plugins.decoders._text import matches, mended

title = "escapes"
rank = 40
clue = Sign(b"\\", then=b"uUx0123nrt/\\")

_CHARACTER = (
    rb"(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U00[01][0-9A-Fa-f]{5}|x(?:[2-9A-Fa-f][0-9A-Fa-f]|0[9ADad])"
    rb"|(?:0[4-7]|[1-3][0-7])[0-7])"
)
_PLACE = re.compile(
    rb"\\(?:(?<=[\w.@\x80-\xff]\\)\\{0,3}" + _CHARACTER + rb"|\\{0,3}(?:(?:u0040|u\{40|U00000040|x40|100)"
    rb"|" + _CHARACTER + rb"(?=[\w.@+\\\x80-\xff])"
    rb"|[nrt][\w.+%\x80-\xff-]{0,64}[@\d]|/[\w+/]+=|/[\w+/]{11}))"
)
"""An @; what touches a word or another escape; a line break before a number or an address; a part of
base64."""

_ESCAPE = re.compile(
    rb"\\(?:(?P<units>u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4})*+)|(?P<bytes>x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*+)"
    rb"|(?P<octal>[0-3][0-7]{2}(?:\\[0-3][0-7]{2})*+)|u\{(?P<braces>[0-9A-Fa-f]{1,6})\}"
    rb"|U(?P<long>00[01][0-9A-Fa-f]{5})|(?P<one>[nrt/\"'\\]))"
)
_ONE = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def places(data: bytes, starts: list[int]) -> list[Span]:
    return [match.span() for match in matches(_PLACE, data, starts)]


def decoded(data: bytes) -> bytes:
    return _ESCAPE.sub(_meant, data)


def _meant(match: re.Match[bytes]) -> bytes:
    kind = match.lastgroup
    said: bytes = match[kind or 0]
    if kind == "one":
        return _ONE.get(said, said)
    if kind == "units":
        return bytes.fromhex(said[1:].replace(b"\\u", b"").decode()).decode("utf-16-be", "replace").encode()
    if kind == "bytes":
        return mended(bytes.fromhex(said[1:].replace(b"\\x", b"").decode()))
    if kind == "octal":
        return mended(bytes(int(each, 8) for each in said.split(b"\\")))
    number = int(said, 16)
    return chr(number).encode("utf-8", "replace") if number <= 0x10FFFF else match[0]
