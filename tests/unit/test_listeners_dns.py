"""What a DNS query shows, and what the trap's name server answers."""

import struct
import time

import pytest
from dnslib import EDNS0, OPCODE, QTYPE, RCODE, RR, SOA, DNSHeader, DNSQuestion, DNSRecord, EDNSOption

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners._dns_answers import GROWTH, PAYLOAD, Answers, Zones
from trapstreet.plugins.listeners._dns_query import LONGEST, facts, read

ZONES = Zones(
    ("corp-net.example", "eu.corp-net.example", "b.net"), ("192.0.2.7", "2001:db8::7"), (), "", 60, 2026010101
)
NUMBERS = {"MAILB": 253}
NAME = "Vpn2-8fK3jd92kd02kf93.Prod.corp-net.Example"


def packet(
    name: str = NAME, qtype: str = "A", *, qclass: int = 1, edns: EDNS0 | None = None, **header: int
) -> bytes:
    asked = DNSRecord(
        DNSHeader(id=4711, **header),
        q=DNSQuestion(name, NUMBERS.get(qtype, 0) or getattr(QTYPE, qtype), qclass),
    )
    if edns is not None:
        asked.add_ar(edns)
    return bytes(asked.pack())


def edns(*options: EDNSOption, size: int = 1232, version: int = 0, flags: str = "") -> EDNS0:
    return EDNS0(udp_len=size, version=version, flags=flags, opts=list(options))


def answer(asked: bytes, *, udp: bool = True, short: bool = False, zones: Zones = ZONES) -> DNSRecord:
    query = read(asked)
    assert query
    return DNSRecord.parse(Answers(zones).of(query, udp=udp, short=short))


def lines(records: list[RR]) -> list[str]:
    return [" ".join(str(record).split()) for record in records]


@pytest.mark.parametrize(
    ("qtype", "found"), [("A", f"{NAME}. 60 IN A 192.0.2.7"), ("AAAA", f"{NAME}. 60 IN AAAA 2001:db8::7")]
)
def test_every_name_has_the_addresses_and_the_case_in_which_it_was_asked(qtype: str, found: str) -> None:
    made = answer(packet(qtype=qtype, edns=edns()))
    assert lines(made.rr) == [found]
    assert (made.header.id, made.header.aa, made.header.ra, made.header.rcode) == (4711, 1, 0, 0)
    assert str(made.q.qname) == f"{NAME}."


@pytest.mark.parametrize(
    "name",
    [
        "x.b.net",
        "ns1.b.net",
        "mail.b.net",
        "_acme-challenge.x.b.net",
        ".".join(["d" * 60] * 3 + ["e" * 55, "b", "net"]),
        "*.b.net",
        "y.eu.corp-net.example",
    ],
)
@pytest.mark.parametrize("qtype", ["TXT", "CAA", "HTTPS", "MX", "NS", "SOA", "DS", "SRV"])
def test_what_a_name_has_not_is_no_error_with_the_zones_soa(name: str, qtype: str) -> None:
    made = answer(packet(name, qtype, edns=edns()))
    zone = ".".join(name.split(".")[-2 if name.endswith("net") else -3 :])
    assert (made.header.rcode, made.rr) == (RCODE.NOERROR, [])
    assert lines(made.auth) == [
        f"{zone}. 60 IN SOA ns1.{zone}. hostmaster.{zone}. 2026010101 7200 3600 1209600 60"
    ]


@pytest.mark.parametrize("name", ["prod.corp-net.example", "eu.corp-net.example", "corp-net.example"])
def test_names_that_only_have_others_below_them_exist(name: str) -> None:
    assert answer(packet(name, "A", edns=edns())).header.rcode == RCODE.NOERROR
    assert answer(packet(name, "TXT", edns=edns())).header.rcode == RCODE.NOERROR


