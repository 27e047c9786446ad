"""What the trap hears: that something was used which nobody has honest use for."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

import msgspec

MAIL = frozenset({"smtp", "mailbox", "mail"})
"""The channels whose names are mail addresses; tokens of all of them are those of "smtp"."""


class Hit(msgspec.Struct, frozen=True, tag="hit", array_like=True, gc=False):
    """One use, with everything that it shows about where it came from.

    channel        "http", "smtp", "dns", …: the listener's name
    at             Unix microseconds, UTC
    address, port  who connected; behind a configured proxy, who connected to that
    names          what was asked for, spelled as breadcrumbs' tokens are: "host/path" of a request, and
                   the same with its query; each address that a mail is for; the name that was looked up
    facts          all else, in the order in which it came: a label ("method", "header", "tls", "helo" …) and
                   the bytes as they were received. Whatever a client sends may stand in them
    """

    channel: str
    at: int
    address: str
    port: int
    names: tuple[str, ...]
    facts: tuple[tuple[str, bytes], ...]


class Swarm(msgspec.Struct, frozen=True, tag="swarm", array_like=True):
    """Hits of one network that came faster than each could be kept: counted, and none of their names lost.

    network      "192.0.2.0/24" or "2001:db8::/48"; "" is all networks beyond the most that are told apart,
                 and beyond what is kept of addresses that can be forged
    count        hits;  first, last  when they came, Unix microseconds, UTC
    key, names   keyed hashes of the different names (`name_hash` under the key), 8 bytes each, ascending:
                 whoever knows a token can tell whether it was among them
    unnamed      hits at most whose names are not all among these: 0 unless the disk was full for long
    """

    channel: str
    network: str
    count: int
    first: int
    last: int
    key: bytes
    names: bytes
    unnamed: int = 0


Heard = Hit | Swarm


@lru_cache(maxsize=1 << 16)
def network_of(address: str) -> str:
    """The network that an address is counted with: its /24, or its /48 where it is IPv6.

    An IPv4 address written as IPv6 (::ffff:192.0.2.1) belongs to its IPv4 network. What is no address, like
    the name of a local socket, is a network of its own.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network(f"{mapped}/{24 if mapped.version == 4 else 48}", strict=False))
