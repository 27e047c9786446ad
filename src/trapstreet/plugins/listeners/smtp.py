"""A mail server for domains of decoys: takes every mail for them, and remembers who only asked."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners import Hear, Now
from trapstreet.plugins.listeners._connections import Connections
from trapstreet.plugins.listeners._ports import BACKLOG, bound
from trapstreet.plugins.listeners._smtp_post import Post
from trapstreet.plugins.listeners._smtp_session import Session
from trapstreet.plugins.listeners._tls import Certificate

title = "mail server"
reveals = (
    "A mail server that calls itself Postfix, with STARTTLS if it has a certificate. It takes mail for any "
    "name at your domains, as one does that catches all; whoever tries a made-up name sees that. No mail is "
    "ever sent on or answered."
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section [smtp].

    listen       addresses to listen at
    host         the name that it greets with: that of its address and of its certificate
    domains      whose mail it takes, the first its own
    certificate, key  PEM files, for STARTTLS
    size         bytes of a mail that is taken; of a larger one the beginning is kept all the same
    connections, of_network, timeout  open at once, of one network at once; seconds without a command
    """

    listen: tuple[str, ...] = ("0.0.0.0:25",)
    host: str = ""
    domains: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    size: Annotated[int, msgspec.Meta(ge=1 << 16)] = 20 << 20
    connections: Annotated[int, msgspec.Meta(ge=1)] = 300
    of_network: Annotated[int, msgspec.Meta(ge=1)] = 50
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 300.0


settings = Settings

_GRACE = 5.0
"""Seconds in which what was begun may end."""


async def listen(settings: Settings, hear: Hear, now: Now) -> "_Listening":
    """Open the ports. Raises UnusableInput."""
    _check(settings)
    certificate = None
    if settings.certificate and settings.key:
        certificate = Certificate(settings.certificate, settings.key)
    post = Post(
        hear,
        now,
        host=settings.host,
        domains=tuple(domain.lower().rstrip(".").encode("idna").decode() for domain in settings.domains),
        largest=settings.size,
        timeout=settings.timeout,
        certificate=certificate,
        connections=Connections(most=settings.connections, of_network=settings.of_network),
    )
    listening = _Listening(post)
    try:
        for address in settings.listen:
            await listening.open(address)
    except BaseException:
        await listening.close()
        raise
    return listening


def _check(settings: Settings) -> None:
    if not settings.domains or not settings.host:
        raise UnusableInput(
            "it names no host, or no domains whose mail it takes",
            hint='give both, like host = "mail.you.example" and domains = ["you.example"]',
        )
    for name in (settings.host, *settings.domains):
        if not re.fullmatch(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+\.?", name):
            raise UnusableInput(f"{name!r} is no domain", hint="write it like you.example")
    if bool(settings.certificate) != bool(settings.key):
        raise UnusableInput(
            "it has a certificate without its key, or a key alone", hint="give both, or neither"
        )


class _Listening:
    """The ports, as long as they are open."""

    trouble = ""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._servers: list[asyncio.Server] = []
        self._ports: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._look_after()

    @property
    def ports(self) -> Mapping[str, int]:
        return MappingProxyType(self._ports)

    async def open(self, address: str) -> None:
        """Raises UnusableInput."""
        port = bound(address, default=25)
        self._ports["smtp"] = port.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._servers.append(
            await loop.create_server(lambda: Session(self._post), sock=port, backlog=BACKLOG)
        )

    async def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        for server in self._servers:
            server.close()
        for session in list(self._post.sessions):
            session.dismiss()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._ended()
        self._post.connections.end_all()
        await asyncio.sleep(0)

    async def _ended(self) -> None:
        while self._post.sessions or self._post.waiting:
            await asyncio.sleep(0.02)

    def _look_after(self) -> None:
        """Once a second: renewed certificates."""
        if self._post.certificate:
            self._post.certificate.renewed()
        self._timer = asyncio.get_running_loop().call_later(1.0, self._look_after)
