"""Quoted-printable, as in mails: =C3=BC, =3D, and lines that end with = and go on in the next.

The bytes are read as UTF-8, those that are none as cp1252. "=20" and the like are decoded near such signs,
but are none: logs are full of them.
"""

import re

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import Sign
from trapstreet.plugins.decoders._text import matches, mended

title = "quoted-printable"
rank = 70
clue = Sign(b"=", then=b"\r\n23489ABCDEF")

_PLACE = re.compile(
    rb"=(?:(?P<broken>(?<=[^=]{40}=)\r?\n(?=[\w@.+ -]))|3D|40(?=(?:[\w-]|=\r?\n)*+[.=])"
    rb"|20=\r?\n|[C-F][0-9A-F]=[89AB]|(?:[89][ACEF]|A0|[C-F][0-9A-F])(?![A-Z0-9_]))"
)
_BEFORE = re.compile(rb"[@\d][\w.+ -]{0,64}=\Z")
_BEHIND = re.compile(rb"[\w.+ -]{0,64}[@\d]")
_BREAK = re.compile(rb"=[ \t]*+\r?\n")
_ENCODED = re.compile(rb"=[0-9A-F]{2}(?:=[0-9A-F]{2})*+")


def places(data: bytes, starts: list[int]) -> list[Span]:
    """Broken lines count in addresses and numbers."""
    return [match.span() for match in matches(_PLACE, data, starts) if _tells(match)]


def _tells(match: re.Match[bytes]) -> bool:
    if not match["broken"]:
        return True
    data, at = match.string, match.start()
    return bool(_BEHIND.match(data, match.end()) or _BEFORE.search(data[max(0, at - 66) : at + 1]))


def decoded(data: bytes) -> bytes:
    return _ENCODED.sub(_bytes, _BREAK.sub(b"", data)) if _PLACE.search(data) else data


def _bytes(match: re.Match[bytes]) -> bytes:
    return mended(bytes.fromhex(match[0].replace(b"=", b"").decode()))
