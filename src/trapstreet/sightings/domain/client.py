"""Which program made a hit, by what it says of itself. All of it is whatever the client likes to send."""

from functools import lru_cache
from itertools import islice

import msgspec

from trapstreet.core.model import words
from trapstreet.core.model.hit import Hit

LONGEST = 512
"""Bytes of a user agent that are looked at: expressions over it take time that grows with its square."""

_FACTS, _NAME = 256, 64


class Client(msgspec.Struct, frozen=True):
    """A program, as it presents itself.

    family   "Chrome 147", "curl 7.88.1"; "" where the user agent is missing or unknown
    system   "Windows 10", "iOS 17.6"; "" likewise
    says     the user agent, at most 512 characters, with "?" for what does not print
    headers  names of the request's headers in order, spelled as received
    """

    family: str = ""
    system: str = ""
    says: str = ""
    headers: tuple[str, ...] = ()


def client_of(hit: Hit) -> Client:
    """The program of a hit; an empty Client where its channel has none. Never raises.

    11 µs for a user agent among the last 4,096, else 0.1 ms.
    """
    pairs = headers_of(hit)
    says = next((printable(value) for name, value in pairs if name.lower() == "user-agent"), "")
    return Client(*_parsed(says), says=says, headers=tuple(name for name, _ in pairs))


def headers_of(hit: Hit) -> list[tuple[str, bytes]]:
    """Names and values of the first headers, in order."""
    found = []
    for label, value in islice(hit.facts, _FACTS):
        if label == "header":
            name, _, rest = value[: LONGEST + _NAME].partition(b":")
            found.append((printable(name[:_NAME]), rest.strip()))
    return found


def fact_of(hit: Hit, label: str) -> str:
    """The first fact of that label as text, "" where there is none."""
    return next((printable(value) for name, value in islice(hit.facts, _FACTS) if name == label), "")


def printable(value: bytes) -> str:
    """At most LONGEST characters that are safe to show on one line."""
    text = value[:LONGEST].decode("latin-1").strip()
    return text if text.isprintable() else words.printable(text)


@lru_cache(maxsize=4096)
def _parsed(says: str) -> tuple[str, str]:
    """Family and system. Source: ua-parser's rules, in its engine of linear time."""
    if not says:
        return "", ""
    from ua_parser import parse

    found = parse(says)
    agent, system = found.user_agent, found.os
    return (
        _joined(agent.family, agent.major) if agent else "",
        _joined(system.family, system.major) if system else "",
    )


def _joined(family: str, version: str | None) -> str:
    return f"{family} {version}" if version else family
