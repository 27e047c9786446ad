"""Quoted-printable, as in mails: =C3=BC, =3D, and lines that end with = and go on in the next.

The bytes are read as UTF-8, those that are none as cp1252. "=20" and the like are decoded near such signs,
but are none: logs are full of them.
"""

import re
from typing import TYPE_CHECKING

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._marks import matches
from trapstreet.plugins.decoders._text import mended

if TYPE_CHECKING:
    from trapstreet.plugins.decoders._marks import Marks

title = "quoted-printable"
rank = 70
alphabet = b"="

_PLACE = re.compile(
    rb"=(?:(?<=[^=]{40}=)[ \t]*+\r?\n|3D|40|20[\r\n]|[C-F][0-9A-F]=[89AB]|[89A-F][0-9A-F](?![A-Z0-9_]))"
)
_BREAK = re.compile(rb"=[ \t]*+\r?\n")
_ENCODED = re.compile(rb"=[0-9A-F]{2}(?:=[0-9A-F]{2})*+")


def places(data: bytes, marks: "Marks | None") -> list[Span]:
    return matches(_PLACE, data, marks, then=b"\r\n\t 23489ABCDEF")


def decoded(data: bytes) -> bytes:
    return _ENCODED.sub(_bytes, _BREAK.sub(b"", data)) if _PLACE.search(data) else data


def _bytes(match: re.Match[bytes]) -> bytes:
    return mended(bytes.fromhex(match[0].replace(b"=", b"").decode()))
