"""The mails of the SpamAssassin corpus, and a plain reading of them to hold the product against.

The corpus is what `.ci/run` unpacks: $TRAPSTREET_MAILS, or .cache/mails. The reading follows
docs/adr/0003-normal-forms.md with regular expressions and the standard library's mail parser; none of the
product's code is in it.
"""

import codecs
import os
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import HeaderParser
from email.utils import parseaddr
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from anyascii import anyascii

DEFAULT = Path(__file__).parents[1] / ".cache" / "mails"
NEAR = 200
"""Bytes before and behind an address in which its owner's name may begin."""
APART = 4
"""Words from one word of a name to the other, at most."""

_LOCAL = b"_!#$%&'*+/=?^`{|}~.-" + bytes(n for n in range(256) if n >= 0x80 or chr(n).isalnum())
_BEHIND = re.compile(rb"(?:[a-z0-9][a-z0-9-]*\.)+[a-z]{2,}(?![a-z0-9])", re.IGNORECASE)
_AT = re.compile(rb"@[a-z0-9.\x80-\xff-]{1,255}", re.IGNORECASE)
_FOREIGN = re.compile(r"[^\x00-\x7f\w]")  # no letter of any script: a quotation mark, half a character
_START = re.compile(r"(?:\A|[^\w.+-])[._+-]*(?=[^\W_])|(?<=[^\x00-\x7f])[._+-]*(?=[a-z0-9])")
_WORD = re.compile(r"[a-z]+(?:'{1,2}[a-z]+)*")
_RUN_OR_LETTER = re.compile(r"[\x00-\x7f]+|.", re.DOTALL)
_LONGEST = 32  # letters; what is longer is no word
_TITLES = frozenset(
    "mr mrs ms miss dr prof sir lady rev phd md jr sr ii iii esq ing mag me don pan ma".split()
)


