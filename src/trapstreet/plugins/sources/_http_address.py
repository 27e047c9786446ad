"""Web addresses as they are asked for."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.objects import printable

_KEPT = "!#$%&'()*+,/:;=?@[]~"
_LONGEST = 16384


@dataclass(frozen=True, slots=True)
class Address:
    """A web address without login and fragment; host is in ASCII, target percent-encoded."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        named = f"[{self.host}]" if ":" in self.host else self.host
        return named if self.usual else f"{named}:{self.port}"

    @property
    def usual(self) -> bool:
        """Whether the port is the one that an address need not name."""
        return self.port == (443 if self.scheme == "https" else 80)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def address(url: str) -> Address:
    """The address that a URL names. Raises UnusableInput, which does not show what stands behind the host."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        name = host if _literal(host) else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        name, port = "", None
    scheme = urlsplit(url).scheme if name else ""
    usable = scheme in ("http", "https") and port != 0 and len(url) <= _LONGEST
    if not name or not usable or not name.isprintable() or set(name) & set(' \\#"<>%?/@'):
        raise UnusableInput("a URL is no web address", hint="write it like https://host.example/path")
    path = quote(parts.path or "/", safe=_KEPT, errors="surrogateescape")
    query = quote(parts.query, safe=_KEPT, errors="surrogateescape")
    target = f"{path if path.startswith('/') else '/' + path}{'?' + query if query else ''}"
    return Address(scheme, name, port or (443 if scheme == "https" else 80), target)


def onward(here: Address, location: str) -> Address:
    """Where a redirect leads. Raises Unreachable where it is no address, UnusableInput without TLS."""
    try:
        to = address(urljoin(here.url, location.strip()))
    except (UnusableInput, ValueError) as error:
        raise Unreachable(
            f"{shown(here.host)} redirects to what is no web address", hint="see what answers there"
        ) from error
    if here.scheme == "https" and to.scheme != "https":
        raise UnusableInput(
            f"{shown(here.host)} redirects to an address without TLS", hint="give that address if it is meant"
        )
    return to


def shown(host: str) -> str:
    """A host as errors may show it: its server chose how long it is, and of what."""
    return printable(host[:80])


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
