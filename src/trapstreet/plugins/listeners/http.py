"""Web requests, plain and over TLS: what a server of no interest would answer, whatever is asked for."""

import asyncio
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, cast
from urllib.parse import unquote_to_bytes

import httptools
import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.hit import Hit
from trapstreet.plugins.listeners import Done, Hear, Now
from trapstreet.plugins.listeners._connections import Connections
from trapstreet.plugins.listeners._pages import Answers, Page, Pages, error_page
from trapstreet.plugins.listeners._ports import BACKLOG, Proxies, address_in, bound
from trapstreet.plugins.listeners._tls import Address, Certificate, Facts, Handshakes, handshake_facts

title = "web server"
reveals = (
    "A small web server behind the name nginx, with a sign-in page at every path. That every path answers "
    "shows to whoever tries two; pages of your own (site) make it yours."
)

HEAD_BYTES = 32 << 10
HEADERS = 100
KEPT_BODY = 64 << 10
MOST_BODY = 1 << 20
"""As nginx has it unless it is told otherwise."""
PIPELINED = 32
LINGER = 5.0
"""Seconds in which a client may go on sending after it was refused, so that it reads why."""

_PIECE = 8 << 10
"""Bytes that are parsed at a time: what a client asks ahead waits unparsed until it has taken its answers."""
_GOODBYE = 1.0
"""Seconds that TLS gets to end a connection which has lost its place."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section [http].

    listen, tls  addresses to listen at, without and with TLS
    certificate, key  PEM files, for tls
    proxies      addresses and networks whose X-Forwarded-For is taken for who connected
    title, site  of the sign-in page; a folder of your own files
    connections, of_network, timeout  open at once, of one network at once; seconds without a whole request
    """

    listen: tuple[str, ...] = ("0.0.0.0:80",)
    tls: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()
    title: str = "Sign in"
    site: Path | None = None
    connections: Annotated[int, msgspec.Meta(ge=1)] = 4000
    of_network: Annotated[int, msgspec.Meta(ge=1)] = 400
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 60.0


settings = Settings

_BAD = error_page(400)
_HEAD_TOO_LARGE = error_page(400, "Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large")
_TARGET_TOO_LARGE = error_page(414)
_BODY_TOO_LARGE = error_page(413)
_NOT_ALLOWED = error_page(405)
_COME_AGAIN = error_page(503)
_READ = {b"GET", b"HEAD", b"POST"}
_HEEDED = {b"host", b"content-length", b"expect", b"x-forwarded-for"}


async def listen(settings: Settings, hear: Hear, now: Now) -> "Web":
    """Open the ports. Raises UnusableInput."""
    return await Web(settings, hear, now).open()


class Web:
    """The ports, and what their connections share."""

    trouble = ""

    def __init__(self, settings: Settings, hear: Hear, now: Now) -> None:
        self.hear, self.now = hear, now
        self.pages = Pages(settings.title, settings.site)
        self.answers = Answers()
        self.proxies = Proxies(settings.proxies)
        self.connections = Connections(most=settings.connections, of_network=settings.of_network)
        self.talking = set[_Conversation]()
        self._settings = settings
        self._servers: list[asyncio.Server | Handshakes] = []
        self._ports: dict[str, int] = {}
        self._certificate: Certificate | None = None

    @property
    def ports(self) -> Mapping[str, int]:
        """The last port of each sort."""
        return MappingProxyType(self._ports)

    async def open(self) -> "Web":
        """Listen at all addresses. Raises UnusableInput."""
        given, loop = self._settings, asyncio.get_running_loop()
        if given.tls:
            if not given.certificate or not given.key:
                raise UnusableInput(
                    "tls needs a certificate", hint="set certificate and key to PEM files, or drop tls"
                )
            self._certificate = Certificate(given.certificate, given.key, alpn=("http/1.1",))
        for name, addresses, default in (("http", given.listen, 80), ("https", given.tls, 443)):
            for address in addresses:
                port = bound(address, default=default)
                self._ports[name] = port.getsockname()[1]
                if name == "https" and self._certificate:
                    self._servers.append(self._handshakes(port, self._certificate))
                else:
                    self._servers.append(await loop.create_server(self._converse, sock=port, backlog=BACKLOG))
        self._look_after()
        return self

    async def close(self) -> None:
        """Take no more connections; requests that are whole get their answer."""
        self._timer.cancel()
        for server in self._servers:
            server.close()
        for talk in list(self.talking):
            talk.finish()
        for seconds in (LINGER, 1.0):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while self.talking:
                        await asyncio.sleep(0.02)
            self.connections.end_all()

    def _converse(self) -> asyncio.Protocol:
        return _Conversation(self)

    def _handshakes(self, port: socket.socket, certificate: Certificate) -> Handshakes:
        return Handshakes(
            port, certificate, self.connections, self._converse, failed=self._not_shaken, proxies=self.proxies
        )

    def _not_shaken(self, address: Address, local: Address, facts: Facts) -> None:
        """Whoever asked for a host and did not take its certificate has used its name."""
        host = _host(b"", dict(facts).get("tls-name", b""))
        facts = (("local", f"{local[0]} {local[1]}".encode()), *facts, ("unfinished", b""))
        names = (f"{host}/",) if host else ()
        self.hear(Hit("http", self.now(), str(address[0]), int(address[1]), names, facts))

    def _look_after(self) -> None:
        """Once a second: silent connections, renewed certificates."""
        self.connections.end_silent(self._settings.timeout)
        if self._certificate:
            self._certificate.renewed()
        self._timer = asyncio.get_running_loop().call_later(1.0, self._look_after)


