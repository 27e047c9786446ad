"""Uses that somebody declared beforehand: a recipient's campaign, a newsletter of one's own."""

from collections.abc import Iterable, Iterator
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import ip_network
from itertools import islice

import msgspec

from trapstreet.core.model.hit import MAIL, Hit
from trapstreet.core.model.place import Network, is_inside, parsed
from trapstreet.sightings.domain.client import fact_of, printable
from trapstreet.sightings.domain.content import headers_seen

_FACTS = 4096
_CHECKS = ("dmarc", "dkim", "spf")


class Expectation(msgspec.Struct, frozen=True):
    """An honest use that was declared.

    what     in the user's words
    begins, until  Unix microseconds, UTC
    senders  domains, lower case, and networks like "192.0.2.0/24" that its mails come from; () where nobody
             said
    """

    what: str
    begins: int
    until: int
    senders: tuple[str, ...] = ()


def expected(hit: Hit, declared: Iterable[Expectation]) -> tuple[bool, str]:
    """Whether a hit is one of the uses that were declared, and why or why not; ("" if none was).

    It is within the window of one, and of those with senders a mail that is proven to be one of theirs: it
    came from a network of theirs, or it says that it comes from a domain of theirs, or from a name below, by
    its envelope or its From, and SPF, DKIM or DMARC has passed for that domain where it was received (facts
    "spf", "dkim", "dmarc"). Anybody can say it: what nobody checked is not expected.
    """
    why = ""
    for use in sorted(declared, key=lambda use: (use.begins, use.until)):
        if not use.begins <= hit.at <= use.until:
            why = why or f"outside the time for which {use.what!r} was declared"
            continue
        if not use.senders:
            return True, f"declared beforehand: {use.what!r}; from no sender in particular"
        if hit.channel not in MAIL:
            why = f"in the time of {use.what!r}, for which mails alone were declared"
            continue
        proof, doubt = _proof(hit, use.senders)
        if proof:
            return True, f"declared beforehand: {use.what!r}; {proof}"
        why = f"in the time of {use.what!r}, and {doubt}"
    return False, why


def _proof(hit: Hit, senders: tuple[str, ...]) -> tuple[str, str]:
    """What proves in words that a mail is a sender's, or "" and what is missing."""
    address = parsed(hit.address)
    if address and is_inside(address, _networks(senders)):
        return "it came from a network of its sender", ""
    if not any(_within(domain, senders) for domain in _domains(hit)):
        return "", "from another sender than was declared for it"
    results = [(label, printable(value)) for label, value in islice(hit.facts, _FACTS) if label in _CHECKS]
    for label, result in results:
        verdict, _, domain = result.lower().partition(" ")
        if verdict == "pass" and _within(domain.strip(), senders):
            return f"{label.upper()} passed where it was received", ""
    said = "says that it comes from its sender, which is not proven"
    return "", f"{said}: {'its receiver could not confirm it' if results else 'nobody checked it'}"


@lru_cache(maxsize=256)
def _networks(senders: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(each) for each in senders if "/" in each)


def _within(domain: str, senders: tuple[str, ...]) -> bool:
    return any(domain == own or domain.endswith(f".{own}") for own in senders)


def _domains(hit: Hit) -> Iterator[str]:
    """What a mail says of where it comes from: an envelope's domain, and its From's."""
    envelope = fact_of(hit, "mail-from").partition(">")[0].lstrip("<")
    seen = next((value for name, value in headers_seen(hit) if name == "from"), "")
    for address in (envelope, _address(seen)):
        if domain := address.rpartition("@")[2].strip().lower().rstrip("."):
            yield domain


def _address(text: str) -> str:
    """The address of a header, "" of one that was made to break the standard library's reader."""
    try:
        return parseaddr(text)[1]
    except (RecursionError, ValueError, IndexError):  # brackets within brackets, thousands deep
        return ""
