"""Questions to the values of a column: what they may be, and what nothing else looks like."""

import re
from collections.abc import Sequence

from trapstreet.core.fields.fold import word_set
from trapstreet.core.fields.kinds.card import luhn

_YES_NO = word_set("0 1 t f true false y n yes no ja nein oui non si no")
_BLOOD = re.compile(r"\s*(?:AB|[ABO0])\s*(?:[+-]|pos\w*|neg\w*|rh\s*[+-])\s*", re.IGNORECASE)
_ICD_10 = re.compile(r"\s*[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?\s*")
_HPO = re.compile(r"\s*(?:HP:[0-9]{7}|(?:SNOMED|ICD|LOINC)\S*)\s*")
_NUMBER = re.compile(r"\s*[-+]?[0-9]+(?:[.,][0-9]+)*\s*")
_DIGITS = re.compile(r"[\s.\-/]*")
_IP = re.compile(
    r"\s*(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?:/\d\d?|:\d{2,5})?"
    r"|(?=[0-9a-f:.]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f]{0,4}(?::[0-9a-f.]{0,15}){2,7}(?:/\d{1,3})?)\s*",
    re.IGNORECASE | re.ASCII,
)
_MAC = re.compile(r"\s*[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}\s*", re.IGNORECASE)
_PASSWORD_HASH = re.compile(
    r"\s*(?:\$(?:2[abxy]?|argon2(?:id?|d)|[156y]|7|apr1|sha1|P|H|scrypt|pbkdf2[\w-]*)\$.{20,}"
    r"|(?:pbkdf2_sha\d+|bcrypt(?:_sha256)?|argon2|scrypt|md5|sha1|unsalted_\w+)\$.{16,}"
    r"|\{(?:SSHA|SHA|SMD5|MD5|CRYPT|BCRYPT|NOOP)\d*\}.{4,}|SCRAM-SHA-(?:1|256|512)\$\S+|\*[0-9A-F]{40}|md5[0-9a-f]{32})\s*"
)
_HEX = re.compile(
    r"(?:0x|\\x)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"\s*(?:eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----.*|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_\w{36,}|github_pat_\w{40,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|sk_(?:live|test)_\w{16,}|sk-[\w-]{20,}"
    r"|AIza[\w-]{35}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_\w{36}|pypi-[\w-]{50,}|age-secret-key-\w+|ya29\.[\w-]+)\s*",
    re.DOTALL,
)
_UUID = re.compile(r"\{?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?", re.IGNORECASE)
_TOKEN = re.compile(r"[\w+/=.~:|$-]{12,}")
_POINT = re.compile(
    r"\s*(?:SRID=\d+;)?(?:POINT\s*Z?\s*\(.*\)|\(?-?\d{1,3}\.\d+\s*[,; ]\s*-?\d{1,3}\.\d+\)?"
    r"|[NS]\s*\d+[°.].*)\s*",
    re.IGNORECASE,
)
_DEGREES = re.compile(r"\s*-?\d{1,3}[.,]\d{3,}\s*")
_BIC = re.compile(r"\s*[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?\s*")
_PICTURE = re.compile(
    r".*\.(?:jpe?g|png|gif|webp|heic|bmp|tiff?|svg)(?:\?.*)?\s*|data:image/.*|https?://.*", re.IGNORECASE
)
_USER_NAME = re.compile(r"[\w.@+\-äöüéèßñ]{2,64}|https?://\S+")
_GENOTYPE = re.compile(r"\s*(?:[0-3.][/|][0-3.]|\(?[ACGTID-]+[;/|][ACGTID-]+\)?|rs\d{3,}|[ACGT]{8,})\s*")


def code(text: str) -> bool:
    """A small number or flag, as columns have that point to a table of meanings."""
    return text.strip().isdigit() and len(text.strip()) <= 4


def yes_or_no(text: str) -> bool:
    return text.strip().lower() in _YES_NO


def number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))


def amount(text: str) -> bool:
    """A number of money, currency sign and grouping included."""
    return bool(_NUMBER.fullmatch(re.sub(r"[€$£¥'\s]|\b[A-Z]{3}\b|,(?=\d{3}\b)", "", text) or "-"))


def age(text: str) -> bool:
    """Years of age up to 120, years of birth from 1900, ranges of ages."""
    bare = text.strip().removesuffix(".0")
    if bare.isdigit():
        return int(bare) <= 120 or 1900 <= int(bare) <= 2030
    return bool(re.fullmatch(r"\d{1,3}\s*[-–]\s*\d{1,3}|\d{1,3}\+|[<>]\s*\d{1,3}", bare))