class _Conversation(asyncio.Protocol):
    """One connection. Requests that follow each other without waiting are answered in their order."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._parser = httptools.HttpRequestParser(self)
        self._answers: deque[_Answer] = deque()
        self._over = False  # nothing that still comes is a request
        self._unread = b""
        self._idle = 0  # bytes since something whole came: a head, a piece of a body, a request
        self._paused = self._choked = False
        self._begun, self._target = False, b""
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        local = transport.get_extra_info("sockname") or ("", 0)
        self._address, self._port = str(peer[0]), int(peer[1])
        self._proxy = self._address in self._web.proxies
        self._facts = (("local", f"{local[0]} {local[1]}".encode()), *handshake_facts(transport))
        web = self._web
        self._place = web.connections.enter(self._address, self._drop, proxy=self._proxy)
        web.talking.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._take(all_of_it=True)
        self._over = True
        if self._begun and self._target:
            self._begun = False
            self._web.hear(self._hit(("unfinished", b"")))
        self._web.connections.leave(self._place)
        self._web.talking.discard(self)

    def pause_writing(self) -> None:
        self._choked = True
        self._read_on()

    def resume_writing(self) -> None:
        self._choked = False
        self._send()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._take()

    def eof_received(self) -> bool:
        """The client sends no more; what it asked is answered, which TLS does not allow."""
        self._take(all_of_it=True)
        self._over = True
        return bool(self._answers) and self._transport.can_write_eof()

    def finish(self) -> None:
        """Answer what was asked; then close."""
        self._take(all_of_it=True)
        self._over = True
        if not self._answers:
            self._transport.close()

    # What httptools calls, in this order.

    def on_message_begin(self) -> None:
        if self._over:
            return
        self._begin()
        self._begun = True

    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > HEAD_BYTES or len(self._headers) >= HEADERS:
            self._excess = True
            return
        self._headers.append((name, value))
        lower = name.lower()
        if lower in _HEEDED:
            self._heeded.setdefault(lower, []).append(value)

    def on_headers_complete(self) -> None:
        self._idle = 0
        if self._over:
            return
        if self._excess or len(self._target) > HEAD_BYTES // 4:
            self._refuse(_HEAD_TOO_LARGE if self._excess else _TARGET_TOO_LARGE)
            return
        length = self._header(b"content-length")
        if length.isdigit() and int(length[:20]) > MOST_BODY:
            self._refuse(_BODY_TOO_LARGE)
        elif self._header(b"expect").lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        if self._over:
            return
        self._idle = 0
        self._body_bytes += len(body)
        self._digest.update(body)
        self._body += body[: max(0, KEPT_BODY - len(self._body))]
        if self._body_bytes > MOST_BODY:
            self._refuse(_BODY_TOO_LARGE)

    def on_message_complete(self) -> None:
        self._idle = 0
        if self._over:
            return
        method = self._parser.get_method()
        keep = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        if self._parser.get_http_version() == "1.1" and not self._header(b"host"):
            page, keep = _BAD, False
        elif method not in _READ:
            page = _NOT_ALLOWED
        else:
            page = self._web.pages.page(_path(self._target))
        self._web.connections.heard(self._place)
        self._begun, self._over = False, not keep
        self._wait(self._hit(), _Answer(page, keep=keep, body=method != b"HEAD"))

    # Parts of these.

    def _take(self, *, all_of_it: bool = False) -> None:
        """Parse what came, as long as the client takes its answers, or because nothing comes any more."""
        while self._unread and not self._over and (all_of_it or not self._paused):
            piece, self._unread = self._unread[:_PIECE], self._unread[_PIECE:]
            self._idle += len(piece)
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                self._over = True
            except httptools.HttpParserError:
                if not self._over:
                    self._refuse(_BAD, malformed=piece + self._unread)
            if self._idle > 2 * HEAD_BYTES and not self._over:
                self._refuse(_HEAD_TOO_LARGE)
        if self._over:
            self._unread = b""

    def _begin(self) -> None:
        self._begun = False
        self._excess = False
        self._target = b""
        self._head_bytes: int = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._heeded: dict[bytes, list[bytes]] = {}
        self._body = bytearray()
        self._body_bytes = 0
        self._digest = sha256()

    def _header(self, name: bytes) -> bytes:
        return self._heeded[name][0] if name in self._heeded else b""

    def _refuse(self, page: Page, *, malformed: bytes = b"") -> None:
        """Tell of what there is of a request, answer and take nothing more."""
        self._begun, self._over = False, True
        more = (("malformed", malformed[:KEPT_BODY]),) if malformed else ()
        self._wait(self._hit(*more), _Answer(page, keep=False, body=True))

    def _hit(self, *more: tuple[str, bytes]) -> Hit:
        """What there is of the request; without a name if not even its target came."""
        address, port, facts = self._address, self._port, self._facts
        if self._proxy and (told := _behind(self._heeded, self._web.proxies)):
            facts = (("proxy", f"{address} {port}".encode()), *facts)
            address, port = told, 0
        if not self._target:
            return Hit("http", self._web.now(), address, port, (), (*facts, *more))
        facts = (
            *facts,
            ("method", self._parser.get_method()),
            ("target", self._target),
            ("version", self._parser.get_http_version().encode()),
            *[("header", name + b": " + value) for name, value in self._headers],
        )
        if self._body_bytes:
            facts += (("body", bytes(self._body)), ("body-size", b"%d" % self._body_bytes))
            if self._body_bytes > len(self._body):
                facts += (("body-sha256", self._digest.digest()),)
        name = _host(self._target, self._header(b"host")) + _path(self._target)
        query = _query(self._target)
        names = (name, name + query) if query else (name,)
        return Hit("http", self._web.now(), address, port, names, (*facts, *more))

    def _wait(self, hit: Hit, answer: "_Answer") -> None:
        self._answers.append(answer)
        if len(self._answers) > PIPELINED:
            self._read_on()
        answer.kept = self._web.hear(hit)
        answer.kept.add_done_callback(self._send)

    def _send(self, _: Any = None) -> None:
        """Send the answers whose hits are kept, as long as the client takes them."""
        web, transport = self._web, self._transport
        while (
            self._answers and not self._choked and (kept := self._answers[0].kept) is not None and kept.done()
        ):
            answer = self._answers.popleft()
            if transport.is_closing():
                continue
            page = answer.page if kept.cancelled() or kept.exception() is None else _COME_AGAIN
            keep = answer.keep and not (self._over and not self._answers)
            second = web.now() // 1_000_000
            transport.write(web.answers.answer(page, second=second, keep=keep, body=answer.body))
            if not keep and not self._answers:
                self._end()
        if self._paused:
            self._read_on()

    def _read_on(self) -> None:
        """Read, unless the client takes no answers, or has enough of them to come."""
        paused = self._choked or len(self._answers) > PIPELINED
        if paused != self._paused and not self._transport.is_closing():
            self._paused = paused
            (self._transport.pause_reading if paused else self._transport.resume_reading)()
            self._take()

    def _drop(self) -> None:
        """Close at once: as ordinary servers close what was silent, if the client takes what it gets."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()
            asyncio.get_running_loop().call_later(_GOODBYE, self._transport.abort)

    def _end(self) -> None:
        """Close, but not so early that a client which still sends loses its answer."""
        self._over = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER, self._transport.close)
        else:
            self._transport.close()


