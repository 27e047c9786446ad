"""Uses that somebody declared beforehand: a recipient's campaign, a newsletter of one's own."""

from collections.abc import Iterable, Iterator
from email.utils import parseaddr
from itertools import islice

import msgspec

from trapstreet.core.model.hit import Hit
from trapstreet.sightings.domain.client import fact_of, printable
from trapstreet.sightings.domain.content import headers_seen
from trapstreet.sightings.domain.naming import MAIL

_FACTS = 4096
_CHECKS = ("dmarc", "dkim", "spf")


class Expectation(msgspec.Struct, frozen=True):
    """An honest use that was declared.

    what     in the user's words
    begins, until  Unix microseconds, UTC
    senders  domains, lower case, that its mails come from; () where nobody said
    """

    what: str
    begins: int
    until: int
    senders: tuple[str, ...] = ()


def expected(hit: Hit, declared: Iterable[Expectation]) -> tuple[bool, str]:
    """Whether a hit is one of the uses that were declared, and why or why not; ("" if none was).

    It is within the window of one, and of those with senders a mail that says it comes from one of them, or
    from a name below: by its envelope or its From. Nobody has checked what a mail says, unless its receiver
    did and told (facts "spf", "dkim", "dmarc"): then one of these has to have passed for that domain.
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
        elif not any(_within(domain, use.senders) for domain in _domains(hit)):
            why = f"in the time of {use.what!r}, and from another sender than was declared for it"
        elif not (checked := _checked(hit, use.senders)):
            why = f"says that it comes from the sender of {use.what!r}, which its receiver could not confirm"
        else:
            return True, f"declared beforehand: {use.what!r}; {checked}"
    return False, why


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


def _checked(hit: Hit, senders: tuple[str, ...]) -> str:
    """Who checked that the mail is a sender's, in words; "" where somebody did and found that it is not."""
    results = [(label, printable(value)) for label, value in islice(hit.facts, _FACTS) if label in _CHECKS]
    if not results:
        return "nobody checked its sender"
    for label, result in results:
        verdict, _, domain = result.lower().partition(" ")
        if verdict == "pass" and _within(domain.strip(), senders):
            return f"{label.upper()} passed where it was received"
    return ""
