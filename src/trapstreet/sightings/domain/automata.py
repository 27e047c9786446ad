"""Automata told from people: the label of a single hit."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from trapstreet.core.model.hit import Hit
from trapstreet.core.model.place import Origin, Place
from trapstreet.sightings.domain.browser import faults, is_browser
from trapstreet.sightings.domain.client import Client, fact_of, headers_of
from trapstreet.sightings.domain.label import Earlier, Kind, Label
from trapstreet.sightings.domain.named import Named, named, standing

_SOON, _SHORTLY = 60, 300
"""Seconds after a mail in which its links are opened by scanners, and in which they usually are."""
_SCANNED = 4
"""Bits from which a client that does not say what it is counts as a scanner."""
_OLD, _VERY_OLD = 86_400, 7 * 86_400
"""Seconds after a name's first use from which asking again for its address is no use of it, likely."""

_APPLES_RELAYS = {"Apple Private Relay", "Akamai", "Cloudflare", "Fastly"}

_PROGRAMS = (
    ("ms-office", "Microsoft Office"),
    ("microsoft office", "Microsoft Office"),
    ("microsoft%20", "Microsoft Office"),
    ("microsoft-webdav", "Windows Explorer or Office"),
    ("microsoft outlook", "Outlook"),
    ("outlook-", "Outlook"),
    ("libreoffice", "LibreOffice"),
    ("thunderbird", "Thunderbird"),
    ("evolution/", "Evolution"),
)
"""Programs that people open documents and mails with, by what their user agents have in them."""

_MACHINERY = MappingProxyType(
    {
        "NS": "a resolver finding its way (RFC 9156)",
        "SOA": "a resolver or monitor asking where a zone begins",
        "DS": "a resolver that validates (RFC 4035)",
        "DNSKEY": "a resolver that validates (RFC 4035)",
        "RRSIG": "a resolver that validates (RFC 4035)",
        "NSEC": "a resolver that validates (RFC 4035)",
        "NSEC3PARAM": "somebody who surveys zones",
        "CAA": "a certification authority, or a watcher of certificates (RFC 8659)",
        "TLSA": "a mail server about to send (RFC 6698)",
        "ANY": "somebody who surveys zones (RFC 8482)",
    }
)
_MACHINE_NAMES = MappingProxyType(
    {
        "_": "a resolver finding its way (RFC 9156)",
        "ns": "a resolver looking for name servers",
        "ns1": "a resolver looking for name servers",
        "ns2": "a resolver looking for name servers",
        "_dmarc": "a receiver of mail (RFC 7489)",
        "_domainkey": "a receiver of mail (RFC 6376)",
        "_mta-sts": "a sender of mail (RFC 8461)",
        "_acme-challenge": "a certification authority (RFC 8555)",
    }
)


def label_of(hit: Hit, place: Place, client: Client, earlier: Earlier) -> Label:
    """What kind of client made the hit, and how strongly it looks like an honest automaton.

    Takes no time that grows with more than the first 256 facts, of half a kilobyte each. Never raises.
    docs/sightings.md has the confusion table and what cannot be told.
    """
    judge = _CHANNELS.get(hit.channel)
    return judge(hit, place, client, earlier) if judge else Label(Kind.UNKNOWN, 0, ())


def _http(hit: Hit, place: Place, client: Client, earlier: Earlier) -> Label:
    program = next((name for sign, name in _PROGRAMS if sign in client.says.lower()), "")
    if not program and (one := named(client.says)) and one.kind is not Kind.TOOL:
        return _claimed(one, place)
    if client.says == "Mozilla/5.0" and place.provider in _APPLES_RELAYS:
        words = "Apple Mail fetches pictures through relays, whether or not anybody reads the mail"
        return Label(Kind.IMAGE_PROXY, 4, (words,), "Apple Mail")
    wrong = _wrong(hit, client)
    odd = bool(wrong) or not client.says
    scan, why = _scanned(hit, place, earlier, odd=odd)
    if scan >= _SCANNED and (odd or place.origin is Origin.HOSTING):
        return Label(Kind.SCANNER, scan, (*why, *wrong))
    if program:
        return Label(Kind.PERSON, -2 + scan / 2, (f"{program}, opening a document or a mail", *why))
    return _unnamed(place, client, wrong, why)


def _claimed(one: Named, place: Place) -> Label:
    """Of a client that says which automaton it is."""
    stands = standing(one, place)
    says = f"says that it is {one.name}"
    if stands.bits < 0:
        return Label(Kind.TOOL, stands.bits, (says, stands.words))
    acts = (one.act,) if one.act else ()
    return Label(one.kind, stands.bits, (says, stands.words, *acts), one.name, bool(acts))


