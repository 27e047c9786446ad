"""Telephone numbers.

Form: of a national number of nine digits and more "~" and the last nine; of a shorter one "n" and the
number, and "~" with the last nine digits of it as dialled from abroad. Without a known region the digits
stand for the national number, a short one less a leading zero. So however much of country code and trunk
prefix is written, the forms meet.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from trapstreet.core.fields.digits import number_chains
from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind, Search
from trapstreet.core.fields.numbering import NumberingPlan, country_and_number, plan_of

LAST = 9
"""Digits of a number that tell it from all others, whatever stands before them."""

_SHORTEST = 6  # digits of a national number that has a form
_FEWEST, _MOST = 7, 15
_MOST_WITH_PREFIX = 18  # 011 and 15 digits
_GROUPS = 6  # of the digits that are compared: 8 71 23 45 67
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_EXITS = ("00", "011")  # dialled before a country code
_EXTENSION = re.compile(
    r"(?:(?<![\s,;])[\s,;]*(?:ext(?:ension)?\.?|x|durchwahl|dw|poste|int\.)|;ext=|(?<!\s)\s*#)"
    r"\s*(?::\s*)?\d{1,6}\s*$",
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
_WRITTEN = re.compile(r"\A\s*(?:tel:|\+|\(|0\d)|\d[\s.\-/)]+\d", re.IGNORECASE)  # more than a bare integer


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

    def find(self, data: bytes, search: Search) -> Iterator[Candidate]:
        local = local_prefixes(search.columns)
        lengths = sorted({LAST} | search.phone_lengths)
        chains = number_chains(data, lengths=lengths, most=_MOST_WITH_PREFIX, groups=_GROUPS)
        for start, end, length in chains:
            digits = _digits(data[start:end])
            prefix, number = digits[:-length], digits[-length:]
            if length == LAST:
                yield Candidate(start, end, (b"~" + number.encode(),))
            elif not prefix or prefix in local or _is_abroad(prefix, data[max(0, start - 3) : start]):
                yield Candidate(start, end, (b"n" + number.encode(),))


FIELD = Phone()


@cache
def calling_codes() -> frozenset[str]:
    """Every country calling code, and those of no country: "353", "1", "800"."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def local_prefixes(columns: Iterable[Column]) -> frozenset[str]:
    """What may stand before a national number in the regions of some columns: "0", "353", "3530" …"""
    return _local_prefixes(frozenset(column.region for column in columns))


@cache
def _local_prefixes(regions: frozenset[str]) -> frozenset[str]:
    plans = [plan for region in regions if (plan := plan_of(region))]
    return frozenset({"0"}.union(*(plan.prefixes for plan in plans)) - {""})


def _is_abroad(prefix: str, before: bytes) -> bool:
    """Whether digits before a national number are a country code behind "+", 00 or 011, "(0)" left in or not.

    before  the bytes before the digits
    """
    codes = [prefix[len(dialled) :] for dialled in _EXITS if prefix.startswith(dialled)]
    if before.rstrip(b"( ").endswith(b"+"):
        codes.append(prefix)
    return any(code in calling_codes() or code.removesuffix("0") in calling_codes() for code in codes)


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
    return _known_forms(*known) if known else _unknown_forms(digits)


def _national(digits: str, plan: NumberingPlan) -> tuple[str, str] | None:
    """None for digits that are no whole number of the plan, such as a local one without its area code."""
    country_code, number = plan.likeliest(digits)
    whole = country_code != plan.country_code or len(number) in plan.lengths
    return (country_code, number) if whole else None


def _known_forms(country_code: str, number: str) -> tuple[bytes, ...]:
    if len(number) < _SHORTEST or not _FEWEST <= len(country_code + number) <= _MOST:
        return ()
    international = country_code + number
    short = len(number) < LAST <= len(international)
    return (_form(number), _form(international)) if short else (_form(number),)


def _unknown_forms(digits: str) -> tuple[bytes, ...]:
    if len(digits) < LAST:
        return (_form(digits.removeprefix("0")),)
    return (
        (_form(digits), _form(digits[1:])) if digits[0] == "0" and len(digits) == LAST else (_form(digits),)
    )


def _form(number: str) -> bytes:
    return (b"~" + number[-LAST:].encode()) if len(number) >= LAST else b"n" + number.encode()
