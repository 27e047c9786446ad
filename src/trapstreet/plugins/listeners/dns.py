"""The name server of zones that exist for breadcrumbs alone: hears every name that is looked up in them."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.hit import Hit, network_of
from trapstreet.plugins.listeners import Done, Hear, Now
from trapstreet.plugins.listeners._connections import Connections
from trapstreet.plugins.listeners._dns_answers import Answers, Zones
from trapstreet.plugins.listeners._dns_query import LONGEST, Query, facts, read
from trapstreet.plugins.listeners._ports import BACKLOG, bound

title = "DNS"
reveals = (
    "A name server that answers for your zones alone, without DNSSEC: every name in them exists and has the "
    "same addresses. Whoever asks faster than the limit, or without EDNS for what is long, is told to come "
    "again by TCP."
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[dns] of trap.toml.

    listen        addresses, each for UDP and TCP
    zones         the zones that registrars delegate to this name server
    addresses     IPv4 and IPv6 addresses that every name in them has: those of the trap
    name_servers  what the zones' NS records name, as their registrars have it; (): ns1 and ns2 in each zone
    mail          the host that takes the zones' mail; "": mail in each zone
    ttl           seconds for which answers may be kept: a name asked for again within them is not heard
    serial        of the zones' SOA
    answers_per_second  to each network by UDP; beyond them it is told to come by TCP, and heard all the same
    connections, of_network, timeout  of TCP: open at once, of one network at once; seconds without a query
    """

    listen: tuple[str, ...] = ("0.0.0.0:53",)
    zones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()
    mail: str = ""
    ttl: Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)] = 60
    serial: Annotated[int, msgspec.Meta(ge=0, le=(1 << 32) - 1)] = 2026010101
    answers_per_second: Annotated[int, msgspec.Meta(ge=1)] = 200
    connections: Annotated[int, msgspec.Meta(ge=1)] = 1000
    of_network: Annotated[int, msgspec.Meta(ge=1)] = 50
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 10.0


settings = Settings

_GRACE = 5
"""Seconds in which what was begun may end."""

_RECEIVE_BUFFER = 4 << 20


async def listen(settings: Settings, hear: Hear, now: Now) -> "_Listening":
    """Open the ports. Raises UnusableInput."""
    if not settings.zones or not settings.addresses:
        raise UnusableInput(
            "it names no zones, or no addresses that their names have",
            hint='give both, like zones = ["your-net.example"] and addresses = ["192.0.2.7"]',
        )
    answers = Answers(
        Zones(
            settings.zones,
            settings.addresses,
            settings.name_servers,
            settings.mail,
            settings.ttl,
            settings.serial,
        )
    )
    listening = _Listening(settings, _Ear(answers, hear, now))
    try:
        await listening.open()
    except BaseException:
        await listening.close()
        raise
    return listening


class _Ear:
    """Hears a query, and knows its answer."""

    def __init__(self, answers: Answers, hear: Hear, now: Now) -> None:
        self.answers = answers
        self._hear = hear
        self._now = now
        self.waiting: set[Done] = set()

    def hear(self, query: Query, peer: tuple[Any, ...], transport: bytes) -> Done:
        names = (query.name,) if query.question else ()
        hit = Hit("dns", self._now(), peer[0], peer[1], names, facts(query, transport=transport))
        kept = self._hear(hit, forgeable=transport == b"udp")
        self.waiting.add(kept)
        kept.add_done_callback(self.waiting.discard)
        return kept

    def answer(self, query: Query, kept: Done, *, udp: bool, short: bool = False) -> bytes:
        """The answer; by UDP the word to come by TCP where the hit was counted only. There it is kept with
        all that it shows: who comes has not forged its address."""
        if kept.cancelled() or kept.exception() is not None:
            return self.answers.failed(query)
        return self.answers.of(query, udp=udp, short=udp and (short or not kept.result()))


