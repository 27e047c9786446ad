"""What the name server of some zones answers: the same for every name in them."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from dnslib import (
    AAAA,
    EDNS0,
    MX,
    NS,
    QTYPE,
    RCODE,
    RD,
    RR,
    SOA,
    A,
    DNSHeader,
    DNSQuestion,
    DNSRecord,
    EDNSOption,
)
from dnslib.label import DNSBuffer, DNSLabel

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners._dns_query import HEADER, SUBNET, Query

PAYLOAD = 1232
"""Bytes of a UDP answer that get through everywhere without being cut into pieces (DNS flag day 2020)."""

GROWTH = 1.5
"""A UDP answer to a query without EDNS is at most so many times as long: nobody gains by a forged sender."""

_BAD_VERSION = 1
_ANY = RD(b"\x07RFC8482\x00")


class Zones(NamedTuple):
    """What is told of each zone.

    names         of the zones;  addresses  of every name in them
    name_servers  of each zone, ("ns1", "ns2") in the zone itself where there are none;  mail likewise
    """

    names: Sequence[str]
    addresses: Sequence[str]
    name_servers: Sequence[str]
    mail: str
    ttl: int
    serial: int


class Tail(NamedTuple):
    """What follows the question of an answer: how many records in each section, and their bytes."""

    answers: int
    authorities: int
    additional: int
    records: bytes


_NOTHING = Tail(0, 0, 0, b"")


class Answers:
    """Answers of a name server with a wildcard of any depth. Raises UnusableInput for no name, or no address.

    Every name in a zone exists and has the zone's addresses; all else that exists belongs to the zone itself.
    Answers are packed by dnslib once per zone, type and length of the name before the zone: they name what
    they speak of by pointing into the question, whose letter case they repeat in this way.
    """

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._labels = [_name(zone).label for zone in zones.names]
        self._by_labels = {labels: number for number, labels in enumerate(self._labels)}
        self._depths = sorted({len(labels) for labels in self._labels}, reverse=True)
        self._addresses = [_address(text) for text in zones.addresses]
        self._servers = [_name(text) for text in zones.name_servers]
        self._mail = _name(zones.mail) if zones.mail else None
        self._tail = lru_cache(maxsize=4096)(self._build)

    def of(self, query: Query, *, udp: bool, short: bool = False) -> bytes:
        """The answer; `short`: only the word to come again by TCP."""
        if query.rcode != RCODE.NOERROR:
            return _packet(query, rcode=query.rcode, opt=b"")
        if query.opt is not None and query.opt.edns_ver:
            return _packet(query, rcode=RCODE.NOERROR, opt=_opt(query.opt.edns_do, b"", _BAD_VERSION))
        opt = _opt(query.opt.edns_do, query.subnet) if query.opt is not None else b""
        found = self._zone(query)
        if found is None:
            return _packet(query, rcode=RCODE.REFUSED, opt=opt)
        zone, before = found
        tail = self._tail(zone, before, query.qtype)
        whole = HEADER + len(query.question) + len(tail.records) + len(opt)
        if udp and (short or whole > _room(query)):
            return _packet(query, rcode=RCODE.NOERROR, opt=opt, aa=1, tc=1)
        return _packet(query, rcode=RCODE.NOERROR, opt=opt, aa=1, tail=tail)

    def failed(self, query: Query) -> bytes:
        """The answer where a hit could not be kept: come again."""
        opt = _opt(query.opt.edns_do, query.subnet) if query.opt is not None else b""
        return _packet(query, rcode=RCODE.SERVFAIL, opt=opt)

    def _zone(self, query: Query) -> tuple[int, int] | None:
        """The zone that the name lies in, and how many bytes of its question stand before it."""
        labels = tuple(part.lower() for part in query.label.label)
        for depth in self._depths:
            start = len(labels) - depth
            if start >= 0 and (number := self._by_labels.get(labels[start:])) is not None:
                return number, sum(len(part) + 1 for part in labels[:start])
        return None

    def _build(self, zone: int, before: int, qtype: int) -> Tail:
        """All but the question, for a name with so many bytes before its zone."""
        apex = DNSLabel(self._labels[zone])
        name = DNSLabel(_filling(before) + self._labels[zone])
        answer = DNSRecord(DNSHeader(id=0, bitmap=0), q=DNSQuestion(name, qtype))
        start = len(answer.pack())
        for record in self._records(name, apex, qtype):
            answer.add_answer(record)
        if not answer.rr:
            answer.add_auth(self._soa(apex))
        for record in self._glue(answer.rr, apex):
            answer.add_ar(record)
        packed = bytes(answer.pack())
        return Tail(len(answer.rr), len(answer.auth), len(answer.ar), packed[start:])

    def _records(self, name: DNSLabel, apex: DNSLabel, qtype: int) -> list[RR]:
        at_apex, ttl = name == apex, self._zones.ttl
        if qtype in (QTYPE.A, QTYPE.AAAA):
            return [RR(name, qtype, ttl=ttl, rdata=data) for kind, data in self._addresses if kind == qtype]
        if qtype == QTYPE.ANY:
            return [RR(name, QTYPE.HINFO, ttl=ttl, rdata=_ANY)]
        if not at_apex:
            return []
        if qtype == QTYPE.NS:
            return [RR(name, qtype, ttl=ttl, rdata=NS(server)) for server in self._servers_of(apex)]
        if qtype == QTYPE.MX:
            return [RR(name, qtype, ttl=ttl, rdata=MX(self._mail or apex.add("mail"), 10))]
        return [self._soa(apex)] if qtype == QTYPE.SOA else []

    def _soa(self, apex: DNSLabel) -> RR:
        ttl = self._zones.ttl
        times = (self._zones.serial, 7200, 3600, 1209600, ttl)
        server = self._servers_of(apex)[0]
        return RR(apex, QTYPE.SOA, ttl=ttl, rdata=SOA(server, apex.add("hostmaster"), times))

    def _servers_of(self, apex: DNSLabel) -> list[DNSLabel]:
        return self._servers or [apex.add("ns1"), apex.add("ns2")]

    def _glue(self, records: Iterable[RR], apex: DNSLabel) -> list[RR]:
        """The addresses of the hosts that records name, where they lie in the zone."""
        hosts = [record.rdata.label for record in records if record.rtype in (QTYPE.NS, QTYPE.MX)]
        return [
            RR(host, kind, ttl=self._zones.ttl, rdata=data)
            for host in hosts
            if host.matchSuffix(apex)
            for kind, data in self._addresses
        ]


def _packet(
    query: Query, *, rcode: int, opt: bytes, aa: int = 0, tc: int = 0, tail: Tail = _NOTHING
) -> bytes:
    """Header, question as it was received, records."""
    operation = query.flags & 0x7800
    kept = operation or query.flags & 0x0110  # of a query, "recursion desired" and "checking disabled"
    bitmap = kept | 0x8000 | aa << 10 | tc << 9 | rcode
    counts = (1 if query.question else 0, *tail[:2], tail.additional + (1 if opt else 0))
    return (
        query.id.to_bytes(2, "big") + _flags_and_counts(bitmap, *counts) + query.question + tail.records + opt
    )


@lru_cache(maxsize=4096)
def _flags_and_counts(bitmap: int, questions: int, answers: int, authorities: int, additional: int) -> bytes:
    """A header without the id at its beginning."""
    buffer = DNSBuffer()
    DNSHeader(0, bitmap, questions, answers, authorities, additional).pack(buffer)
    return bytes(buffer.data[2:])


@lru_cache(maxsize=4096)
def _opt(do: int, subnet: bytes, rcode: int = 0) -> bytes:
    """The EDNS record of an answer; a client subnet is given back with scope 0: good for everybody."""
    options = [EDNSOption(SUBNET, subnet[:3] + b"\0" + subnet[4:])] if subnet else []
    record = EDNS0(flags="do" if do else "", ext_rcode=rcode, udp_len=PAYLOAD, opts=options)
    buffer = DNSBuffer()
    record.pack(buffer)
    return bytes(buffer.data)


def _room(query: Query) -> int:
    """Bytes that an answer by UDP may have."""
    if query.opt is None:
        return int(GROWTH * len(query.packet))
    return min(max(512, int(query.opt.edns_len)), PAYLOAD)


def _filling(before: int) -> tuple[bytes, ...]:
    """Labels that take so many bytes, and are no name's."""
    parts = []
    while before:
        size = min(before, 64 if before != 65 else 63)
        parts.append(b"\0" * (size - 1))
        before -= size
    return tuple(parts)


def _name(text: str) -> DNSLabel:
    if not re.fullmatch(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]\.?", text.lower()):
        raise UnusableInput(f"{text!r} is no DNS name", hint="write it like your-net.example")
    return DNSLabel(text.lower().encode())


def _address(text: str) -> tuple[int, RD]:
    try:
        parsed = ip_address(text)
    except ValueError as error:
        raise UnusableInput(f"{text!r} is no address", hint="give IPv4 or IPv6 addresses") from error
    return (QTYPE.A, A(str(parsed))) if parsed.version == 4 else (QTYPE.AAAA, AAAA(str(parsed)))
