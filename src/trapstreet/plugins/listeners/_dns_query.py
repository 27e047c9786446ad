"""What a DNS query asks and shows: read by dnslib, kept as it was received."""

from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple

from dnslib import CLASS, OPCODE, QR, QTYPE, RCODE, RR, DNSError, DNSHeader, DNSQuestion
from dnslib.bimap import BimapError
from dnslib.buffer import BufferError as DNSBufferError
from dnslib.label import DNSBuffer, DNSLabel

LONGEST = 4096
"""Bytes of a query that are looked at; resolvers send some 50 to 300."""

BEHIND = 512
"""Bytes of a query behind its question: each option there takes microseconds to read, and has 4 bytes."""

HEADER = 12
SUBNET = 8
_ROOT = DNSLabel(())
_OPERATIONS = (OPCODE.QUERY, OPCODE.NOTIFY, OPCODE.UPDATE)
_ANY_CLASS = 255
_TRANSFERS = (QTYPE.AXFR, QTYPE.IXFR)
_NO_QUESTION = (QTYPE.OPT, 249, 250)  # and TKEY, TSIG
_MAIL_BOXES = (253, 254)


class Query(NamedTuple):
    """One query.

    id, flags  the first two numbers of the header
    packet     all of it, as received
    rcode      what is wrong with it: the code to answer, NOERROR where nothing is
    question   name, type and class as received; b"" where it cannot be read, and the following mean nothing
    label      the name asked for
    opt        its EDNS record, if it has one that can be read; `subnet` the option of RFC 7871 in it
    """

    id: int
    flags: int
    packet: bytes
    rcode: int
    question: bytes = b""
    label: DNSLabel = _ROOT
    qtype: int = 0
    qclass: int = 0
    opt: Any = None
    subnet: bytes = b""

    @property
    def name(self) -> str:
        """The name asked for: lower case, no dot at its end; bytes beyond printable ASCII as \\ddd."""
        return str(self.label).lower().rstrip(".") or "."


class _Plain(DNSBuffer):  # type: ignore[misc]
    """Names without compression: a query has nothing to point to, and pointers can cost seconds."""

    def decode_name(self, last: int = -1) -> DNSLabel:
        if last != -1:
            raise DNSBufferError("a query that points")
        return super().decode_name()


def read(packet: bytes) -> Query | None:
    """The query in a packet; None for what gets no answer: a torn header, an answer, a packet without end."""
    if not HEADER <= len(packet) <= LONGEST:
        return None
    buffer = _Plain(packet)
    header = DNSHeader.parse(buffer)
    if header.get_qr() == QR.RESPONSE:
        return None
    if header.get_opcode() not in _OPERATIONS:
        return Query(header.id, header.bitmap, packet, RCODE.NOTIMP)
    try:
        asked = DNSQuestion.parse(buffer)
    except DNSError:
        asked = None
    if header.q != 1 or asked is None or not _fits(asked.qname):
        return Query(header.id, header.bitmap, packet, RCODE.FORMERR)
    rcode, opt, subnet = _judged(header, asked, packet[buffer.offset :])
    question = packet[HEADER : buffer.offset]
    return Query(
        header.id, header.bitmap, packet, rcode, question, asked.qname, asked.qtype, asked.qclass, opt, subnet
    )


def _fits(name: DNSLabel) -> bool:
    return len(name) <= 253 and all(len(part) <= 63 for part in name.label)


