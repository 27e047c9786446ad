"""Payment cards. Form: the 13 to 19 digits, Luhn-valid."""

import re
from collections.abc import Iterator, Sequence

from trapstreet.core.fields.digits import digit_chains
from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind, Search

_CARD = re.compile(r"\s*([1-9](?:[ \-.\u00a0]?[0-9]){12,18})\s*")
_GROUPS = 5  # 4 4 4 4 3
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # a digit doubled, its own digits added up


class Card(FieldKind):
    """Payment card numbers."""

    kind = Kind.CARD
    title = "payment card number"
    anchor = True
    alone = True
    named = 0.5
    unnamed = 0.95
    headers = phrases(
        """
        card, card number, card no, credit card, creditcard, credit card number, debit card, pan, cc
        number, kreditkarte, kreditkartennummer, kartennummer, carte bancaire, numero de carte, tarjeta,
        numero de tarjeta, carta di credito, numero carta, kaartnummer, creditcardnummer, cartao, numero
        do cartao, numer karty, kortnummer
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        return sum(bool(_cell_forms(text)) and text.strip()[0] in "23456" for text in texts) / max(
            1, len(texts)
        )

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return _cell_forms(text)

    def find(self, data: bytes, search: Search) -> Iterator[Candidate]:
        for start, end in digit_chains(data, least=13, most=19, groups=_GROUPS):
            digits = data[start:end].translate(None, _NOT_DIGITS)
            if digits[0] != ord("0") and luhn(digits):
                yield Candidate(start, end, (digits,))


FIELD = Card()


def luhn(digits: bytes) -> bool:
    """Whether the last ASCII digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B)."""
    values = [digit - 48 for digit in digits[::-1]]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0


def _cell_forms(text: str) -> tuple[bytes, ...]:
    match = _CARD.fullmatch(text)
    digits = match[1].encode().translate(None, _NOT_DIGITS) if match else b""
    return (digits,) if digits and luhn(digits) else ()