def test_a_zone_names_its_servers_and_its_mail_host_with_addresses() -> None:
    made = answer(packet("B.net", "NS", edns=edns()))
    assert lines(made.rr) == ["B.net. 60 IN NS ns1.B.net.", "B.net. 60 IN NS ns2.B.net."]
    assert lines(made.ar[:4]) == [
        f"{host}.B.net. 60 IN {kind}"
        for host in ("ns1", "ns2")
        for kind in ("A 192.0.2.7", "AAAA 2001:db8::7")
    ]
    made = answer(packet("b.net", "MX", edns=edns()))
    assert lines(made.rr) == ["b.net. 60 IN MX 10 mail.b.net."]
    assert len(made.ar) == 3
    assert [record.rdata for record in answer(packet("b.net", "SOA", edns=edns())).rr] == [
        SOA("ns1.b.net", "hostmaster.b.net", (2026010101, 7200, 3600, 1209600, 60))
    ]


def test_servers_elsewhere_are_named_without_addresses() -> None:
    zones = ZONES._replace(name_servers=("ns.host.example", "ns2.b.net"), mail="mx.host.example")
    made = answer(packet("b.net", "NS", edns=edns()), zones=zones)
    assert lines(made.rr) == ["b.net. 60 IN NS ns.host.example.", "b.net. 60 IN NS ns2.b.net."]
    assert lines(made.ar[:2]) == ["ns2.b.net. 60 IN A 192.0.2.7", "ns2.b.net. 60 IN AAAA 2001:db8::7"]
    made = answer(packet("b.net", "MX", edns=edns()), zones=zones)
    assert (lines(made.rr), len(made.ar)) == (["b.net. 60 IN MX 10 mx.host.example."], 1)


@pytest.mark.parametrize("ahead", ["ns1", "abc", "mail", "hostmaster", "", "a.b.c"])
@pytest.mark.parametrize("qtype", ["A", "NS", "MX", "TXT", "SOA", "ANY"])
def test_an_answer_is_the_same_whatever_was_asked_before(ahead: str, qtype: str) -> None:
    """Answers are packed once for all names of one length: none may point at what another one said."""
    answers = Answers(ZONES)
    others = [
        read(packet(f"{name}.b.net", qtype, edns=edns())) for name in ("ns1", "mai", "xyz", "hostmaste1")
    ]
    query = read(packet(f"{ahead}.b.net".lstrip("."), qtype, edns=edns()))
    fresh = Answers(ZONES).of(query, udp=True)
    for other in others:
        answers.of(other, udp=True)
    assert answers.of(query, udp=True) == fresh