class _Datagrams(asyncio.DatagramProtocol):
    """UDP: one datagram, one query."""

    def __init__(self, ear: _Ear, rate: "_Rate") -> None:
        self._ear = ear
        self._rate = rate

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        query = read(data)
        if query is not None:
            self._ear.hear(query, addr, b"udp").add_done_callback(partial(self._kept, query, addr))

    def _kept(self, query: Query, peer: tuple[Any, ...], kept: Done) -> None:
        short = not self._rate.allows(peer[0])
        answer = self._ear.answer(query, kept, udp=True, short=short)
        if peer[1] and not self._transport.is_closing():
            self._transport.sendto(answer, peer)

    def error_received(self, exc: Exception) -> None:
        """Somebody did not wait for the answer, or forged where it would go."""


class _Rate:
    """Full answers of the current second, by network; a network beyond 65,536 others gets none."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = 0
        self._given: dict[str, int] = {}

    def allows(self, address: str) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._given = {}
        network = network_of(address)
        given = self._given.get(network, 0)
        if given >= self._most or (not given and len(self._given) >= 1 << 16):
            return False
        self._given[network] = given + 1
        return True


class _Listening:
    """The ports, as long as they are open."""

    trouble = ""

    def __init__(self, settings: Settings, ear: _Ear) -> None:
        self._settings = settings
        self._ear = ear
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._servers: list[asyncio.Server] = []
        self._connections = Connections(most=settings.connections, of_network=settings.of_network)
        self._talks: set[asyncio.Task[None]] = set()
        self._ports: dict[str, int] = {}
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def ports(self) -> Mapping[str, int]:
        return self._ports

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        rate = _Rate(self._settings.answers_per_second)
        for text in self._settings.listen:
            stream, datagrams = _pair(text)
            self._ports["dns/tcp"] = self._ports["dns/udp"] = stream.getsockname()[1]
            self._servers.append(await asyncio.start_server(self._talk, sock=stream, backlog=BACKLOG))
            opened, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self._ear, rate), sock=datagrams
            )
            self._datagrams.append(opened)
        self._end_silent()

    async def close(self) -> None:
        if self._sweep:
            self._sweep.cancel()
        for server in self._servers:
            server.close()
        if self._ear.waiting:
            await asyncio.wait(self._ear.waiting, timeout=_GRACE)
            await asyncio.sleep(0)
        for transport in self._datagrams:
            transport.close()
        self._connections.end_all()
        if self._talks:
            await asyncio.wait(self._talks, timeout=_GRACE)

    def _end_silent(self) -> None:
        self._connections.end_silent(self._settings.timeout)
        self._sweep = asyncio.get_running_loop().call_later(1, self._end_silent)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """TCP: queries one after the other, each behind its length."""
        if task := asyncio.current_task():
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        peer = writer.get_extra_info("peername") or ("", 0)
        connection = self._connections.enter(peer[0], writer.transport.abort)
        try:
            while len(packet := await _message(reader)) <= LONGEST and (query := read(packet)):
                self._connections.heard(connection)
                answer = await self._reply(query, peer)
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._connections.leave(connection)
            writer.close()

    async def _reply(self, query: Query, peer: tuple[Any, ...]) -> bytes:
        kept = self._ear.hear(query, peer, b"tcp")
        with contextlib.suppress(OSError):
            await kept
        return self._ear.answer(query, kept, udp=False)


async def _message(reader: asyncio.StreamReader) -> bytes:
    """The next of a connection. Raises IncompleteReadError at its end, and what asyncio raises."""
    size = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(size)


def _pair(text: str) -> tuple[socket.socket, socket.socket]:
    """Sockets for TCP and UDP at one address, at one port where any will do. Raises UnusableInput."""
    stream = bound(text, default=53)
    host, port = stream.getsockname()[:2]
    try:
        datagrams = bound(
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}", default=port, datagrams=True
        )
    except UnusableInput:
        stream.close()
        raise
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    return stream, datagrams
