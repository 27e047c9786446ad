"""Whether bytes that came out of an encoding are text, and what text they are."""

import re
from collections.abc import Iterable, Iterator

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f") + b"\x7f"
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"
SORTS = bytes(
    (0x20 <= byte < 0x7F or byte in b"\t\n\r")
    + 2 * (0xC2 <= byte < 0xF5)
    + 4 * (0x80 <= byte < 0xC0)
    + 8 * (byte == 0)
    + 16 * (0x20 <= byte < 0x7F or byte in b"\t\n\r" or byte >= 0xA0)
    for byte in range(256)
)
"""What a byte may be, a bit for each: a character; the first of a character's, or a later one; zero; a letter
of UTF-16."""

_ALL = 0x010101010101
WIDE = (0x010001000100, 0x000100010001, 0x010000000100, 0x000100000001, 0x000001000000, 0x000000010000)
"""Where letters may stand in six bytes of UTF-16 or UTF-32."""

LATIN = 24
"""Bytes of the shortest text in Latin-1: fewer that are no UTF-8 are chance."""

_SAMPLE = 256
_MARKS = [
    (b"\xff\xfe\0\0", "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
]


def is_text(head: int, *, within: bool = False) -> bool:
    """Whether a text may begin with six bytes, the first of them the highest, or within one go on so: in
    UTF-8, or in UTF-16 or UTF-32 of Latin letters.

    One in 300 of random bytes may, one in 100 within.
    """
    sorts = int.from_bytes(head.to_bytes(6).translate(SORTS))
    plain, lead, more, zero, letter = (sorts >> bit & _ALL for bit in range(5))
    begun = (lead | more) >> 8 | (0x010000000000 if within else 0)
    if plain | lead & (more << 8 | 1) | more & begun == _ALL:
        return True
    if zero and any(letter & letters | zero & ~letters == _ALL for letters in WIDE):
        return True
    return head >> 32 in (0xFFFE, 0xFEFF)


def matches(pattern: re.Pattern[bytes], data: bytes, starts: Iterable[int]) -> Iterator[re.Match[bytes]]:
    """Where the pattern matches, of those places."""
    return filter(None, (pattern.match(data, each) for each in starts))


def text_of(raw: bytes) -> bytes | None:
    """The text that the bytes are, as UTF-8; None if they are none. A character that is cut at the end is
    left out."""
    if raw[:1] in b"\xff\xfe\0":
        for mark, encoding in _MARKS:
            if raw.startswith(mark):
                return _wide(raw[len(mark) :], encoding)
    if b"\0" in raw:
        return _wide(raw, _by_zeros(raw))
    if len(raw.translate(None, _CONTROLS)) < 0.95 * len(raw):
        return None
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return raw[: error.start]
        plain = len(raw) - len(raw.translate(None, _PRINTABLE))
        return mended(raw) if len(raw) >= LATIN and plain > 0.7 * len(raw) else None
    return raw


def mended(raw: bytes) -> bytes:
    """The bytes as valid UTF-8: those that are none are read as cp1252 (Latin-1 where that has no
    character)."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "surrogateescape")
        for stray in {c for c in text if "\udc80" <= c <= "\udcff"}:
            byte = ord(stray) - 0xDC00
            text = text.replace(stray, bytes([byte]).decode("cp1252", "ignore") or chr(byte))
        return text.encode()
    return raw


def _by_zeros(raw: bytes) -> str:
    """The encoding whose zero bytes stand as they do here."""
    zeros = [raw[lane::4].count(0) for lane in range(4)]
    most = 0.8 * (len(raw) // 4)
    if min(zeros[1:]) >= max(1, most):
        return "utf-32-le"
    if min(zeros[:3]) >= max(1, most):
        return "utf-32-be"
    return "utf-16-le" if zeros[1] + zeros[3] > zeros[0] + zeros[2] else "utf-16-be"


def _wide(raw: bytes, encoding: str) -> bytes | None:
    text = raw.decode(encoding, "replace").removesuffix("\ufffd")
    sample = text[:_SAMPLE]
    strange = sum(c == "\ufffd" or not (c.isprintable() or c.isspace()) for c in sample)
    return text.encode() if text and strange <= 0.05 * len(sample) else None
