"""Postcodes. Form: the tokens without what stands between them; a ZIP+4 also as its first five digits."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Column, FieldKind, Kind
from trapstreet.core.fields.tokens import Token, token_texts

_WIDEST_GAP = 3  # bytes between the two halves of a postcode
_POSTCODE = re.compile(rb"(?=.*[0-9])[0-9a-z]{3,10}")
_ZIP_PLUS_4 = re.compile(r"\s*[0-9]{5}-[0-9]{4}\s*")


class Postcode(FieldKind):
    """Postal codes of any country."""

    kind = Kind.POSTCODE
    title = "postcode"
    anchor = False
    alone = False
    slots = 2
    named = 0.5
    unnamed = 2.0
    headers = phrases(
        """
        postcode, post code, postal code, postalcode, zip, zipcode, zip code, zip plus 4, eircode, plz,
        postleitzahl, code postal, codigo postal, cp, cap, codice postale, postnummer, postnr, cep, kod
        pocztowy, npa, pincode, pin code, psc
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        return sum(len(text) <= 12 and bool(_forms(text)) for text in texts) / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return _forms(text)

    def near(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, bytes]]:
        runs = list(_runs(tokens))
        for first, last, code in runs:
            if _POSTCODE.fullmatch(code):
                yield first, last, code
        for (first, end, code), (begin, last, rest) in pairwise(runs):
            if tokens[begin].start - tokens[end].end <= _WIDEST_GAP and _POSTCODE.fullmatch(code + rest):
                yield first, last, code + rest


FIELD = Postcode()


def _forms(text: str) -> tuple[bytes, ...]:
    code = b"".join(token_texts(text))
    if not _POSTCODE.fullmatch(code):
        return ()
    return (code, code[:5]) if _ZIP_PLUS_4.fullmatch(text) else (code,)


def _runs(tokens: Sequence[Token]) -> Iterator[tuple[int, int, bytes]]:
    """Yield (first, last, text) of each longest sequence of tokens with nothing between them."""
    first = 0
    for at in range(1, len(tokens) + 1):
        if at == len(tokens) or tokens[at].start != tokens[at - 1].end:
            yield first, at - 1, b"".join(token.text for token in tokens[first:at])
            first = at