def corpus() -> Path:
    """The folder of the mails. Without it a test is skipped, or fails where it must be there."""
    folder = Path(os.environ.get("TRAPSTREET_MAILS") or DEFAULT)
    if not folder.is_dir():
        message = f"the SpamAssassin mails are not in {folder} (.ci/run fetches them)"
        (pytest.fail if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1" else pytest.skip)(message)
    return folder


class Sender(NamedTuple):
    """Who a mail says it is from: the name as it is shown, the address in lower case."""

    name: str
    address: str


@dataclass(frozen=True)
class Mail:
    path: Path

    @cached_property
    def text(self) -> bytes:
        """The mail in UTF-8: a byte that is none stands for its character in cp1252."""
        return self.path.read_bytes().decode("utf-8", "cp1252").encode()

    @cached_property
    def sender(self) -> Sender | None:
        header = self.text.partition(b"\n\n")[0].decode()
        name, address = parseaddr(str(HeaderParser().parsestr(header)["From"]))
        return Sender(" ".join(_shown(name).split()), address.lower()) if "@" in address else None

    @cached_property
    def says_more(self) -> bool:
        """Whether it holds what only a mail program shows: encoded headers and parts, web pages, files."""
        message = message_from_bytes(self.path.read_bytes())
        plain = ("", "7bit", "8bit", "binary")
        return b"=?" in self.text.partition(b"\n\n")[0] or any(
            part.get_content_type() != "text/plain"
            or part.get("content-transfer-encoding", "").lower() not in plain
            or part.get_param("format")
            for part in message.walk()
            if not part.is_multipart()
        )


def mails(folder: Path) -> list[Mail]:
    return [Mail(path) for path in sorted(folder.rglob("*.txt"))]


def senders(of: list[Mail]) -> list[Sender]:
    """Each address once, with the first name that it is shown with."""
    found: dict[str, Sender] = {}
    for mail in of:
        if mail.sender:
            found.setdefault(mail.sender.address, mail.sender)
    return list(found.values())


class Address(NamedTuple):
    """Something like an address: bytes [start, end) of a mail, its @ at one of them, and what it can mean."""

    start: int
    at: int
    end: int
    means: frozenset[str]


def addresses(text: bytes) -> Iterator[Address]:
    """Every @ with a local part and a domain. What is glued before it by special characters may belong to it
    or not, so each of the words may be where it begins: x=bob@post.example is also bob@post.example."""
    for match in _AT.finditer(text):
        at = match.start()
        before, behind = _before(text, at), _BEHIND.match(text, at + 1)
        if before and behind:
            local = _FOREIGN.split(before.decode("utf-8", "replace"))[-1].lower()
            names = [local[found.end() :] for found in _START.finditer(local)]
            if names:
                start = at - len(names[0].encode())
                domains = [behind[0].decode(), *_before_a_sentence(behind[0].decode())]
                means = {form for pair in product(names, domains) for form in written("@".join(pair).lower())}
                yield Address(start, at, behind.end(), frozenset(means))


def _before(text: bytes, at: int) -> bytes:
    """The characters of a local part that stand before an @, at most 64 bytes."""
    window = text[max(0, at - 64) : at]
    return window[len(window.rstrip(_LOCAL)) :]


def _before_a_sentence(domain: str) -> list[str]:
    """bob@post.example.The next sentence has begun."""
    found = re.match(r"(.+?\..*?[a-z])\.[A-Z][a-z]", domain)
    return [found[1]] if found else []


def found_by(cell: str) -> set[str]:
    """What a registered address can be found by; a cell with more in it stands for the longest address."""
    return {form for place in addresses(cell.encode()) for form in written(max(place.means, key=len))}


def written(address: str) -> set[str]:
    """An address and its mailbox."""
    return {address, mailbox(address)}


def mailbox(address: str) -> str:
    """Where mail to an address goes: without a tag, for Google's domains without dots."""
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


class Words:
    """The words of a mail outside addresses, and where each begins."""

    def __init__(self, text: bytes) -> None:
        outside = bytearray(text)
        for match in _AT.finditer(text):
            if before := _before(text, match.start()):
                low, high = match.start() - len(before), match.end()
                outside[low:high] = bytes(high - low)
        folded, places = _folded(bytes(outside))
        found = [match for match in _WORD.finditer(folded) if len(match[0]) <= _LONGEST]
        self._words = [match[0] for match in found]
        self._starts = [places[match.start()] for match in found]

    def near(self, place: Address) -> list[str]:
        """Those that begin near an address."""
        low = bisect_left(self._starts, place.start - NEAR)
        return [_spelt(word) for word in self._words[low : bisect_left(self._starts, place.end + NEAR)]]


def spoken(name: str, among: list[str]) -> bool:
    """Whether a name stands among the words: its first and its last at most APART, in either order; or the
    first's initial before the last, or right behind it. A name of one word is that word."""
    known = name_words(name)
    if not known:
        return False
    first, last = known[0], known[-1]
    if len(known) == 1:
        return len(first) > 2 and first in among
    for at, word in enumerate(among):
        if word == last:
            before, behind = among[max(0, at - APART) : at], among[at + 1 : at + 1 + APART]
            if first in before or first in behind:
                return True
            if any(_is_initial(first, other) for other in [*before, *behind[:1]]):
                return True
    return False


def _is_initial(first: str, other: str) -> bool:
    return first[0] == other[0] and (len(first) == 1) != (len(other) == 1)


@cache
def name_words(name: str) -> list[str]:
    """The words of a name without titles, given names first."""
    split = [[_spelt(word) for word in _WORD.findall(_folded(part.encode())[0])] for part in name.split(",")]
    telling = [part for part in split if not _TITLES.issuperset(part)]
    found = telling[1] + telling[0] if len(telling) == 2 else [word for part in split for word in part]
    kept = [word for word in found if word not in _TITLES]
    found = kept if len(kept) > 1 else found
    return found if any(len(word) > 1 for word in found) else []


@cache
def _spelt(word: str) -> str:
    """One spelling of a word: ae, aa, oe and ue lose their second letter."""
    return re.sub("(a)[ae]|([ou])e", r"\1\2", word.replace("'", ""))


def _folded(text: bytes) -> tuple[str, range | list[int]]:
    """The text in ASCII lower case, and the byte where each character of it comes from."""
    if text.isascii():
        return text.decode().lower(), range(len(text))
    pieces: list[str] = []
    places: list[int] = []
    at = 0
    for run in _RUN_OR_LETTER.findall(text.decode("utf-8", "replace")):
        size = len(run.encode())
        piece = run.lower() if run.isascii() else _fold(run)
        pieces.append(piece)
        places += range(at, at + size) if run.isascii() else [at] * len(piece)
        at += size
    return "".join(pieces), places


@cache
def _fold(letter: str) -> str:
    return anyascii(unicodedata.normalize("NFKC", letter)).lower()


def _shown(name: str) -> str:
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, UnicodeError):
        return name


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    stray = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in stray), error.end


codecs.register_error("cp1252", _as_cp1252)
