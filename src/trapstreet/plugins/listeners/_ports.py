"""Addresses to listen at, and those whose word is taken for whom they speak for."""

import errno
import os
import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from trapstreet.core.model.errors import UnusableInput

BACKLOG = 4096
"""Connections that wait to be taken; to be told to event loops, too, which else make 100 of it."""


def endpoint(text: str, *, default: int) -> tuple[str, int]:
    """Host and port of "192.0.2.1:25", "[::]:25", "192.0.2.1" or "::". Raises UnusableInput."""
    found = re.fullmatch(r"\[?([0-9a-fA-F:.]*?)\]?(?::(\d{1,5}))?", text.strip(), re.ASCII)
    bare = text.strip().strip("[]")
    if bare.count(":") > 1 and "]:" not in text:
        host, port = bare, default
    elif found:
        host, port = found[1], int(found[2] or default)
    else:
        host, port = "", -1
    try:
        ip_address(host)
    except ValueError:
        port = -1
    if not 0 <= port < 1 << 16:
        raise UnusableInput(
            f"{text!r} is no address to listen at", hint="write it like 0.0.0.0:80 or [::]:80"
        )
    return host, port


def bound(text: str, *, default: int, datagrams: bool = False) -> socket.socket:
    """A socket bound to the address (TCP: listening, too), not blocking. Raises UnusableInput.

    An IPv6 socket takes IPv6 alone, so that 0.0.0.0 and [::] can both be listened at.
    """
    host, port = endpoint(text, default=default)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if not datagrams:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        if not datagrams:
            made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise UnusableInput(f"cannot listen at {text}: {_why(error)}", hint=_hint(error)) from error
    made.setblocking(False)
    return made


def address_in(text: str) -> str:
    """The address in "192.0.2.1", "192.0.2.1:80" or "[2001:db8::1]:80", as proxies write it; "" if none."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""


class Proxies:
    """The addresses and networks of proxies whose word is taken. Raises UnusableInput for other texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        try:
            self._networks = [ip_network(text, strict=False) for text in texts]
        except ValueError as error:
            raise UnusableInput(
                f"among proxies: {error}", hint="give addresses or networks, like 10.0.0.7 or 10.0.0.0/28"
            ) from error

    def __contains__(self, address: object) -> bool:
        if not self._networks or not isinstance(address, str):
            return False
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(mapped in network for network in self._networks)


def _why(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "something else listens there; stop it, or choose another address"
        case errno.EACCES:
            return "ports below 1024 are root's: start as root and set user, or give CAP_NET_BIND_SERVICE"
        case _:
            return "choose an address that this machine has"
