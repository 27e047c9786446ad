"""Certificates, and what a TLS handshake shows of who made it."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Any, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners._connections import Connections

HANDSHAKE_SECONDS = 10.0
MOST_HELLO = 4096

_HANDSHAKE, _CLIENT_HELLO = 22, 1

_log = logging.getLogger("trapstreet.trap")


class Certificate:
    """A certificate with its chain and its key, as PEM files. Raises UnusableInput where they do not do.

    context  what asyncio and `SSLContext.wrap_bio` take; TLS 1.2 and up, as ordinary servers have it
    """

    def __init__(self, certificate: Path, key: Path, *, alpn: Sequence[str] = ()) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        self.context.sni_callback = _remember_name
        # The ClientHello as it came: a fingerprint (JA4) can be made of it later. No public name leads there.
        if hasattr(self.context, "_msg_callback"):
            self.context._msg_callback = _remember_hello
        self._files = certificate, key
        self._seen: tuple[int, ...] = ()
        self._told = ""
        self.refresh()

    def refresh(self) -> None:
        """Read the files again if they were renewed; connections that are open keep what they have."""
        try:
            seen = tuple(file.stat().st_mtime_ns for file in self._files)
            if seen != self._seen:
                self.context.load_cert_chain(*self._files)
                self._seen = seen
        except (OSError, ssl.SSLError) as error:
            what = (
                error.strerror
                if isinstance(error, OSError) and error.strerror
                else "not a certificate and its key"
            )
            raise UnusableInput(
                f"{self._files[0]} and {self._files[1]}: {what}",
                hint="give the certificate with its chain, and its key without a passphrase, as PEM",
            ) from error

    def renewed(self) -> None:
        """`refresh`, for once a second: where the new files do not do, the old certificate stays in use."""
        try:
            self.refresh()
        except UnusableInput as error:
            if error.message != self._told:
                _log.error("the certificate in use stays in use: %s", error)
            self._told = error.message
        else:
            self._told = ""


def handshake_facts(transport: asyncio.BaseTransport) -> tuple[tuple[str, bytes], ...]:
    """Facts of TLS: "tls" (its version), "tls-cipher", "tls-name" (SNI), "tls-alpn", "tls-hello" (the
    ClientHello, a handshake message of RFC 8446, section 4.1.2, up to 4 KiB); () without TLS."""
    seen = transport.get_extra_info("ssl_object")
    if seen is None:
        return ()
    cipher = seen.cipher()
    facts = (
        ("tls", seen.version()),
        ("tls-cipher", cipher and cipher[0]),
        ("tls-name", getattr(seen, "asked_for", None)),
        ("tls-alpn", seen.selected_alpn_protocol()),
    )
    hello: bytes = getattr(seen, "hello", b"")
    return (
        *((label, value.encode()) for label, value in facts if value),
        *((("tls-hello", hello),) if hello else ()),
    )


class Handshake(asyncio.Protocol):
    """A connection that begins with TLS; it counts among `connections` from its first packet on.

    asyncio's own servers call a protocol only after the handshake, so that nothing would bound those that
    never end theirs.

    speak  makes the protocol that takes over when the handshake is done; the connection has left
           `connections` by then, and it enters them itself
    """

    def __init__(
        self,
        certificate: "Certificate",
        connections: Connections,
        speak: Callable[[], asyncio.Protocol],
        *,
        proxies: Container[object] = (),
    ) -> None:
        self._certificate, self._connections, self._proxies = certificate, connections, proxies
        self._speak = speak
        self._early = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        tcp = cast(asyncio.Transport, transport)
        tcp.pause_reading()
        address = str((tcp.get_extra_info("peername") or ("",))[0])
        self._place = self._connections.enter(address, tcp.abort, proxy=address in self._proxies)
        self._task = asyncio.get_running_loop().create_task(self._shake(tcp))

    def data_received(self, data: bytes) -> None:
        self._early += data  # what comes with the end of the handshake

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self._place)

    async def _shake(self, tcp: asyncio.Transport) -> None:
        try:
            tls = await asyncio.get_running_loop().start_tls(
                tcp,
                self,
                self._certificate.context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except OSError:  # ssl.SSLError and timeouts are among them
            tls = None
        self._connections.leave(self._place)
        if tls is None or tls.is_closing():
            tcp.abort()
            return
        protocol = self._speak()
        tls.set_protocol(protocol)
        protocol.connection_made(tls)
        if self._early:
            protocol.data_received(self._early)


def _remember_hello(seen: ssl.SSLObject, direction: str, *message: Any) -> None:
    _, content, kind, data = message
    if direction == "read" and content == _HANDSHAKE and kind == _CLIENT_HELLO:
        seen.hello = data[:MOST_HELLO]  # type: ignore[attr-defined]


def _remember_name(seen: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
    seen.asked_for = name  # type: ignore[union-attr]
