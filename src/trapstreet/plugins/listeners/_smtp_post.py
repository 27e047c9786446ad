"""What the connections of a mail server share, and what one of them names."""

from contextlib import suppress
from typing import Protocol

from trapstreet.core.model.hit import Hit
from trapstreet.plugins.listeners import Done, Hear, Now
from trapstreet.plugins.listeners._connections import Connections
from trapstreet.plugins.listeners._tls import Certificate

RECIPIENTS = 1000
"""Of one mail; the sender of one to more comes again with the others."""

_ENVELOPE = 128 << 10


class Guest(Protocol):
    """A connection that is open."""

    def dismiss(self) -> None:
        """Say good-bye: the listener is closed."""


class Post:
    """What the connections of a listener share.

    host     what it calls itself;  domains  whose mail it takes, lower case, the first its own
    largest  bytes of a mail;  timeout  seconds without a command, or for so much of a mail
    """

    def __init__(
        self,
        hear: Hear,
        now: Now,
        *,
        host: str,
        domains: tuple[str, ...],
        largest: int,
        timeout: float,
        certificate: Certificate | None,
        connections: Connections,
    ) -> None:
        self.now = now
        self.host, self.domains, self.largest, self.timeout = host, domains, largest, timeout
        self.certificate = certificate
        self.connections = connections
        self.sessions: set[Guest] = set()
        self.waiting: set[Done] = set()
        self._hear = hear

    def keep(self, hit: Hit) -> Done:
        kept = self._hear(hit)
        self.waiting.add(kept)
        kept.add_done_callback(self._kept)
        return kept

    def _kept(self, kept: Done) -> None:
        self.waiting.discard(kept)
        if not kept.cancelled():
            kept.exception()

    def name(self, address: str) -> tuple[str, str]:
        """An address as tokens are spelled, and its domain; one without a domain is of our own."""
        return spelled(address if "@" in address else f"{address}@{self.domains[0]}")


class Named:
    """Addresses that were named, each once, and all that was said of them."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.facts: list[tuple[str, bytes]] = []
        self.accepted = 0
        self._bytes = 0

    @property
    def full(self) -> bool:
        return len(self.facts) >= RECIPIENTS or self._bytes >= _ENVELOPE

    def add(self, label: str, said: str, name: str = "") -> None:
        fact = label, raw(said)
        self.facts.append(fact)
        self._bytes += len(fact[1])
        if name:
            self.names[name] = None

    def absorb(self, other: "Named") -> None:
        self.names |= other.names
        self.facts += other.facts
        self._bytes += other._bytes


def raw(text: str) -> bytes:
    """The bytes that a text was read from."""
    return text.encode(errors="surrogateescape")


def spelled(address: str) -> tuple[str, str]:
    """An address as tokens are spelled, lower case with its domain in ASCII, and its domain."""
    local, _, domain = address.rpartition("@")
    domain = domain.lower().rstrip(".")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode()
    whole = f"{local.lower()}@{domain}"
    return whole.encode(errors="surrogateescape").decode(errors="replace"), domain