def medical(text: str) -> bool:
    """A blood group, or a code of diagnoses or phenotypes."""
    return bool(_BLOOD.fullmatch(text) or _ICD_10.fullmatch(text) or _HPO.fullmatch(text))


def network_address(text: str) -> bool:
    return bool(_IP.fullmatch(text))


def device(text: str) -> bool:
    """A MAC address or an IMEI."""
    return bool(_MAC.fullmatch(text)) or imei(text)


def imei(text: str) -> bool:
    digits = _DIGITS.sub("", text)
    return (
        len(digits) == 15
        and digits.isascii()
        and digits.isdigit()
        and digits[:2] in _REPORTING
        and luhn(digits.encode())
    )


_REPORTING = frozenset({"01", "35", "86", "91", "98", "99", "49", "52"})
"""Reporting bodies, as the first two digits of a device's number."""


def password_hash(text: str) -> bool:
    return bool(_PASSWORD_HASH.fullmatch(text))


def password(text: str) -> bool:
    """A hash of one, or a word without blanks."""
    return 3 <= len(text.strip()) <= 512 and not any(map(str.isspace, text.strip()))


def digest(text: str) -> bool:
    return bool(_HEX.fullmatch(text.strip()))


def secret(text: str) -> bool:
    return bool(_SECRET.fullmatch(text))


def drawn_at_random(text: str) -> bool:
    """Sixteen characters and more with small and large letters and digits all through."""
    bare = text.strip().rstrip("=")
    kinds = (any(map(str.islower, bare)), any(map(str.isupper, bare)), any(map(str.isdigit, bare)))
    if _UUID.fullmatch(bare):
        return False
    return (
        len(bare) >= 16
        and sum(kinds) >= 2
        and kinds[2] + (len(bare) > 20) >= 1
        and token(bare)
        and len(set(bare)) >= 10
    )


def token(text: str) -> bool:
    return bool(_TOKEN.fullmatch(text.strip()))


def position(text: str) -> bool:
    """Two coordinates together."""
    return bool(_POINT.fullmatch(text))


def degrees(text: str) -> bool:
    """One coordinate, or both."""
    return bool(_DEGREES.fullmatch(text) and abs(float(text.replace(",", "."))) <= 180) or position(text)


def bank_code(text: str) -> bool:
    return bool(_BIC.fullmatch(text))


def account_number(text: str) -> bool:
    bare = re.sub(r"[\s.\-/]", "", text)
    return 4 <= len(bare) <= 34 and sum(map(str.isdigit, bare)) >= 0.6 * len(bare)


def card_detail(text: str) -> bool:
    """A check code, or a month and a year."""
    bare = text.strip()
    return bool(re.fullmatch(r"\d{1,4}|\d{1,2}\s*[/.-]\s*(?:\d\d|\d{4})|20\d\d-\d\d(?:-\d\d.*)?", bare))


def picture(text: str) -> bool:
    return bool(_PICTURE.fullmatch(text)) or text.startswith(("\\x", "0x"))


def user_name(text: str) -> bool:
    return bool(_USER_NAME.fullmatch(text.strip()))


def prose(text: str) -> bool:
    """Four words and more."""
    return len(text.split()) >= 4


def genotype(text: str) -> bool:
    return bool(_GENOTYPE.fullmatch(text))


def part_of_address(text: str) -> bool:
    """Words and numbers of a street, a house number, a flat."""
    return len(text) <= 200 and "@" not in text and any(map(str.isalnum, text)) and "://" not in text


def postcode(text: str) -> bool:
    bare = re.sub(r"[\s\-]", "", text)
    return 3 <= len(bare) <= 10 and bare.isalnum() and any(map(str.isdigit, bare))


def document_number(text: str) -> bool:
    bare = re.sub(r"[\s.\-/]", "", text)
    return 5 <= len(bare) <= 20 and bare.isalnum() and sum(map(str.isdigit, bare)) >= 0.4 * len(bare)


def identifiers(texts: Sequence[str]) -> float:
    """Share of numbers or codes of records; 0 where all are a yes or a no."""
    if texts and all(map(yes_or_no, texts)) and not {"1"}.issuperset(texts):
        return 0.0
    return sum(map(_identifier, texts)) / max(1, len(texts))


def _identifier(text: str) -> bool:
    bare = text.strip()
    return len(bare) <= 64 and not any(map(str.isspace, bare)) and any(map(str.isalnum, bare))
