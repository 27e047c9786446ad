"""Where a hit came from, as far as its address tells."""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LONGEST = 64
"""No address is longer, with a zone; what is longer is not looked at."""


class Origin(StrEnum):
    """What sort of network an address belongs to, by published lists of ranges."""

    HOSTING = "hosting"
    CDN = "cdn"
    VPN = "vpn"
    TOR = "tor"
    BOT = "bot"
    RESERVED = "reserved"
    UNKNOWN = "unknown"


class Place(msgspec.Struct, frozen=True):
    """What is known of an address, and how old that knowledge is.

    address     as the trap heard it
    network     "192.0.2.0/24" or "2001:db8::/48", as a Swarm's; "" where it is no address
    country     ISO 3166 code, "" where the user's database has none;  holder  "AS64496 Example Net" likewise
    age         days since that database was built (the older, of two), None without one
    origin      UNKNOWN is "in no list", most often an internet provider's customer, and never "at home"
    provider    whose range it is: "Amazon AWS", "Tor", "Googlebot"; "" where in no list
    origin_age  days since those lists were built
    inside      in one of the user's own networks
    """

    address: str
    network: str
    country: str = ""
    holder: str = ""
    age: int | None = None
    origin: Origin = Origin.UNKNOWN
    provider: str = ""
    origin_age: int | None = None
    inside: bool = False

    @property
    def side(self) -> str:
        """Whose network that is as seen from the user's own, in words."""
        if self.inside:
            return "inside (a network of yours)"
        if self.origin is Origin.RESERVED:
            return "no public address: your own network or a proxy"
        return "outside"


def parsed(address: str) -> Address | None:
    """The address without zone, IPv4 where it is one in IPv6's clothes; None for any other text."""
    return _parsed(address) if len(address) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _parsed(address: str) -> Address | None:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network_of(address: Address) -> str:
    """The network that is taken for one party: /24, or /48."""
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


def is_inside(address: Address, networks: Iterable[Network]) -> bool:
    """Whether one of the networks holds the address."""
    return any(address.version == network.version and address in network for network in networks)
