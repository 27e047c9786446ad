"""Whether a request that says it is a browser's is made as browsers make theirs."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

_ENGINE = re.compile(r"Gecko/|AppleWebKit/|Trident/|MSIE |Presto/")
_BARE = ("host", "user-agent", "accept", "connection", "accept-encoding", "accept-language", "referer")
_ORDERS = {
    "Firefox": ("host", "user-agent", "accept", "accept-language", "accept-encoding"),
    "Chrome": ("host", "user-agent", "accept", "accept-encoding", "accept-language"),
}
_FETCH_METADATA = 90
"""Chrome, Edge and Firefox of this version and up send Sec-Fetch-* over TLS. Source: W3C Fetch Metadata."""


def is_browser(says: str) -> bool:
    """Whether a user agent has the form of a browser's, or of a program with one inside."""
    return says.startswith(("Mozilla/4.0 (", "Mozilla/5.0 (", "Opera/")) and bool(_ENGINE.search(says))


def faults(says: str, headers: Sequence[str], facts: Mapping[str, str]) -> list[str]:
    """What browsers of that name don't do, in words; [] where the request could be theirs.

    says     a user agent that `is_browser`
    headers  names in order, spelled as received
    facts    "version" of HTTP, "tls" if there is any, "proxy" if one of the user's own stands between, which
             renames and drops headers
    """
    names = [name.lower() for name in headers]
    found = []
    if "accept-language" not in names:
        found.append("names no language, as browsers do")
    if "accept-encoding" not in names:
        found.append("takes no compression, as browsers do")
    if not _in_order(says, names):
        found.append("has its headers in another order than that browser")
    if "tls" in facts and _modern(says) and not any(name.startswith("sec-fetch-") for name in names):
        found.append("lacks Sec-Fetch headers, which that browser sends over TLS")
    if facts.get("version", "").endswith("1.1") and "proxy" not in facts:
        found += _first_hand(headers, names)
    return found


def _in_order(says: str, names: Sequence[str]) -> bool:
    order = next((wanted for sign, wanted in _ORDERS.items() if f"{sign}/" in says), ())
    places = [names.index(name) for name in order if name in names]
    return all(first < second for first, second in pairwise(places))


def _modern(says: str) -> bool:
    found = re.search(r"(?:Chrome|Firefox)/(\d{1,4})\.", says)
    return found is not None and int(found[1]) >= _FETCH_METADATA


def _first_hand(headers: Sequence[str], names: Sequence[str]) -> list[str]:
    """Faults of a request over HTTP/1.1 without a proxy between."""
    found = []
    if "connection" not in names:
        found.append("says nothing about its connection, as browsers do")
    if "http2-settings" in names:
        found.append("offers HTTP/2 in clear, which no browser does")
    if any(name in _BARE and name == spelled for name, spelled in zip(names, headers, strict=True)):
        found.append("writes headers in small letters, which browsers do in HTTP/2 alone")
    return found
