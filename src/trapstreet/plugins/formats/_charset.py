"""Bytes of a declared encoding as UTF-8."""

import codecs
from functools import lru_cache

from trapstreet.plugins.formats.text import mended

_NEAR_UTF8 = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252"})
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
"""Codecs of Python's own, some of them slow; no mail or page names them honestly."""
_PRINTABLE = bytes(range(0x20, 0x7F))
_WIDE = ("utf-16", "utf-32")
_SEVEN_BIT = ("iso2022", "hz", "utf-7", *_WIDE)
_REPLACED = "\N{REPLACEMENT CHARACTER}".encode()


def utf8(raw: bytes, charset: str = "") -> bytes:
    """The bytes as UTF-8.

    Where the declared encoding is not one of those that are told apart byte by byte, both readings come, one
    after the other: many programs declare what is not so.
    """
    encoding = codec(charset.lower()) if charset else ""
    if not encoding or (raw.isascii() and not encoding.startswith(_SEVEN_BIT)):
        return mended(raw)
    declared = raw.decode(encoding, "replace").encode("utf-8", "replace")
    alone = raw.isascii() or (encoding.startswith(_WIDE) and _REPLACED not in declared)
    return declared if alone else mended(raw) + b"\n" + declared


@lru_cache(maxsize=256)
def codec(charset: str) -> str:
    """The codec that a declared encoding needs, "" if there is none or bytes can do without."""
    try:
        found = codecs.lookup(charset)
    except (LookupError, ValueError):
        return ""
    name = found.name.replace("_", "-")
    if name in _NEAR_UTF8 or name in _NO_CHARSETS or not getattr(found, "_is_text_encoding", True):
        return ""
    return found.name


@lru_cache(maxsize=256)
def keeps_ascii(encoding: str) -> bool:
    """Whether ASCII is in it what it is anywhere: a page that says otherwise of itself in ASCII is wrong."""
    try:
        return _PRINTABLE.decode(encoding).encode() == _PRINTABLE
    except UnicodeError:
        return False
