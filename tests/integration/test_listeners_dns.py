"""The trap's name server asked by others: resolvers' tools, many at once, slow ones and hostile ones."""

import random
import re
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnslib import EDNS0, RCODE, DNSRecord

from hearing import Ear, facts, heard, wait_for
from readers import needs
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners import dns

SETTINGS = dns.Settings(
    listen=("127.0.0.1:0",), zones=("corp-net.example",), addresses=("192.0.2.7", "2001:db8::7")
)
NAME = "Vpn2-8fK3jd92.corp-net.example"


@pytest.fixture
def ear() -> Iterator[Ear]:
    with heard(dns, SETTINGS) as ear:
        yield ear


def question(name: str = NAME, qtype: str = "A") -> bytes:
    asked = DNSRecord.question(name, qtype)
    asked.add_ar(EDNS0(udp_len=1232))
    return bytes(asked.pack())


def udp(ear: Ear, packet: bytes, *, seconds: float = 5) -> DNSRecord | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.sendto(packet, ("127.0.0.1", ear.ports["dns/udp"]))
        try:
            return DNSRecord.parse(client.recv(65535))
        except TimeoutError:
            return None


def connect(ear: Ear) -> socket.socket:
    return socket.create_connection(("127.0.0.1", ear.ports["dns/tcp"]), timeout=5)


def framed(packet: bytes) -> bytes:
    return struct.pack(">H", len(packet)) + packet


def received(client: socket.socket) -> DNSRecord:
    stream = client.makefile("rb")
    return DNSRecord.parse(stream.read(struct.unpack(">H", stream.read(2))[0]))


def test_a_question_is_heard_with_its_sender(ear: Ear) -> None:
    before = time.time_ns() // 1000
    answer = udp(ear, question())
    assert answer
    assert [str(record.rdata) for record in answer.rr] == ["192.0.2.7"]
    (hit,) = ear.hits
    assert (hit.channel, hit.address, hit.names) == ("dns", "127.0.0.1", (NAME.lower(),))
    assert hit.port > 0
    assert before <= hit.at <= time.time_ns() // 1000
    assert facts(hit, "qname") == [NAME.encode()]


def test_nothing_is_answered_before_the_hit_is_kept(ear: Ear) -> None:
    ear.holding = True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, connect(ear) as stream:
        client.settimeout(0.3)
        stream.settimeout(0.3)
        client.sendto(question(), ("127.0.0.1", ear.ports["dns/udp"]))
        stream.sendall(framed(question()))
        for waiting in (client, stream):
            with pytest.raises(TimeoutError):
                waiting.recv(1)
        assert len(ear.wait(2)) == 2
        ear.release()
        client.settimeout(5)
        stream.settimeout(5)
        assert DNSRecord.parse(client.recv(65535)).rr
        assert received(stream).rr


def test_who_cannot_be_kept_is_asked_to_come_again(ear: Ear) -> None:
    ear.failing = True
    answer = udp(ear, question())
    assert answer
    assert answer.header.rcode == RCODE.SERVFAIL
    with connect(ear) as stream:
        stream.sendall(framed(question()))
        assert received(stream).header.rcode == RCODE.SERVFAIL
        ear.failing = False
        stream.sendall(framed(question()))
        assert received(stream).header.rcode == RCODE.NOERROR


def test_names_outside_the_zones_and_torn_queries_are_heard_too(ear: Ear) -> None:
    refused, torn = udp(ear, question("google.com")), udp(ear, question()[:-2])
    assert refused
    assert torn
    assert (refused.header.rcode, torn.header.rcode) == (RCODE.REFUSED, RCODE.FORMERR)
    assert [hit.names for hit in ear.hits] == [("google.com",), (NAME.lower(),)]


