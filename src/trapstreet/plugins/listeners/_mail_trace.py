"""What the header of a mail says of whom it is for, and of where it came from as far as that is trusted."""

import re
from collections.abc import Iterable, Iterator, Sequence
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import getaddresses
from ipaddress import ip_address
from typing import NamedTuple

from trapstreet.plugins.listeners._smtp_post import RECIPIENTS, raw, spelled

_FOR = (
    "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-forwarded-to",
    "resent-to", "to", "resent-cc", "cc", "apparently-to", "bcc",
)  # fmt: skip
_LINE = 4096
_LONGEST = 320
_RESULTS = 10

_COMMENT = r"\((?:[^()]|\([^()]*\))*\)"
_RECEIVED = re.compile(rf"from\s+(\S+)\s*((?:{_COMMENT}\s*)*)by\s+(\S+)", re.IGNORECASE)
_RECEIVED_FOR = re.compile(r"\sfor\s+<?([^\s<>;]{1,256}@[^\s<>;]{1,256})>?[\s;]", re.IGNORECASE)
_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9a-fA-F.:]{2,45})\]|\(([0-9a-fA-F.:]{2,45})\)", re.IGNORECASE)
_HELO = re.compile(r"\bhelo[= ]\s*(\S+?)(?=[\s)]|$)", re.IGNORECASE)
_RESULT = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,12})\b", re.IGNORECASE)
_ABOUT = {
    method: re.compile(rf"(?<![^\s])(?:{names})\s*=\s*((?:\"[^\"]*\"|[^\s;\"])+)", re.IGNORECASE)
    for method, names in (
        ("spf", r"smtp\.mailfrom|smtp\.helo"),
        ("dkim", r"header\.d|header\.i"),
        ("dmarc", r"header\.from"),
    )
}
_PLAIN = frozenset("@.-_+/")
_LIKE_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]@]{1,256}@[^\s<>,;:\"()\[\]@]{1,256}")


class Source(NamedTuple):
    """Who brought a mail to the server that took it: the address and HELO; both "" where nobody knows."""

    address: str = ""
    helo: str = ""


class Header:
    """The header of a mail that anybody may have written; trusted is what hosts of ours put on top of it.

    head     its bytes; what is beyond some 64 KiB need not be there
    trusted  names of hosts: in the "by" of their Received lines, and before their Authentication-Results.
             A name stands for the hosts below it, too
    """

    def __init__(self, head: bytes, trusted: Sequence[str]) -> None:
        text = head.decode("utf-8", "surrogateescape")  # RFC 6532: addresses may be written in UTF-8
        self._fields = HeaderParser(policy=compat32).parsestr(text, headersonly=True)
        self._trusted = tuple(name.lower().strip(".") for name in trusted)

    def names(self) -> list[str]:
        """Every address that the mail is for, as tokens are spelled, each once; the envelope's first."""
        found = dict[str, None]()
        for address in self._addresses():
            if len(address) <= _LONGEST and len(found) < RECIPIENTS:
                found[spelled(address)[0]] = None
        return list(found)

    def source(self) -> Source:
        """From the topmost Received line of a trusted host: whatever stands below it may be forged.

        A hop of the host to itself is passed over.
        """
        own = Source()
        for line in self._lines("received"):
            found = _RECEIVED.match(line)
            if not found or not self._trusts(found[3]):
                continue
            source = _source(found[1], found[2])
            if source.address and not ip_address(source.address).is_loopback:
                return source
            own = own if own.address else source
        return own

    def results(self) -> Iterator[tuple[str, bytes]]:
        """ "spf", "dkim", "dmarc" and what the topmost Authentication-Results (RFC 8601) of a trusted host
        says: the result, and the domain that it is about."""
        for line in self._lines("authentication-results"):
            host, _, results = line.partition(";")
            if not self._trusts((host.split() or [""])[0]):
                continue
            other = list(_results(_without_comments(results, quotes=True)))
            yield from (each for each in _results(_without_comments(results)) if each in other)
            return

    def sender(self) -> str:
        """The envelope's sender, which the server that delivers writes; "" where it did not."""
        return next(self._lines("return-path"), "").strip()

    def _lines(self, name: str) -> Iterator[str]:
        """The values of a field, from the top, each in one line."""
        for value in self._values(name):
            yield re.sub(r"[\r\n]+\s*", " ", value)[:_LINE].strip()

    def _addresses(self) -> Iterator[str]:
        yield from (
            found[1] for line in self._lines("received") if (found := _RECEIVED_FOR.search(f"{line} "))
        )
        for name in _FOR:
            for value in self._values(name):
                yield from _listed(re.sub(r"[\r\n]+\s*", " ", value))

    def _values(self, name: str) -> Iterator[str]:
        """The values of a field, from the top, as they are; of what is no UTF-8 U+FFFD.

        `get_all` would raise for a value that has both other characters and bytes that are none.
        """
        for field, value in self._fields.raw_items():
            if field.lower() == name.lower():
                yield str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def _trusts(self, host: str) -> bool:
        host = host.lower().strip(".;")
        return any(host == name or host.endswith(f".{name}") for name in self._trusted)


def _source(name: str, comments: str) -> Source:
    """Of the clause "from NAME (COMMENTS)": an address that the client chose, as its HELO, is not believed
    where the server wrote down another one (Postfix, Exim, Sendmail, qmail, Exchange)."""
    said = _HELO.search(comments)
    helo = said[1] if said else name
    found = [one or other for one, other in _ADDRESS.findall(_HELO.sub("", comments))]
    if not found:
        found = [one or other for one, other in _ADDRESS.findall(name)]
    for text in reversed(found):
        try:
            address = ip_address(text)
        except ValueError:
            continue
        return Source(str(getattr(address, "ipv4_mapped", None) or address), helo)
    return Source()


def _results(text: str) -> Iterator[tuple[str, bytes]]:
    for result in text.split(";")[:_RESULTS]:
        if found := _RESULT.match(result):
            about = _ABOUT[found[1].lower()].search(result)
            domain = about[1].strip('"').rpartition("@")[2].lower()[:_LONGEST] if about else ""
            yield found[1].lower(), raw(f"{found[2].lower()} {domain}".rstrip())


def _without_comments(text: str, *, quotes: bool = False) -> str:
    """A field without its comments (RFC 5322, 3.2.2), each quoted string in one word.

    Senders choose what stands in both, and would like it to be read as results: ';' and blanks in a string,
    ')' in a comment. quotes: a quoted string in a comment hides what is in it, as some servers take for
    granted; the standard doesn't know any there.
    """
    depth, quoted, kept = 0, False, list[str]()
    for part in re.findall(r"\\.|.", text):
        if part == '"' and (quotes or not depth):
            quoted = not quoted
        elif part in ("(", ")") and not quoted:
            depth = max(0, depth + (1 if part == "(" else -1))
            continue
        if not depth:
            kept.append("?" if quoted and part != '"' and not _is_plain(part) else part)
    return "".join(kept)


def _is_plain(part: str) -> bool:
    return part.isalnum() or part in _PLAIN


def _listed(value: str) -> Iterable[str]:
    """The addresses of a list; of one that cannot be read, whatever looks like one."""
    try:
        found = [address for _, address in getaddresses([value]) if "@" in address]
    except (RecursionError, ValueError, IndexError):  # brackets within brackets, thousands deep
        found = []
    return found or _LIKE_ADDRESS.findall(value)
