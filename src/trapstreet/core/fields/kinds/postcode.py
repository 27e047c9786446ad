"""Postcodes. Form: compact, upper case; a ZIP+4 also as its first five digits."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from trapstreet.core.fields.fold import phrases, window_text
from trapstreet.core.fields.kind import Column, FieldKind, Kind

_SEPARATORS = re.compile(r"[\W_]+")
_POSTCODE = re.compile(r"(?=.*[0-9])[A-Z0-9]{3,10}")
_ZIP_PLUS_4 = re.compile(r"[0-9]{5}-[0-9]{4}")
_TOKEN = re.compile(r"[A-Za-z0-9]{1,10}")


class Postcode(FieldKind):
    """Postal codes of any country."""

    kind = Kind.POSTCODE
    title = "postcode"
    anchor = False
    alone = False
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

    def near(self, window: bytes, columns: Iterable[Column]) -> set[bytes]:
        tokens = _TOKEN.findall(window_text(window))
        pairs = ["".join(pair) for pair in pairwise(tokens)]
        found = (code.upper() for code in (*tokens, *pairs))
        return {code.encode() for code in found if _POSTCODE.fullmatch(code)}


FIELD = Postcode()


def _forms(text: str) -> tuple[bytes, ...]:
    text = text.strip()
    code = _SEPARATORS.sub("", text).upper()
    if not _POSTCODE.fullmatch(code):
        return ()
    if _ZIP_PLUS_4.fullmatch(text):
        return code.encode(), code[:5].encode()
    return (code.encode(),)
