"""E-mail addresses.

Forms: the address in lower case, NFC, its domain in Unicode (punycode decoded); and, where it differs, its
base: without "+tag", and for Google's domains without dots and under gmail.com.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind

_LONGEST_LOCAL = 64  # octets, RFC 5321 section 4.5.3.1.1; a domain has at most 255
_CUTS = 8  # places, nearest to the @, where a local part glued to other text may begin

_ATEXT = "!#$%&'*+/=?^`{|}~.-"  # RFC 5322 section 3.2.3, beside letters, digits and _
_LOCAL_BYTES = _ATEXT.encode() + bytes(
    byte for byte in range(256) if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_")
)
_AT_DOMAIN = re.compile(rb"@([A-Za-z0-9\x80-\xff][A-Za-z0-9.\x80-\xff-]{2,254})")
_USUAL = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9_-])?")
_FOREIGN = re.compile(
    rf"[^\w{re.escape(_ATEXT)}]"
)  # a quotation mark or an ideographic comma beside the address
_CUT = re.compile(r"[^\w.+-]+[.+_-]*|^[.+_-]+")
_ASCII_TAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*$")
_DOMAIN = r"(?:[^\W_](?:[^\W_]|-){0,62}\.){1,20}(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,63})(?![^\W_])"
_UNICODE_DOMAIN = re.compile(_DOMAIN, re.IGNORECASE)
_ASCII_DOMAIN = re.compile(_DOMAIN, re.IGNORECASE | re.ASCII)
_NEXT_SENTENCE = re.compile(r"(?<=[a-z])\.[A-Z][a-z]")
_CELL = re.compile(rf"(?:mailto:)?([^\W_][\w{re.escape(_ATEXT)}]{{0,63}})@({_DOMAIN})")
_GOOGLE = ("gmail.com", "googlemail.com")


class Email(FieldKind):
    """E-mail addresses, one or several per cell."""

    kind = Kind.EMAIL
    title = "e-mail address"
    anchor = True
    alone = True
    named = 0.3
    unnamed = 0.8
    headers = phrases(
        """
        email, emails, e mail, mail, e mail address, email address, mail address, emailaddress,
        emailadresse, mailadresse, courriel, mel, correo, correo electronico, posta elettronica, e
        postadress, epost, e post, emailadres, adres email, poczta, adresse electronique
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        return sum("@" in text and bool(_cell_forms(text)) for text in texts) / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return _cell_forms(text)

    def find(self, data: bytes, columns: Iterable[Column]) -> Iterator[Candidate]:
        for place in _places(data):
            forms = (
                form
                for local in place.locals
                for domain in place.domains
                for form in _address_forms(local, domain)
            )
            yield Candidate(place.start, place.end, tuple(dict.fromkeys(forms)))


FIELD = Email()


class _Place(NamedTuple):
    """An @ with text around it: what its local part and its domain can be, the longest first, never empty."""

    start: int
    end: int
    locals: list[str]
    domains: list[str]


def _cell_forms(text: str) -> tuple[bytes, ...]:
    lower = text.strip().lower()
    if not lower.isascii():
        lower = unicodedata.normalize("NFC", lower)
    match = _CELL.fullmatch(lower)
    if match and (lower.isascii() or len(match[1].encode()) <= _LONGEST_LOCAL):
        return _address_forms(match[1], _unicode_domain(match[2]))
    found: dict[bytes, None] = {}
    for place in _places(text.encode("utf-8", "replace")):
        local = next((name for name in place.locals if name[0].isalnum()), place.locals[0])
        found |= dict.fromkeys(_address_forms(local, place.domains[0]))
    return tuple(found)


def _places(data: bytes) -> Iterator[_Place]:
    """Work per @ is bounded, so the whole is linear in the bytes."""
    for match in _AT_DOMAIN.finditer(data):
        at = match.start()
        window = data[max(0, at - _LONGEST_LOCAL - 1) : at]
        run = window[len(window.rstrip(_LOCAL_BYTES)) :]
        start = at - len(run)
        names = _locals(run, escaped=data[max(0, start - 1) : start] == b"\\")
        domains = _domains(match[1]) if names else []
        if domains:
            yield _Place(start, at + 1 + len(match[1].rstrip(b".-")), names, domains)


def _locals(run: bytes, *, escaped: bool) -> list[str]:
    """The local parts a reader could see in the bytes before an @, in lower case, the longest first."""
    if not escaped and len(run) <= _LONGEST_LOCAL and _USUAL.fullmatch(run):
        return [run.decode().lower()]
    text = unicodedata.normalize("NFC", run.decode("utf-8", "replace"))
    text = _FOREIGN.split(text)[-1]
    readings = [text, *[text[cut.end() :] for cut in _CUT.finditer(text)][-_CUTS:]]
    if escaped and text[:1] in ("n", "r", "t"):  # the letter belongs to an escaped line break or tab
        readings.append(text[1:])
    if tail := _ASCII_TAIL.search(text):
        readings.append(tail[0])
    fitting = (reading.lower() for reading in readings if len(reading.encode()) <= _LONGEST_LOCAL)
    return list(dict.fromkeys(reading for reading in fitting if any(map(str.isalnum, reading))))


def _domains(run: bytes) -> list[str]:
    """The domains a reader could see in the bytes after an @, lower case and Unicode, the longest first."""
    text = run.decode("utf-8", "replace")
    patterns = [_ASCII_DOMAIN]
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        patterns = [_UNICODE_DOMAIN, _ASCII_DOMAIN]
    found = [match[0] for pattern in patterns if (match := pattern.match(text))]
    for domain in found[:1]:
        sentence = _NEXT_SENTENCE.search(domain)
        if sentence and "." in domain[: sentence.start()]:
            found.append(domain[: sentence.start()])
    return list(dict.fromkeys(_unicode_domain(domain.lower()) for domain in found))


def _unicode_domain(domain: str) -> str:
    if "xn--" not in domain:
        return domain
    return ".".join(map(_unicode_label, domain.split(".")))


def _unicode_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return unicodedata.normalize("NFC", label[4:].encode("ascii").decode("punycode").lower())
    except UnicodeError:
        return label


def _address_forms(local: str, domain: str) -> tuple[bytes, ...]:
    """Both arguments in lower case and NFC."""
    address = f"{local}@{domain}"
    base = local.partition("+")[0] or local
    if domain in _GOOGLE:
        base, domain = base.replace(".", "") or base, "gmail.com"
    base_address = f"{base}@{domain}"
    if base_address == address:
        return (address.encode(),)
    return (address.encode(), base_address.encode())
