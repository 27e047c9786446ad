"""International bank account numbers. Form: compact, upper case, check digits and length right."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from trapstreet.core.fields.fold import phrases, word_set
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind, Search

LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in word_set(
        """
        AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
        EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
        IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
        NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
        SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
        """
    )
}
"""Characters of an IBAN by country (ISO 13616 registry)."""

_START = re.compile(rb"([A-Za-z]{2})[ ]?[0-9]{2}")
_GLUED = re.compile(rb"(?:(?<!\\)|\\(?![nrt]))[0-9A-Za-z]\Z")  # the n of an escaped line break is no glue
_SEPARATOR = rb"(?:[ .\-]|\xc2\xa0){0,2}"
_NOT_ALNUM = bytes(byte for byte in range(256) if not bytes([byte]).isalnum())
_TO_DIGITS = {letter: str(10 + n) for n, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_DIGITS = str.maketrans(_TO_DIGITS)


class Iban(FieldKind):
    """International bank account numbers."""

    kind = Kind.IBAN
    title = "IBAN"
    anchor = True
    alone = True
    named = 0.3
    unnamed = 0.9
    headers = phrases(
        """
        iban, iban number, bank account, account number, bankverbindung, kontonummer, konto, bankkonto,
        compte bancaire, numero de compte, cuenta bancaria, numero de cuenta, conto corrente,
        rekeningnummer, conta bancaria, numer konta, bankkontonummer
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        return sum(bool(_cell_forms(text)) for text in texts) / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return _cell_forms(text)

    def find(self, data: bytes, search: Search) -> Iterator[Candidate]:
        for match in _START.finditer(data):
            start = match.start()
            length = LENGTHS.get(match[1].decode().upper())
            if length and not _GLUED.search(data[max(0, start - 2) : start]):
                written = _written(length).match(data, start)
                compact = written[0].translate(None, _NOT_ALNUM).decode().upper() if written else ""
                if written and valid(compact):
                    yield Candidate(start, written.end(), (compact.encode(),))


FIELD = Iban()


def valid(compact: str) -> bool:
    """Whether a compact upper-case IBAN has its country's length and check digits (ISO 7064, mod 97-10)."""
    if len(compact) != LENGTHS.get(compact[:2]) or not compact[2:4].isdigit():
        return False
    return int((compact[4:] + compact[:4]).translate(_DIGITS)) % 97 == 1


@cache
def _written(length: int) -> re.Pattern[bytes]:
    """So many letters and digits, with separators or without, and no more after them."""
    return re.compile(rb"(?:[0-9A-Za-z]%b){%d}[0-9A-Za-z](?![0-9A-Za-z])" % (_SEPARATOR, length - 1))


def _cell_forms(text: str) -> tuple[bytes, ...]:
    compact = re.sub(r"[\s.\-]", "", text).upper().removeprefix("IBAN").lstrip(":")
    return (compact.encode(),) if compact.isascii() and compact.isalnum() and valid(compact) else ()
