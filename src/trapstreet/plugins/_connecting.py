"""Connections that we open: to the address that was looked at, within a time, with TLS that is verified."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput

SECONDS = 20.0
"""That one message may take in all."""

_ONE_ADDRESS = 8.0
"""Seconds for a connection to one of a host's addresses, before the next is tried."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4 = ipaddress.ip_network("2002::/16")
_6TO4_RELAYS = ipaddress.ip_network("192.88.99.0/24")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class Refused(OSError):
    """The server said no to one thing, in words of ours; the connection holds."""


def connected(at: Sequence[str], port: int, *, until: float) -> socket.socket:
    """A TCP connection to the first of the addresses that takes one. Raises OSError.

    until  when it has to stand, by time.monotonic(); no read or write takes longer than is left then
    """
    last = OSError("no address")
    for address in at:
        try:
            made = socket.create_connection((address, port), timeout=min(left(until), _ONE_ADDRESS))
        except OSError as error:
            last = error
        else:
            made.settimeout(left(until))
            return made
    raise last


def addresses(host: str, port: int, *, private: bool, until: float) -> list[str]:
    """The addresses of a host that may be connected to, each once, in the system's order.

    private  those outside the internet may be, too
    Raises OSError where the name is not known in time, UnusableInput where all are refused.
    """
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    # The system's resolver knows no time limit of ours.
    looking = threading.Thread(target=look_up, daemon=True)
    looking.start()
    looking.join(left(until))
    if not found:
        raise TimeoutError
    if isinstance(found[0], Exception):
        raise OSError("the name is not known")
    every = dict.fromkeys(str(each[4][0]) for each in found[0])
    allowed = [address for address in every if private or in_the_internet(address)]
    if not allowed:
        raise UnusableInput(
            f"{host} leads into a private network", hint="set private = true if that is meant"
        )
    return allowed


def in_the_internet(address: str) -> bool:
    """Whether an address is that of a host in the internet, and so is any IPv4 address written within it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        apart = parsed.is_multicast or parsed.is_reserved or parsed in _6TO4_RELAYS
        return parsed.is_global and not apart
    if parsed.scope_id:
        return False
    if parsed.ipv4_mapped or parsed in _NAT64:
        return in_the_internet(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
    if parsed in _6TO4:
        return in_the_internet(str(ipaddress.IPv4Address(int(parsed) >> 80 & 0xFFFFFFFF)))
    return parsed in _GLOBAL_UNICAST and parsed.is_global and not parsed.is_multicast


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Verifies certificate and name, TLS 1.2 and up; trusts `ca` alone, or else the system's authorities and
    Mozilla's. Raises UnusableInput."""
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        if ca is None:
            import certifi

            context.load_verify_locations(certifi.where())
    except OSError as error:  # ssl.SSLError is one
        raise UnusableInput(f"no certificates can be read from {ca}", hint="give a PEM file") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


_OTHER_NAME = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH."""
_NOT_THEN = {9: "it does not hold yet", 10: "it has expired"}
_RENEW = "look at the clocks, or renew it there"


def failure(error: BaseException, host: str, port: int) -> TrapstreetError:
    """What an error of a connection means for those who can act; no word of the other side is in it."""
    match error:
        case TrapstreetError():
            return error
        case ssl.SSLCertVerificationError(verify_code=code) if code in _NOT_THEN:
            return UnusableInput(f"the certificate of {host} is not trusted: {_NOT_THEN[code]}", hint=_RENEW)
        case ssl.SSLCertVerificationError(verify_code=code) if code in _OTHER_NAME:
            return UnusableInput(
                f"the certificate of {host} is not trusted: it is one for another name",
                hint="ask for the name that it is for, or get one for this name there",
            )
        case ssl.SSLCertVerificationError():
            return UnusableInput(
                f"the certificate of {host} is not trusted",
                hint="mend it there, or name its authority's PEM file as ca",
            )
        case ssl.SSLError():
            return Unreachable(f"no TLS with {host}", hint="see whether it speaks TLS 1.2 at that port")
        case TimeoutError():
            return Unreachable(f"{host} port {port} did not answer in time", hint="see whether it is up")
        case ConnectionRefusedError():
            return Unreachable(
                f"{host} port {port} refuses connections", hint="see whether it is up, and the port"
            )
        case ConnectionError():
            return Unreachable(f"{host} broke off", hint="see whether it is up")
        case OSError():
            return Unreachable(f"{host} cannot be reached", hint="see whether its name and network are right")
        case _:
            return Unreachable(f"{host} broke off or answered nonsense", hint="see what answers there")


def left(until: float) -> float:
    """Seconds that are left. Raises TimeoutError where none is."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def retry_after(header: str, *, most: float) -> float:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3), at most so many; 0 where it is none."""
    text = header.strip()
    try:
        if text.isascii() and text.isdigit():
            wait = float(text[:9])
        else:
            wait = (parsedate_to_datetime(text).astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(wait, 0.0), most)