def test_a_query_whose_question_cannot_be_read_is_kept_without_a_name(ear: Ear) -> None:
    packets = [b"", b"x", b"\0" * 12, b"\xff" * 512, bytes(5000), question()[:20]]
    for packet in packets:
        udp(ear, packet, seconds=0.05)
    assert udp(ear, question())
    assert [hit.names for hit in ear.hits] == [(), (), (NAME.lower(),)]
    assert [facts(hit, "query") for hit in ear.hits[:2]] == [[packets[2]], [packets[5]]]


def test_a_connection_carries_many_questions_in_any_pieces(ear: Ear) -> None:
    sent = b"".join(framed(question(f"n{number}.corp-net.example")) for number in range(20))
    with connect(ear) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(sent), 17):
            client.sendall(sent[start : start + 17])
        stream = client.makefile("rb")
        answers = [DNSRecord.parse(stream.read(struct.unpack(">H", stream.read(2))[0])) for _ in range(20)]
    assert [str(answer.q.qname) for answer in answers] == [f"n{n}.corp-net.example." for n in range(20)]
    assert [facts(hit, "transport") for hit in ear.hits] == [[b"tcp"]] * 20


def test_silent_and_slow_connections_are_closed(ear: Ear) -> None:
    settings = dns.Settings(listen=("127.0.0.1:0",), zones=("b.net",), addresses=("192.0.2.7",), timeout=0.5)
    with heard(dns, settings) as quick, connect(quick) as silent, connect(quick) as slow:
        began = time.monotonic()
        slow.sendall(framed(question())[:9])
        assert _gone(silent)
        assert _gone(slow)
        assert time.monotonic() - began < 4