def _unnamed(place: Place, client: Client, wrong: list[str], why: list[str]) -> Label:
    """Of a client that is no known automaton, by its user agent and headers."""
    if not is_browser(client.says) or ((one := named(client.says)) and one.kind is Kind.TOOL):
        return Label(Kind.TOOL, 0, ("a program that somebody writes or starts by hand", *why))
    if wrong:
        return Label(Kind.TOOL, 0, ("says that it is a browser, and is not", *wrong, *why))
    if place.origin is Origin.HOSTING:
        words = "a browser in a data centre: a scanner's sandbox, a desktop in the cloud, or a hired server"
        return Label(Kind.UNKNOWN, 1, (words, *why))
    return Label(Kind.PERSON, -2, ("a browser, to all appearance", *why))


def _wrong(hit: Hit, client: Client) -> list[str]:
    if not is_browser(client.says):
        return []
    facts = {name: fact_of(hit, name) for name in ("version", "tls", "proxy")}
    return faults(client.says, client.headers, {name: value for name, value in facts.items() if value})


def _scanned(hit: Hit, place: Place, earlier: Earlier, *, odd: bool) -> tuple[float, list[str]]:
    """Bits for a scanner of mail that does not say so, and the words for them."""
    sent = earlier.sent if earlier.sent is not None and earlier.sent >= 0 else float("inf")
    signs = (
        (4, sent <= _SOON, f"{sent:.0f} s after it was sent or laid out"),
        (2, _SOON < sent <= _SHORTLY, f"{sent:.0f} s after it was sent or laid out"),
        (2, place.origin is Origin.HOSTING, f"from a data centre of {place.provider}"),
        (1, place.provider == "Microsoft Azure", "where Safe Links works from"),
        (1, fact_of(hit, "method") == "HEAD", "asks for the head alone"),
        (1, odd, "not as browsers ask"),
    )
    return sum(bits for bits, holds, _ in signs if holds), [words for _, holds, words in signs if holds]


def _dns(hit: Hit, place: Place, client: Client, earlier: Earlier) -> Label:
    qtype = fact_of(hit, "qtype").upper()
    first = fact_of(hit, "qname").partition(".")[0].lower()
    if machinery := _MACHINERY.get(qtype) or _MACHINE_NAMES.get(first):
        return Label(Kind.ECHO, 3, (machinery,))
    if qtype in {"HTTPS", "SVCB", "TYPE64", "TYPE65"}:
        return Label(Kind.PERSON, -1, ("browsers and Apple's systems ask so, beside the address (RFC 9460)",))
    if qtype not in {"A", "AAAA"}:
        return Label(Kind.UNKNOWN, 0, (f"{qtype[:16] or 'nothing'} was looked up",))
    age = earlier.heard or 0
    if age < _OLD:
        return Label(Kind.UNKNOWN, 0, ("an address was looked up; whoever asked stands behind a resolver",))
    bits = 2 + (age >= _VERY_OLD) + (place.origin is Origin.HOSTING)
    return Label(
        Kind.ECHO, bits, (f"first used {age / _OLD:.0f} days ago: machines ask for old names again",)
    )


def _smtp(hit: Hit, place: Place, client: Client, earlier: Earlier) -> Label:
    sender = fact_of(hit, "mail-from").partition(" ")[0]
    answers = {name.lower(): value.lower() for name, value in headers_of(hit)}
    if sender == "<>":
        return Label(Kind.ECHO, 3, ("a bounce: somebody wrote in this address's name",))
    if answers.get("auto-submitted", b"no") != b"no":
        return Label(Kind.ECHO, 3, ("an automatic answer: somebody wrote in this address's name",))
    return Label(Kind.UNKNOWN, 0, ())


def _phone(hit: Hit, place: Place, client: Client, earlier: Earlier) -> Label:
    caller = "".join(letter for letter in fact_of(hit, "caller") if letter in "+0123456789")[:16]
    words = f"a call or a message from {caller or 'a number that is not shown'}"
    return Label(Kind.UNKNOWN, 0, (words, "numbers are dialled by mistake, and by machines in turn"))


def _callback(hit: Hit, place: Place, client: Client, earlier: Earlier) -> Label:
    if fact_of(hit, "doubt") == "again":
        words = "a callback that was taken before: the service sent it again, or somebody who saw it"
        return Label(Kind.ECHO, 8, (words,))
    return Label(Kind.TOOL, 0, ("a callback that is not signed: somebody who knows its address made it up",))


def _elsewhere(hit: Hit, place: Place, client: Client, earlier: Earlier) -> Label:
    """Of a token of another server, which says who used it, and nothing else of the request."""
    one = named(client.says) if client.says else None
    if one and one.kind is not Kind.TOOL:
        return _claimed(one, place)
    return Label(Kind.UNKNOWN, 0, ("another server heard it",))


_CHANNELS: Mapping[str, Callable[[Hit, Place, Client, Earlier], Label]] = MappingProxyType(
    {
        "http": _http,
        "dns": _dns,
        "smtp": _smtp,
        "mailbox": _smtp,
        "mail": _smtp,
        "phone": _phone,
        "callback": _callback,
        "canarytokens": _elsewhere,
    }
)
