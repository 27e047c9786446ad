"""Certificates, and what a TLS handshake shows of who made it."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Container, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners._connections import Connections

HANDSHAKE_SECONDS = 10.0
"""That a client has for it."""
MOST_HELLO = 4096

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_AGAIN = 0.1
"""Seconds until connections are taken again where none could be taken."""

Facts = tuple[tuple[str, bytes], ...]
Address = tuple[Any, ...]

_begun: ContextVar[list[ssl.SSLObject] | None] = ContextVar("_begun", default=None)
"""Whose hello came, in the task of a handshake: OpenSSL tells callbacks, and asyncio nobody, if it fails."""

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


def handshake_facts(transport: asyncio.BaseTransport) -> Facts:
    """Facts of TLS: "tls" (its version), "tls-cipher", "tls-name" (SNI), "tls-alpn", "tls-hello" (the
    ClientHello, a handshake message of RFC 8446, section 4.1.2, up to 4 KiB); () without TLS."""
    seen = transport.get_extra_info("ssl_object")
    return _facts(seen) if seen is not None else ()


def _facts(seen: Any) -> Facts:
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


class Handshakes:
    """Takes connections that begin with TLS, from `port` (it listens, and does not block).

    Each counts among `connections` from its first packet on: the servers of event loops tell of a connection
    only after its handshake, so that nothing would bound those that never end theirs. Nor would it do to take
    the bytes first and to start TLS then: what came with the connection would be lost to the handshake.

    speak   makes the protocol of a connection whose handshake is done; the connection has left `connections`
            by then, and the protocol enters them itself
    failed  told of a handshake that was begun and came to nothing, as when the client does not take the
            certificate: the addresses of client and server, as sockets have them, and `handshake_facts`
    """

    def __init__(
        self,
        port: socket.socket,
        certificate: Certificate,
        connections: Connections,
        speak: Callable[[], asyncio.Protocol],
        *,
        failed: Callable[[Address, Address, Facts], object],
        proxies: Container[object] = (),
    ) -> None:
        self._port, self._certificate, self._connections = port, certificate, connections
        self._speak, self._failed, self._proxies = speak, failed, proxies
        self._shaking = set[asyncio.Task[None]]()
        self._taking = asyncio.get_running_loop().create_task(self._take())

    def close(self) -> None:
        """Take no more connections, and end the handshakes; those that are through go on."""
        self._taking.cancel()
        for task in list(self._shaking):
            task.cancel()

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        with self._port:
            while True:
                try:
                    taken, address = await loop.sock_accept(self._port)
                except OSError:  # it was gone again, or this process has no more files for a while
                    await asyncio.sleep(_AGAIN)
                    continue
                task = loop.create_task(self._shake(taken, address))
                self._shaking.add(task)
                task.add_done_callback(self._shaking.discard)

    async def _shake(self, taken: socket.socket, address: Address) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())

        def end() -> None:
            task.cancel()

        client, local = str(address[0]), taken.getsockname()
        place = self._connections.enter(client, end, proxy=client in self._proxies)
        begun = list[ssl.SSLObject]()
        _begun.set(begun)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: _Through(lambda: self._connections.leave(place), self._speak),
                taken,
                ssl=self._certificate.context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except (OSError, asyncio.CancelledError):  # ssl.SSLError and timeouts are among them
            if begun:
                self._failed(address, local, _facts(begun[-1]))
        begun.clear()
        self._connections.leave(place)


class _Through(asyncio.Protocol):
    """Hands a connection on when its handshake is done."""

    def __init__(self, leave: Callable[[], None], speak: Callable[[], asyncio.Protocol]) -> None:
        self._leave, self._speak = leave, speak

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._leave()
        protocol = self._speak()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


def _remember_hello(seen: ssl.SSLObject, direction: str, *message: Any) -> None:
    _, content, kind, data = message
    if direction == "read" and content == _HANDSHAKE and kind == _CLIENT_HELLO:
        seen.hello = data[:MOST_HELLO]  # type: ignore[attr-defined]
        if (begun := _begun.get()) is not None:
            begun.append(seen)


def _remember_name(seen: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
    seen.asked_for = name  # type: ignore[union-attr]