def _gone(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_one_network_cannot_take_all_connections() -> None:
    settings = dns.Settings(listen=("127.0.0.1:0",), zones=("b.net",), addresses=("192.0.2.7",), of_network=5)
    with heard(dns, settings) as ear:
        clients = [connect(ear) for _ in range(30)]
        try:
            clients[-1].sendall(framed(question("x.b.net")))
            assert received(clients[-1]).rr
            assert sum(_gone(client) for client in clients[:25]) == 25
        finally:
            for client in clients:
                client.close()


def test_a_packet_longer_than_any_query_ends_its_connection(ear: Ear) -> None:
    with connect(ear) as client:
        client.sendall(framed(bytes(60000)))
        assert _gone(client)
    assert udp(ear, question())


def test_beyond_the_limit_a_network_is_told_to_come_by_tcp_and_heard_all_the_same() -> None:
    settings = dns.Settings(
        listen=("127.0.0.1:0",), zones=("b.net",), addresses=("192.0.2.7",), answers_per_second=10
    )
    with heard(dns, settings) as ear:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            for number in range(40):
                client.sendto(question(f"n{number}.b.net"), ("127.0.0.1", ear.ports["dns/udp"]))
            answers = [DNSRecord.parse(client.recv(65535)) for _ in range(40)]
        assert len(ear.hits) == 40
        whole = [answer for answer in answers if answer.rr]
        assert 10 <= len(whole) < 40, "what the seconds are worth that it took"
        assert all(answer.header.tc for answer in answers if not answer.rr)
        with connect(ear) as client:
            client.sendall(framed(question("x.b.net")))
            assert received(client).rr


def test_whose_hit_was_counted_only_is_told_to_come_by_tcp_where_it_is_kept_whole(ear: Ear) -> None:
    ear.counting = True
    answer = udp(ear, question())
    assert answer
    assert (answer.header.tc, answer.rr) == (1, [])
    with connect(ear) as client:
        client.sendall(framed(question()))
        assert received(client).rr
    assert len(ear.hits) == 2


def test_a_packet_made_to_cost_time_costs_none(ear: Ear) -> None:
    """Pointers that lead in circles through many labels: each is worth seconds to a reader that follows."""
    header = struct.pack(">6H", 1, 0, 1, 0, 0, 2)
    loop = header + b"\x01a" * 1900 + b"\xc0\x0d" + b"\xc0\x0c" * 60
    began = time.monotonic()
    for _ in range(50):
        udp(ear, loop, seconds=0.01)
    answer = udp(ear, question())
    assert answer
    assert time.monotonic() - began < 5


def test_settings_that_cannot_work_are_refused_with_a_hint() -> None:
    for changed in ({"zones": ()}, {"addresses": ()}, {"listen": ("here",)}, {"zones": ("-",)}):
        given = {"listen": ("127.0.0.1:0",), "zones": ("b.net",), "addresses": ("192.0.2.7",), **changed}
        with pytest.raises(UnusableInput) as refused, heard(dns, dns.Settings(**given)):
            pass
        assert refused.value.hint


def test_both_families_are_heard() -> None:
    settings = dns.Settings(listen=("127.0.0.1:0", "[::1]:0"), zones=("b.net",), addresses=("192.0.2.7",))
    with heard(dns, settings) as ear, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(question("x.b.net"), ("::1", ear.ports["dns/udp"]))
        assert DNSRecord.parse(client.recv(65535)).rr
        assert ear.hits[0].address == "::1"


@pytest.mark.system
def test_dig_gets_what_it_asks_for(ear: Ear) -> None:
    needs("dig")
    assert dig(ear, NAME, "A", "+short") == "192.0.2.7"
    assert dig(ear, NAME, "AAAA", "+tcp", "+short") == "2001:db8::7"
    shown = dig(ear, NAME, "TXT", "+subnet=198.51.100.0/24")
    assert "status: NOERROR" in shown
    assert "CLIENT-SUBNET: 198.51.100.0/24/0" in shown
    assert "hostmaster.corp-net.example." in shown
    assert 'HINFO\t"RFC8482" ""' in dig(ear, NAME, "ANY", "+notcp")
    assert "retrying in TCP mode" in dig(ear, NAME, "MX", "+noedns")
    assert "Transfer failed" in dig(ear, "corp-net.example", "AXFR")
    assert "status: REFUSED" in dig(ear, "google.com", "A")
    assert "status: BADVERS" in dig(ear, NAME, "A", "+edns=1", "+noednsneg")
    assert dig(ear, "corp-net.example", "NS", "+short").split() == [
        "ns1.corp-net.example.",
        "ns2.corp-net.example.",
    ]
    assert {hit.names for hit in ear.hits} == {(NAME.lower(),), ("corp-net.example",), ("google.com",)}
    assert [facts(hit, "client-subnet") for hit in ear.hits if facts(hit, "client-subnet")] == [
        [b"198.51.100.0/24"]
    ]


def dig(ear: Ear, *arguments: str) -> str:
    command = ["dig", "@127.0.0.1", "-p", str(ear.ports["dns/udp"]), "+tries=1", "+time=5", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout.strip()


@pytest.mark.system
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_question_of_a_load_is_heard_once_and_answered(transport: str, tmp_path: Path) -> None:
    needs("dnsperf")
    draws = random.Random(1)
    names = [f"{draws.getrandbits(96):x}.corp-net.example" for _ in range(4000)]
    (tmp_path / "names").write_text("".join(f"{name} A\n" for name in names))
    with heard(
        dns,
        dns.Settings(
            listen=("127.0.0.1:0",),
            zones=("corp-net.example",),
            addresses=("192.0.2.7",),
            answers_per_second=10**6,
        ),
    ) as ear:
        port, names_file = str(ear.ports["dns/udp"]), str(tmp_path / "names")
        command = ["dnsperf", "-s", "127.0.0.1", "-p", port, "-d", names_file, "-n", "1",
                   "-c", "4", "-q", "100", "-m", transport]  # fmt: skip
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        assert wait_for(lambda: len(ear.hits) >= len(names))
    assert re.search(r"Queries completed:\s+4000 ", shown), shown
    assert re.search(r"NOERROR 4000 ", shown), shown
    assert sorted(hit.names[0] for hit in ear.hits) == sorted(names)
