"""Characters by name or number, as in HTML and XML: &uuml; &#252; &#xFC; &commat;."""

import re
from functools import cache

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import Sign
from trapstreet.plugins.decoders._text import matches

title = "HTML entities"
rank = 50
clue = Sign(b"&", then=b"#ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

_ENTITY = re.compile(rb"&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_PLACE = re.compile(
    rb"(&)(?:amp;)*+((?!lt;|gt;|quot;|amp|nbsp;(?!\d))(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?)"
)
_ADDRESS = re.compile(rb"[\w.+-]{0,64}@")


def places(data: bytes, starts: list[int]) -> list[Span]:
    """Those of letters, digits and what joins them. Brackets and quotation marks are left out: what stands
    between them is found as it is; other signs count in addresses, blanks in numbers."""
    return [match.span() for match in matches(_PLACE, data, starts) if _tells(match)]


@cache
def _meant(entity: bytes) -> str:
    found = _ENTITY.fullmatch(entity)
    return _character(found).decode() if found else "&"


def _tells(match: re.Match[bytes]) -> bool:
    means = _meant(match[1] + match[2])
    if means.isspace():
        return match.string[match.end() : match.end() + 1].isdigit()
    if means.isalnum() or means in "@.+-_":
        return True
    return means not in '&<>"' and bool(_ADDRESS.match(match.string, match.end()))


def decoded(data: bytes) -> bytes:
    return _ENTITY.sub(_character, data)


def _character(match: re.Match[bytes]) -> bytes:
    name = match[0][1:].rstrip(b";").decode()
    if name[0] != "#":
        return _named().get(name, match[0])
    number = int(f"0{name[1:]}", 0) if name[1] in "xX" else int(name[1:])
    if 0x80 <= number < 0xA0:  # browsers take these for cp1252
        return bytes([number]).decode("cp1252", "replace").encode()
    return chr(number).encode("utf-8", "replace") if number <= 0x10FFFF else match[0]


@cache
def _named() -> dict[str, bytes]:
    from html.entities import html5

    return {name[:-1]: text.encode() for name, text in html5.items() if name.endswith(";")}
