"""From where somebody came, as far as it decides what they may do.

Grants hold for patterns of hosts, which are compared with the address of a client and, unless the server
looks none up, with its name. Logs have one of the two.
"""

import ipaddress
from collections.abc import Iterable

from trapstreet.plugins._mariadb_patterns import fits_in_any_case, host_rank
from trapstreet.plugins.changes._mariadb.standing import Holder, Standing

BY_SOCKET = ""
"""From the server's own machine, without an address."""
_ANYBODY = "192.0.2.1"
"""An address that is nobody's (RFC 5737)."""
_LOCAL = "localhost"
_ANY_HOST = {"", "%"}


class Hosts:
    """The patterns of hosts in the grants of a server.  by_name  whether it looks names up"""

    def __init__(self, there: Standing, *, by_name: bool) -> None:
        self._by_name = by_name
        self._patterns: dict[str, set[str]] = {}
        self._has: dict[tuple[str, str], set[object]] = {}
        for holder, default in there.holders.items():
            self._add(holder, default)
        for given in there.given:
            self._add(given.holder, given[:3] + given[4:])

    def _add(self, holder: Holder, has: object) -> None:
        if not holder.is_role:
            self._patterns.setdefault(holder.user, set()).add(holder.host)
            self._has.setdefault((holder.user, holder.host), set()).add(has)

    def surely(self, user: str, client: str) -> str | None:
        """An address from where the same rights hold for somebody as from a host that a log names, or
        BY_SOCKET; None where nobody can say."""
        patterns = self._patterns.get(user, set()) | self._patterns.get("", set())
        if (address := _address(client)) is not None:
            return address
        if patterns <= _ANY_HOST:
            return BY_SOCKET if client == _LOCAL else _ANYBODY
        if client != _LOCAL:
            return None
        return None if self._by_name and _tells_apart(patterns) else BY_SOCKET

    def takes_either(self, user: str, address: str) -> bool:
        """Whether grants for several hosts that are not the same fit somebody who comes from an address, or
        by a socket, equally well: which of them counts hangs on the order in which the server has them, and
        that changes with any change of grants."""
        found: dict[int, set[object]] = {}
        for who in {user, ""}:
            for host in self._patterns.get(who, ()):
                if self._may_fit(host, address):
                    has = self._has[who, host]
                    if found.setdefault(host_rank(host), has) != has:
                        return True
        return False

    def like(self, user: str, address: str) -> object:
        """The same for all addresses from where the same grants hold for somebody: BY_SOCKET is like none."""
        patterns = self._patterns.get(user, set()) | self._patterns.get("", set())
        return address == BY_SOCKET, frozenset(each for each in patterns if self._may_fit(each, address))

    def _may_fit(self, pattern: str, address: str) -> bool:
        if "/" in pattern:
            return bool(address) and _is_within(address, pattern)
        if pattern in _ANY_HOST:
            return True
        if fits_in_any_case(pattern, address or _LOCAL):
            return True
        return self._by_name and pattern.lower() == _LOCAL and _is_own(address)


def _is_within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return True


def _is_own(address: str) -> bool:
    return not address or ipaddress.ip_address(address).is_loopback


def _tells_apart(patterns: Iterable[str]) -> bool:
    """Whether it matters if a client on the server's machine came by a socket or by an address."""
    return any(
        not fits_in_any_case(each, _LOCAL)
        and ("/" in each or fits_in_any_case(each, "127.0.0.1") or fits_in_any_case(each, "::1"))
        for each in patterns
    )


def _address(client: str) -> str | None:
    try:
        found = ipaddress.ip_address(client)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
