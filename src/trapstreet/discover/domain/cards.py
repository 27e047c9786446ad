"""Payment cards: numbers with their issuer's first digits and length, and how people write them."""

import re

from trapstreet.core.fields.kinds.card import luhn


def payment_card(text: str) -> bool:
    """A number with check digit and the length that its issuer's cards have."""
    digits = re.sub(r"[\s\-]", "", text)
    if not (digits.isascii() and digits.isdigit()) or not 13 <= len(digits) <= 19:
        return False
    lengths = next((lengths for start, lengths in _ISSUERS if digits.startswith(start)), ())
    return len(digits) in lengths and luhn(digits.encode())


def written_as_card(text: bytes, start: int, end: int) -> bool:
    """Whether digits in a text are a card as people write one: in groups of four, as American Express and
    Diners group theirs, or in one; no phone number behind a "+", and no digits of a fraction."""
    digits = re.sub(rb"[^0-9]", b"", text[start:end]).decode()
    return (
        bool(_GROUPED.fullmatch(text, start, end))
        and not _DIALLED.search(text, max(0, start - 8), start)
        and not in_fraction(text, start, end)
        and payment_card(digits)
    )


_GAP = rb"([ .\-]|\xc2\xa0|\xe2\x80[\x89\x91\x92\x93\xaf])"
_GROUPED = re.compile(
    rb"[0-9]{13,19}|[0-9]{4}%b[0-9]{4}(?:\1[0-9]{4}){1,2}(?:\1[0-9]{1,4})?" % _GAP
    + rb"|[0-9]{4}%b[0-9]{6}\2[0-9]{4,5}" % _GAP
)
_DIALLED = re.compile(rb"\+[0-9 ()]{0,7}\Z")


def in_fraction(text: bytes, start: int, end: int) -> bool:
    """Whether digits in a text are of a number with a decimal point: "0.6789012345678901", and no card, which
    may well end a sentence, or have a point between all groups."""
    parts = re.split(rb"[0-9]+", text[start:end])[1:-1]
    inside = b"." in parts and (len(parts) == 1 or set(parts) != {b"."})
    return inside or bool(_BEHIND.search(text, max(0, start - 2), start) or _BEFORE.match(text, end))


_BEHIND, _BEFORE = re.compile(rb"[0-9]\.\Z"), re.compile(rb"\.[0-9]")

_ISSUERS: tuple[tuple[str | tuple[str, ...], tuple[int, ...]], ...] = (
    (("34", "37"), (15,)),
    (("300", "301", "302", "303", "304", "305", "36", "38", "39"), (14, 16, 19)),
    ("35", (16, 17, 18, 19)),
    ("4", (13, 16, 19)),
    (tuple(map(str, range(51, 56))), (16,)),
    (tuple(map(str, range(22, 28))), (16,)),
    (
        ("6011", "62", "64", "65", "50", "56", "57", "58", "60", "61", "63", "66", "67", "68", "69"),
        (16, 17, 18, 19),
    ),
)
"""First digits of card issuers, and how many digits their cards have."""