@pytest.mark.parametrize(
    ("asked", "rcode"),
    [
        (packet("google.com", "A"), RCODE.REFUSED),
        (packet("example", "A"), RCODE.REFUSED),
        (packet(".", "NS"), RCODE.REFUSED),
        (packet("xb.net", "A"), RCODE.REFUSED),
        (packet("version.bind", "TXT", qclass=3), RCODE.REFUSED),
        (packet(NAME, "A", qclass=3), RCODE.REFUSED),
        (packet("b.net", "AXFR"), RCODE.REFUSED),
        (packet("b.net", "IXFR"), RCODE.REFUSED),
        (packet("b.net", "OPT"), RCODE.FORMERR),
        (packet(qclass=255), RCODE.FORMERR),
        (packet(qclass=7), RCODE.NOTIMP),
        (packet(qtype="MAILB"), RCODE.NOTIMP),
        (packet(opcode=OPCODE.UPDATE), RCODE.REFUSED),
        (packet(opcode=OPCODE.NOTIFY), RCODE.REFUSED),
        (packet(opcode=OPCODE.STATUS), RCODE.NOTIMP),
        (packet()[:-1], RCODE.FORMERR),
        (packet()[:12], RCODE.FORMERR),
        (packet(edns=edns())[:-3], RCODE.FORMERR),
        (struct.pack(">6H", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", RCODE.FORMERR),
        (struct.pack(">6H", 1, 0, 1, 0, 0, 0) + b"\x01\xff\x01b\x03net\0\0\1\0\1", RCODE.FORMERR),
        (struct.pack(">6H", 1, 0, 1, 0, 0, 0) + b"\x70" + b"a" * 112 + b"\0\0\1\0\1", RCODE.FORMERR),
        (struct.pack(">6H", 1, 0, 1, 0, 0, 0) + b"\x3f" * 64 * 5 + b"\0\0\1\0\1", RCODE.FORMERR),
        (struct.pack(">6H", 1, 0, 2, 0, 0, 0) + b"\x01b\x03net\0\0\1\0\1" * 2, RCODE.FORMERR),
        (struct.pack(">6H", 1, 0, 0, 0, 0, 0), RCODE.FORMERR),
        (packet(edns=edns(EDNSOption(8, b"\0\1\x18\0\x7f\0"))), RCODE.FORMERR),
        (packet(edns=edns(EDNSOption(8, b"\0\1\x21\0\x7f\0\0\0\0"))), RCODE.FORMERR),
        (packet(edns=edns(EDNSOption(8, b"\0\1\x17\0\x7f\0\1"))), RCODE.FORMERR),
        (packet(edns=edns(EDNSOption(8, b"\0\1\x18\x18\x7f\0\0"))), RCODE.FORMERR),
        (packet(edns=edns(EDNSOption(8, b"\0"))), RCODE.FORMERR),
    ],
)  # fmt: skip
def test_what_it_does_not_serve_gets_the_usual_refusal(asked: bytes, rcode: int) -> None:
    query = read(asked)
    assert query
    made = Answers(ZONES).of(query, udp=True)
    header = DNSRecord.parse(made).header
    assert (header.rcode, header.id, header.qr, header.a, header.auth) == (rcode, query.id, 1, 0, 0)
    assert len(made) <= len(asked)


@pytest.mark.parametrize("asked", [b"", packet()[:11], packet(qr=1), packet() + bytes(LONGEST)])
def test_torn_headers_answers_and_endless_packets_get_no_answer(asked: bytes) -> None:
    assert read(asked) is None


def test_any_is_answered_with_little() -> None:
    made = answer(packet(qtype="ANY", edns=edns()))
    assert [(record.rtype, record.rdata.data) for record in made.rr] == [(QTYPE.HINFO, b"\x07RFC8482\0")]


def test_a_client_subnet_is_given_back_as_good_for_all() -> None:
    option = EDNSOption(8, b"\0\1\x18\0\xc0\0\x02")
    made = answer(packet(edns=edns(option, EDNSOption(10, b"12345678"), flags="do")))
    (opt,) = made.ar
    assert [(found.code, found.data) for found in opt.rdata] == [(8, b"\0\1\x18\0\xc0\0\x02")]
    assert (opt.edns_do, opt.edns_len) == (1, PAYLOAD)


def test_another_version_of_edns_is_told_so() -> None:
    made = answer(packet(edns=edns(version=1)))
    assert (made.header.rcode, made.ar[0].edns_rcode, made.ar[0].edns_ver, made.rr) == (0, 1, 0, [])


@pytest.mark.parametrize("name", ["b.net", "x.b.net", NAME, "corp-net.example"])
@pytest.mark.parametrize("qtype", ["A", "AAAA", "NS", "MX", "SOA", "TXT", "ANY", "HTTPS"])
def test_a_forged_sender_gets_no_more_than_was_sent_half_again(name: str, qtype: str) -> None:
    asked = packet(name, qtype)
    query = read(asked)
    assert query
    made = Answers(ZONES).of(query, udp=True)
    assert len(made) <= GROWTH * len(asked)
    by_tcp = DNSRecord.parse(Answers(ZONES).of(query, udp=False))
    assert DNSRecord.parse(made).header.tc or DNSRecord.parse(made).pack() == by_tcp.pack()
    assert by_tcp.header.tc == 0
    assert by_tcp.rr or by_tcp.auth


def test_what_is_longer_than_the_resolver_takes_is_left_to_tcp() -> None:
    zones = ZONES._replace(addresses=tuple(f"192.0.2.{number}" for number in range(1, 100)))
    for size, room in ((100, 512), (800, 800), (65535, PAYLOAD)):
        query = read(packet(edns=edns(size=size)))
        assert query
        made = Answers(zones).of(query, udp=True)
        assert (len(made) <= room, DNSRecord.parse(made).header.tc) == (True, 1)
    assert len(answer(packet(edns=edns()), udp=False, zones=zones).rr) == 99


def test_who_asks_too_fast_is_told_to_come_by_tcp() -> None:
    asked = packet(edns=edns())
    made = answer(asked, short=True)
    assert (made.header.tc, made.rr, made.auth) == (1, [], [])
    assert len(made.pack()) <= len(asked)


def test_everything_a_query_shows_is_kept() -> None:
    options = [
        EDNSOption(8, b"\0\2\x38\0\x20\1\x0d\xb8\0\0\0"),
        EDNSOption(10, b"12345678"),
        EDNSOption(3, b""),
    ]
    asked = packet(qtype="HTTPS", edns=edns(*options, flags="do", size=4096), rd=1, cd=1)
    query = read(asked)
    assert query
    assert query.name == NAME.lower()
    assert facts(query, transport=b"udp") == (
        ("transport", b"udp"),
        ("id", b"4711"),
        ("flags", b"rd cd"),
        ("qname", NAME.encode()),
        ("qtype", b"HTTPS"),
        ("qclass", b"IN"),
        ("edns", b"0"),
        ("edns-size", b"4096"),
        ("edns-flags", b"do"),
        ("edns-8", options[0].data),
        ("edns-10", b"12345678"),
        ("client-subnet", b"2001:db8::/56"),
        ("query", asked),
    )


def test_a_question_before_something_malformed_still_names_what_was_asked() -> None:
    query = read(packet(edns=edns(EDNSOption(8, b"\0")))[:-2] + b"!")
    assert query
    assert (query.name, query.rcode) == (NAME.lower(), RCODE.FORMERR)


def test_a_query_stuffed_with_options_costs_little_and_is_kept_as_it_came() -> None:
    asked = packet(edns=edns(*[EDNSOption(65001, b"")] * 900))
    began = time.process_time()
    queries = [read(asked[:-2] + number.to_bytes(2, "big")) for number in range(200)]
    assert time.process_time() - began < 2
    query = queries[0]
    assert query
    assert (query.name, query.rcode) == (NAME.lower(), RCODE.FORMERR)
    assert dict(facts(query, transport=b"udp"))["query"] == query.packet


def test_types_and_classes_without_a_name_are_numbers() -> None:
    asked = packet()[:-4] + struct.pack(">HH", 65300, 777)
    query = read(asked)
    assert query
    assert dict(facts(query, transport=b"tcp"))["qtype"] == b"TYPE65300"
    assert dict(facts(query, transport=b"tcp"))["qclass"] == b"CLASS777"


@pytest.mark.parametrize(
    "changed",
    [
        {"names": ("no_zone",)},
        {"names": ("a..b",)},
        {"names": ("",)},
        {"addresses": ("192.0.2.300",)},
        {"name_servers": ("ns1.exa mple.com",)},
        {"mail": "-.example"},
    ],
)
def test_zones_that_are_none_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(UnusableInput):
        Answers(ZONES._replace(**changed))


def test_an_answer_that_could_not_be_kept_asks_to_come_again() -> None:
    query = read(packet(edns=edns()))
    assert query
    made = DNSRecord.parse(Answers(ZONES).failed(query))
    assert (made.header.rcode, made.header.id, made.rr) == (RCODE.SERVFAIL, 4711, [])
