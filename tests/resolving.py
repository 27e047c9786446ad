"""A name server on loopback whose zone a test writes, and this process's resolver led to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dns.resolver
import pytest
from dnslib import RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer


class _Zone(BaseResolver):  # type: ignore[misc]
    def __init__(self, text: str) -> None:
        self._records = RR.fromZone(text)

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:
        reply, asked = request.reply(), request.q
        if str(asked.qname).startswith("broken."):
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        there = [record for record in self._records if record.rname == asked.qname]
        for record in there:
            if record.rtype == asked.qtype:
                reply.add_answer(record)
        if not there:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


@contextmanager
def resolved(monkeypatch: pytest.MonkeyPatch, zone: str) -> Iterator[None]:
    """Names are what the zone, in the form of RFC 1035, says; "broken.…" answers SERVFAIL."""
    server = DNSServer(_Zone(zone), address="127.0.0.1", port=0, logger=DNSLogger("-request,-reply"))
    server.start_thread()
    ours = dns.resolver.Resolver(configure=False)
    ours.nameservers, ours.port = ["127.0.0.1"], server.server.server_address[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", ours)
    try:
        yield
    finally:
        server.stop()
        server.server.server_close()