def _judged(header: DNSHeader, asked: DNSQuestion, behind: bytes) -> tuple[int, Any, bytes]:
    """What is wrong with a query whose question can be read, its EDNS record, and the client subnet in it.

    As BIND 9.18 has it where it tells nobody its version.
    """
    if header.get_opcode() != OPCODE.QUERY or asked.qtype in _TRANSFERS or asked.qclass == CLASS.CH:
        return RCODE.REFUSED, None, b""
    if header.a or header.auth or header.ar > 2 or asked.qtype in _NO_QUESTION or asked.qclass == _ANY_CLASS:
        return RCODE.FORMERR, None, b""
    if asked.qtype in _MAIL_BOXES or asked.qclass != CLASS.IN:
        return RCODE.NOTIMP, None, b""
    if not header.ar:
        return RCODE.NOERROR, None, b""
    if len(behind) > BEHIND:
        return RCODE.FORMERR, None, b""
    try:
        opts = [record for record in _records(behind, header.ar) if record.rtype == QTYPE.OPT]
    except (DNSError, DNSBufferError, BimapError, ValueError, IndexError):
        return RCODE.FORMERR, None, b""
    if not opts:
        return RCODE.NOERROR, None, b""
    opt = opts[0]
    if len(opts) > 1 or opt.rname.label:
        return RCODE.FORMERR, None, b""
    subnet = next((option.data for option in opt.rdata if option.code == SUBNET), b"")
    if opt.edns_ver or not subnet or read_subnet(subnet):
        return RCODE.NOERROR, opt, subnet
    return RCODE.FORMERR, opt, b""


@lru_cache(maxsize=1024)
def _records(behind: bytes, count: int) -> list[RR]:
    """Resolvers send the same EDNS record with every question, and nothing in it points elsewhere."""
    buffer = _Plain(behind)
    return [RR.parse(buffer) for _ in range(count)]


@lru_cache(maxsize=4096)
def read_subnet(option: bytes) -> str:
    """Address and prefix of the client for whom a resolver asks, like "192.0.2.0/24"; "" where the option is
    malformed. Source: RFC 7871, section 6."""
    family, prefix, scope, address = option[:2], *option[2:4].ljust(2, b"\0"), option[4:]
    width = {b"\0\1": 4, b"\0\2": 16}.get(family)
    if len(option) < 4 or width is None or scope or prefix > 8 * width or len(address) != (prefix + 7) // 8:
        return ""
    whole = address.ljust(width, b"\0")
    if int.from_bytes(whole, "big") & ((1 << 8 * width - prefix) - 1):
        return ""
    return f"{ip_address(whole)}/{prefix}"


def facts(query: Query, *, transport: bytes) -> tuple[tuple[str, bytes], ...]:
    """All that a query shows, in the order in which it came.

    "transport" (udp, tcp), "id", "flags" (like "rd cd"), where the question can be read "qname" as received,
    "qtype" and "qclass", with EDNS "edns" (its version), "edns-size", "edns-flags", "edns-N" (the bytes of
    option N, each), "client-subnet" (address/prefix), and "query": the packet.
    """
    found = [("transport", transport), ("id", b"%d" % query.id), ("flags", _flags(query.flags))]
    if query.question:
        found += [
            ("qname", b".".join(query.label.label)),
            ("qtype", _type_name(query.qtype)),
            ("qclass", _class_name(query.qclass)),
        ]
    if query.opt is not None:
        found += _edns_facts(query)
    found.append(("query", query.packet))
    return tuple(found)


def _edns_facts(query: Query) -> list[tuple[str, bytes]]:
    opt = query.opt
    found = [("edns", b"%d" % opt.edns_ver), ("edns-size", b"%d" % opt.edns_len)]
    if opt.edns_do:
        found.append(("edns-flags", b"do"))
    found += [(f"edns-{option.code}", option.data) for option in opt.rdata]
    if query.subnet:
        found.append(("client-subnet", read_subnet(query.subnet).encode()))
    return found


@lru_cache(maxsize=1024)
def _flags(bitmap: int) -> bytes:
    names = {10: "aa", 9: "tc", 8: "rd", 7: "ra", 6: "z", 5: "ad", 4: "cd"}
    return " ".join(name for bit, name in names.items() if bitmap >> bit & 1).encode()


@lru_cache(maxsize=1024)
def _type_name(qtype: int) -> bytes:
    return str(QTYPE.forward.get(qtype, f"TYPE{qtype}")).encode()


@lru_cache(maxsize=1024)
def _class_name(qclass: int) -> bytes:
    return str(CLASS.forward.get(qclass, f"CLASS{qclass}")).encode()
