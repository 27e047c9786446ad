"""Telephone numbers.

Forms: "+" and the E.164 digits; "n" and the national significant number; "~" and the last nine digits, where
there are nine. Without a known region the digits less one leading zero stand for the national number.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from trapstreet.core.fields.digits import digit_chains
from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind
from trapstreet.core.fields.numbering import NumberingPlan, country_and_number, plan_of

_FEWEST, _MOST = 7, 15
_MOST_WITH_PREFIX = 18  # 011 and 15 digits
_GROUPS, _GROUPS_ABROAD = 6, 8  # 33 1 23 45 67 89, +33 (0) 1 23 45 67 89
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_EXITS = ("00", "01", "81")  # how the prefixes begin that people dial before a country code
_EXTENSION = re.compile(
    r"(?:[\s,;]*(?:ext(?:ension)?\.?|x|durchwahl|dw|poste|int\.)|;ext=|\s*#)\s*:?\s*\d{1,6}\s*$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"[;,|\n]|\s/\s| or ")
_NUMBER = re.compile(
    r"(?:tel:)?\s*\+?[\d\s().\-/\u00a0\u2009\u202f\u2010-\u2013]{7,30}", re.IGNORECASE | re.ASCII
)
_NO_NUMBER = re.compile(  # dates, times, IPv4 addresses, decimal numbers, US social security
    r"\s*(?:(?:19|20)\d\d-\d\d?-\d\d?(?:[T ].*)?|\d\d?[./-]\d\d?[./-](?:19|20)\d\d"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|-?\d*\.\d+|\d{3}-\d\d-\d{4})\s*",
    re.ASCII,
)
_WRITTEN = re.compile(r"\s*(?:tel:|\+|\(|0\d)|\d[\s.\-/)]+\d", re.IGNORECASE)  # more than a bare integer


class Phone(FieldKind):
    """Telephone numbers, national in the column's region or international."""

    kind = Kind.PHONE
    title = "phone number"
    anchor = True
    alone = False
    named = 0.3
    unnamed = 0.8
    headers = phrases(
        """
        phone, phones, phone number, phone no, telephone, telephone number, tel, tel no, mobile, mobile
        number, cell, cellphone, cell phone, landline, fax, msisdn, whatsapp, telefon, telefonnummer,
        telefonnr, rufnummer, handy, handynummer, mobil, mobilnummer, mobiltelefon, festnetz, portable,
        numero de telephone, fixe, gsm, telefono, movil, celular, telefono movil, cellulare, numero di
        telefono, telefoon, telefoonnummer, mobiel, telefone, telemovel, komorka, numer telefonu,
        telefonu, mobilen, telnr, contact number
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        """A bare integer counts half: it needs a header that says phone."""
        score = 0.0
        for text in texts:
            number = _EXTENSION.sub("", text)
            if _NUMBER.fullmatch(number) and not _NO_NUMBER.fullmatch(number):
                digits = sum(map(str.isdigit, number))
                if _FEWEST <= digits <= _MOST:
                    score += 1.0 if _WRITTEN.search(number) else 0.5
        return score / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        plan = plan_of(column.region)
        found = _number_forms(text, plan)
        if found or not _SEVERAL.search(text):
            return found
        return tuple(
            dict.fromkeys(form for part in _SEVERAL.split(text) for form in _number_forms(part, plan))
        )

    def find(self, data: bytes, columns: Iterable[Column]) -> Iterator[Candidate]:
        dialling = _dialling(tuple(sorted({column.region for column in columns})))
        chains = digit_chains(
            data, least=_FEWEST, most=_MOST_WITH_PREFIX, groups=_GROUPS, prefixed=_GROUPS_ABROAD
        )
        for start, end in chains:
            digits = _digits(data[start:end])
            plus = data[max(0, start - 3) : start].rstrip(b"( ").endswith(b"+")
            if forms := _candidate_forms(digits, plus=plus, dialling=dialling):
                yield Candidate(start, end, forms)


FIELD = Phone()


def _digits(written: bytes) -> str:
    return written.replace(b"(0)", b"").translate(None, _NOT_DIGITS).decode()


def _number_forms(text: str, plan: NumberingPlan | None) -> tuple[bytes, ...]:
    """The forms of one written number."""
    if text.lower() != text.upper() or "#" in text:
        text = _EXTENSION.sub("", text)
    digits = _digits(text.encode("utf-8", "replace"))
    if not _FEWEST <= len(digits) <= _MOST_WITH_PREFIX:
        return ()
    if "+" in text or (plan is None and digits.startswith("00")):
        known = country_and_number(digits.removeprefix("00"))
    else:
        known = _national(digits, plan) if plan else None
    if known:
        return _known_forms(*known)
    return (b"n" + digits.removeprefix("0").encode(), *_last_nine(digits))


def _national(digits: str, plan: NumberingPlan) -> tuple[str, str] | None:
    """None for digits that are no whole number of the plan, such as a local one without its area code."""
    country_code, number = plan.likeliest(digits)
    whole = country_code != plan.country_code or len(number) in plan.lengths
    return (country_code, number) if whole else None


def _known_forms(country_code: str, number: str) -> tuple[bytes, ...]:
    e164 = country_code + number
    if not number or not _FEWEST <= len(e164) <= _MOST:
        return ()
    return (b"+" + e164.encode(), b"n" + number.encode(), *_last_nine(e164))


def _last_nine(digits: str) -> tuple[bytes, ...]:
    return (b"~" + digits[-9:].encode(),) if len(digits) >= 9 else ()


class _Dialling(NamedTuple):
    """What may stand before a national number in the regions of some columns."""

    plans: tuple[NumberingPlan, ...]
    prefixes: tuple[str, ...]


@cache
def _dialling(regions: tuple[str, ...]) -> _Dialling:
    plans = tuple(plan for region in regions if (plan := plan_of(region)))
    prefixes = {"0"}.union(*(plan.prefixes for plan in plans))
    return _Dialling(plans, tuple(sorted(prefixes - {""})))


def _candidate_forms(digits: str, *, plus: bool, dialling: _Dialling) -> tuple[bytes, ...]:
    """Every form that a number written with these digits has in one of the plans or without any."""
    if plus and (known := country_and_number(digits.removeprefix("00"))):
        return _known_forms(*known)
    numbers = {digits: None}
    if digits.startswith(dialling.prefixes):
        numbers |= dict.fromkeys(digits.removeprefix(prefix) for prefix in dialling.prefixes)
    if digits.startswith(_EXITS):
        numbers |= {known[1]: None for plan in dialling.plans if (known := plan.abroad_number(digits))}
        numbers |= {known[1]: None for known in [country_and_number(digits[2:])] if known}
    forms = [b"n" + number.encode() for number in numbers if 0 < len(number) <= _MOST]
    return (*forms, *_last_nine(digits))
