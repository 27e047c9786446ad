"""E-mail addresses.

Forms: the address in lower case, NFC, its domain in Unicode (punycode decoded); and, where it differs, its
base: without "+tag", and for Google's domains without dots and under gmail.com.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind, Search

_LONGEST_LOCAL = 64  # octets, RFC 5321 section 4.5.3.1.1
_LONGEST_DOMAIN = 255
_STARTS = 9  # places, nearest to the @, where a local part glued to other text may begin

_ATEXT = "!#$%&'*+/=?^`{|}~.-"  # RFC 5322 section 3.2.3, beside letters, digits and _
_LOCAL_BYTES = _ATEXT.encode() + bytes(
    byte for byte in range(256) if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_")
)
_ASCII = bytes(range(0x80))
_AT = re.compile(rb"@(?=[A-Za-z0-9\x80-\xff])")
_USUAL = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._+-]*")
_START = re.compile(rb"(?:\A|[^A-Za-z0-9._+-])[._+-]*([A-Za-z0-9])")
_ESCAPED_START = re.compile(rb"[nrt][._+-]*([A-Za-z0-9])")  # the letter belongs to an escaped break or tab
_ASCII_DOMAIN = re.compile(
    rb"(?:[A-Z0-9][A-Z0-9-]{0,62}\.){1,20}(?:xn--[A-Z0-9-]{1,59}|[A-Z]{2,63})(?![A-Z0-9])", re.IGNORECASE
)
_ASCII_SENTENCE = re.compile(rb"(?<=[a-z])\.[A-Z][a-z]")
_DOMAIN_RUN = re.compile(rb"[A-Za-z0-9.\x80-\xff-]{1,255}")
_HARD_DOMAIN = re.compile(rb"[\x80-\xff]|xn--", re.IGNORECASE)

_FOREIGN = re.compile(
    rf"[^\w{re.escape(_ATEXT)}]"
)  # a quotation mark or an ideographic comma beside the address
_CUT = re.compile(r"[^\w.+-]+[.+_-]*|^[.+_-]+")
_ASCII_TAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*$")
_DOMAIN = r"(?:[^\W_](?:[^\W_]|-){0,62}\.){1,20}(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,63})(?![^\W_])"
_UNICODE_DOMAIN = re.compile(_DOMAIN, re.IGNORECASE)
_PLAIN_DOMAIN = re.compile(_DOMAIN, re.IGNORECASE | re.ASCII)
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

    def find(self, data: bytes, search: Search) -> Iterator[Candidate]:
        for match in _AT.finditer(data):
            at = match.start()
            plain = _plain_place(data, at)
            more = unicode_candidate(data, at) if search.unicode_emails and _is_hard(data, at) else None
            if plain:
                yield Candidate(plain.start, plain.end, plain.forms + (more.forms if more else ()))
            elif more:
                yield more


FIELD = Email()


def unicode_candidate(data: bytes, at: int) -> Candidate | None:
    """What the @ at a place means beyond ASCII: the forms that `find` adds to those of its ASCII readings.

    None where nothing is added; it takes a byte of 0x80 and more in the 64 before the @, or such a byte or
    "xn--" in the domain behind it. Start and end are those of the whole candidate.
    """
    plain, wide = _plain_place(data, at), _unicode_place(data, at)
    if not wide:
        return None
    punycode = b"xn--" in data[at : wide.end].lower()
    known = plain.forms if plain else ()
    added = tuple(form for form in wide.forms if (punycode or not form.isascii()) and form not in known)
    place = plain or wide
    return Candidate(place.start, place.end, added) if added else None


class _Place(NamedTuple):
    """An @ with text around it: what its local part and its domain can be, the longest first, never empty.

    Both in lower case and NFC.
    """

    start: int
    end: int
    locals: Sequence[str]
    domains: Sequence[str]

    @property
    def forms(self) -> tuple[bytes, ...]:
        pairs = product(self.locals, self.domains)
        return tuple(dict.fromkeys(form for pair in pairs for form in _address_forms(*pair)))


def _cell_forms(text: str) -> tuple[bytes, ...]:
    lower = text.strip().lower()
    if not lower.isascii():
        lower = unicodedata.normalize("NFC", lower)
    match = _CELL.fullmatch(lower)
    if match and (lower.isascii() or len(match[1].encode()) <= _LONGEST_LOCAL):
        return _address_forms(match[1], _unicode_domain(match[2]))
    data = text.encode("utf-8", "replace")
    found: dict[bytes, None] = {}
    for place in (_place_in_cell(data, match.start()) for match in _AT.finditer(data)):
        if place:
            local = next((name for name in place.locals if name[0].isalnum()), place.locals[0])
            found |= dict.fromkeys(_address_forms(local, place.domains[0]))
    return tuple(found)


def _place_in_cell(data: bytes, at: int) -> _Place | None:
    return _unicode_place(data, at) if _is_hard(data, at) else _plain_place(data, at)


def _run_before(data: bytes, at: int) -> bytes:
    window = data[max(0, at - _LONGEST_LOCAL) : at]
    return window[len(window.rstrip(_LOCAL_BYTES)) :]


def _run_behind(data: bytes, at: int) -> bytes:
    match = _DOMAIN_RUN.match(data, at + 1)
    return match[0] if match else b""


def _is_hard(data: bytes, at: int) -> bool:
    """Whether the address can be read beyond ASCII."""
    return not _run_before(data, at).isascii() or bool(_HARD_DOMAIN.search(_run_behind(data, at)))


def _plain_place(data: bytes, at: int) -> _Place | None:
    """The ASCII readings of an @."""
    domain = _ASCII_DOMAIN.match(data, at + 1, at + 1 + _LONGEST_DOMAIN)
    if not domain:
        return None
    run = _run_before(data, at)
    run = run[len(run.rstrip(_ASCII)) :] if not run.isascii() else run
    begin = at - len(run)
    starts = _starts(run, escaped=data[max(0, begin - 1) : begin] == b"\\")
    if not starts:
        return None
    domains = [domain[0]]
    sentence = _ASCII_SENTENCE.search(domain[0])
    if sentence and b"." in domain[0][: sentence.start()]:
        domains.append(domain[0][: sentence.start()])
    return _Place(
        begin + starts[0],
        domain.end(),
        [run[start:].decode().lower() for start in starts],
        [name.decode().lower() for name in domains],
    )


def _starts(run: bytes, *, escaped: bool) -> list[int]:
    """Where a local part can begin in the ASCII before an @: at the words that its special characters divide.

    escaped  a backslash stands before the run: its first letter may belong to an escaped break or tab
    """
    if not escaped and _USUAL.fullmatch(run):
        return [0]
    starts = [match.start(1) for match in _START.finditer(run)]
    if escaped and (behind := _ESCAPED_START.match(run)):
        starts.insert(1, behind.start(1))
    return starts[-_STARTS:]


def _unicode_place(data: bytes, at: int) -> _Place | None:
    """The readings of an @ with letters of any script, and with punycode decoded."""
    run, behind = _run_before(data, at), _run_behind(data, at)
    names = _locals(run, escaped=data[max(0, at - len(run) - 1) : at - len(run)] == b"\\")
    domains = _domains(behind) if names else []
    if not domains:
        return None
    return _Place(at - len(run), at + 1 + len(behind.rstrip(b".-")), names, domains)


def _locals(run: bytes, *, escaped: bool) -> list[str]:
    """The local parts a reader could see in the bytes before an @, in lower case, the longest first."""
    text = unicodedata.normalize("NFC", run.decode("utf-8", "replace"))
    text = _FOREIGN.split(text)[-1]
    readings = [text, *[text[cut.end() :] for cut in _CUT.finditer(text)][1 - _STARTS :]]
    if escaped and text[:1] in ("n", "r", "t"):  # the letter belongs to an escaped line break or tab
        readings.append(text[1:])
    if tail := _ASCII_TAIL.search(text):
        readings.append(tail[0])
    fitting = (reading.lower() for reading in readings if len(reading.encode()) <= _LONGEST_LOCAL)
    return list(dict.fromkeys(reading for reading in fitting if any(map(str.isalnum, reading))))


def _domains(run: bytes) -> list[str]:
    """The domains a reader could see in the bytes after an @, lower case and Unicode, the longest first."""
    text = unicodedata.normalize("NFC", run.decode("utf-8", "replace"))
    found = [match[0] for pattern in (_UNICODE_DOMAIN, _PLAIN_DOMAIN) if (match := pattern.match(text))]
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
        decoded = unicodedata.normalize("NFC", label[4:].encode("ascii").decode("punycode").lower())
    except UnicodeError:
        return label
    return label if decoded.isascii() else decoded


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
