"""Whether the names that decoys have lead to a trap: asked of this machine's resolver, about own names alone.

The resolver learns that somebody asks for them, as it does of everybody who comes across them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

from trapstreet.app.checks import Check
from trapstreet.app.workspace import Workspace

SECONDS = 5.0
"""That an answer may take."""
_AT_ONCE = 8
_RESERVED = ("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org")
"""RFC 2606: nobody looks these up."""


class _Wanted(NamedTuple):
    """A name and what it needs: a record of a type, or with "" an address of its own."""

    name: str
    record: str


_KINDS = {"MX": "mail domain", "NS": "zone", "": "web address"}
_ADVICE = {
    "MX": "add an MX record that names the trap's host, at whoever serves the domain: until then mail to "
    "decoys is lost",
    "NS": "name the trap as its name server at the registrar, with the trap's address",
    "": "add an address record (A or AAAA) of the trap, at whoever serves the domain",
}
_THERE = {"MX": "mail goes to", "NS": "is delegated to", "": "is at"}


def names(workspace: Workspace) -> Iterator[Check]:
    """A check for each domain, zone and host that the settings name, in their order."""
    settings = workspace.settings
    hosts = [urlsplit(url).hostname or "" for url in settings.trap.urls]
    wanted = [
        *(_Wanted(name, "MX") for name in settings.decoys.domains),
        *(_Wanted(name, "NS") for name in settings.trap.zones),
        *(_Wanted(name, "") for name in dict.fromkeys(filter(None, hosts))),
    ]
    if not wanted:
        return
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="names") as asking:
        yield from asking.map(_check, wanted)


def _check(wanted: _Wanted) -> Check:
    from dns.exception import DNSException

    name, record = wanted
    kind = _KINDS[record]
    if any(f".{name.lower()}".endswith(f".{reserved}") for reserved in _RESERVED):
        found_words = f"{name} is reserved for examples: its decoys prove copies, nothing is heard of them"
        return Check(kind, True, found_words, about=name)
    try:
        hosts = _targets(name, record) if record else [name]
        found = [(host, _addresses(host)) for host in hosts]
    except DNSException as error:
        found_words = f"{name} cannot be looked up ({type(error).__name__})"
        return Check(kind, False, found_words, "look at this machine's network and resolver", name)
    if not any(addresses for _, addresses in found):
        lost = (
            f"{name} has no {record or 'address'} record"
            if hosts in ([], [name])
            else _leads_nowhere(name, hosts)
        )
        return Check(kind, False, lost, _ADVICE[record], name)
    where = ", ".join(f"{host} ({', '.join(addresses) or 'no address'})" for host, addresses in found)
    if not record:
        where = ", ".join(found[0][1])
    return Check(kind, True, f"{name} {_THERE[record]} {where}", about=name)


def _leads_nowhere(name: str, hosts: list[str]) -> str:
    return f"{name} leads to {', '.join(hosts)}, which has no address"


def _targets(name: str, record: str) -> list[str]:
    """The hosts that the records of a name lead to, the preferred first; [] where there are none."""
    from dns import resolver

    try:
        answer = list(resolver.resolve(name, record, lifetime=SECONDS, search=False))
    except (resolver.NXDOMAIN, resolver.NoAnswer):
        return []
    if record == "MX":
        answer.sort(key=lambda each: each.preference)
        hosts = [each.exchange for each in answer]
    else:
        hosts = [each.target for each in answer]
    return [text for host in hosts if (text := host.to_text(omit_final_dot=True)) not in ("", ".", "@")]


def _addresses(host: str) -> list[str]:
    from dns import resolver

    found = []
    for record in ("A", "AAAA"):
        try:
            answer = resolver.resolve(host, record, lifetime=SECONDS, search=False)
        except (resolver.NXDOMAIN, resolver.NoAnswer):
            continue
        found += [each.address for each in answer]
    return found