class _Answer:
    """What is sent as soon as its hit is kept."""

    __slots__ = ("body", "keep", "kept", "page")

    def __init__(self, page: Page, *, keep: bool, body: bool) -> None:
        self.page, self.keep, self.body = page, keep, body
        self.kept: Done | None = None


def _path(target: bytes) -> str:
    """Of a target as it was received: the path without query, in plain characters."""
    if not target.startswith(b"/"):
        with suppress(httptools.HttpParserInvalidURLError):
            target = httptools.parse_url(target).path or b"/"
    path = target.partition(b"?")[0].partition(b"#")[0]
    return (unquote_to_bytes(path) if b"%" in path else path).decode("utf-8", "replace")


def _query(target: bytes) -> str:
    """Of a target: the query with its question mark, as it was received; "" without one."""
    _, mark, query = target.partition(b"#")[0].partition(b"?")
    return (mark + query).decode("utf-8", "replace") if query else ""


def _host(target: bytes, header: bytes) -> str:
    """The host that was asked for, in lower case, without port: the target's, if it names one."""
    if not target.startswith(b"/"):
        with suppress(httptools.HttpParserInvalidURLError):
            header = httptools.parse_url(target).host or header
    host = header.decode("latin-1").strip().lower()
    bare = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    return bare.rstrip(".")


def _behind(heeded: Mapping[bytes, Sequence[bytes]], proxies: Proxies) -> str:
    """Who stands behind the proxies: the last address in X-Forwarded-For that is no proxy's; "" if none."""
    said = b",".join(heeded.get(b"x-forwarded-for", ()))
    for text in reversed(said.decode("latin-1").split(",")):
        address = address_in(text)
        if not address:
            return ""
        if address not in proxies:
            return address
    return ""
