"""Whatever is sent to them, the listeners for DNS and SMTP go on, and say nothing of it to anybody."""

import logging
import re
import socket
import struct
import time
from collections.abc import Iterator

import msgspec
import pytest
from dnslib import EDNS0, QTYPE, DNSHeader, DNSQuestion, DNSRecord, EDNSOption
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearing import Ear, heard
from trapstreet.plugins.listeners import dns, smtp
from trapstreet.plugins.listeners._dns_answers import GROWTH, PAYLOAD, Answers, Zones
from trapstreet.plugins.listeners._dns_query import facts, read
from tries import tries

pytestmark = pytest.mark.slow

ANSWERS = Answers(Zones(("b.net", "corp-net.example"), ("192.0.2.7", "2001:db8::7"), (), "", 60, 1))


def query(name: str, qtype: int, option: int, data: bytes) -> bytes:
    made = DNSRecord(DNSHeader(id=7), q=DNSQuestion(name, qtype))
    made.add_ar(EDNS0(udp_len=4096, opts=[EDNSOption(option, data)] if data else []))
    return bytes(made.pack())


PACKETS = st.one_of(
    st.binary(max_size=600),
    st.builds(
        query,
        st.sampled_from(["x.b.net", "b.net", "a.b.c.corp-net.example", "ns1.b.net", "com"]),
        st.sampled_from([1, 2, 6, 15, 16, 28, 33, 65, 41, 249, 250, 251, 252, 253, 255, 65535]),
        st.sampled_from([3, 8, 10, 12, 65535]),
        st.binary(max_size=20),
    ),
    st.builds(
        lambda counts, rest: struct.pack(">6H", 7, 0, *counts) + rest,
        st.tuples(*[st.integers(0, 3)] * 4),
        st.lists(
            st.sampled_from([b"\xc0\x0c", b"\x01a", b"\0", b"\x3f" + b"a" * 63, b"\0\x29", b"\0\1\0\1"])
        ).map(b"".join),
    ),
)
RECORDS = st.builds(
    lambda rtype, data: (
        query("x.b.net", 1, 3, b"")[:10] + b"\0\1" + b"\x01x\x01b\x03net\0\0\1\0\1"
        b"\0" + struct.pack(">HHIH", rtype, 1, 0, len(data)) + data
    ),
    st.sampled_from(sorted(QTYPE.forward)),
    st.one_of(
        st.binary(max_size=60), st.lists(st.sampled_from([b"\0", b"\1", b"\x01a", b"\xff"])).map(b"".join)
    ),
)
CHANGES = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6)


@settings(max_examples=tries(6000), deadline=None)
@given(st.one_of(PACKETS, RECORDS), CHANGES, st.integers(0, 700), st.booleans())
def test_every_packet_gets_an_answer_that_can_be_read_or_none(
    packet: bytes, changes: list[tuple[int, int]], length: int, udp: bool
) -> None:
    torn = bytearray(packet[:length])
    for place, value in changes:
        if place < len(torn):
            torn[place] = value
    began = time.perf_counter()
    found = read(bytes(torn))
    if found is None:
        return
    answer = ANSWERS.of(found, udp=udp)
    assert time.perf_counter() - began < 0.5
    msgspec.msgpack.encode((found.name, facts(found, transport=b"udp")))
    assert answer[:2] == torn[:2]
    assert len(answer) <= max(PAYLOAD, 512) if found.opt else len(answer) <= GROWTH * len(torn) or not udp
    parsed = DNSRecord.parse(answer)
    assert parsed.header.qr == 1
    assert bytes(parsed.pack())[: len(found.question)] or not found.question
    assert DNSRecord.parse(ANSWERS.failed(found)).header.rcode == 2


@pytest.fixture(scope="module")
def mail_ear() -> Iterator[Ear]:
    given_settings = smtp.Settings(
        listen=("127.0.0.1:0",), host="mail.you.example", domains=("you.example",), of_network=1000
    )
    with heard(smtp, given_settings) as ear:
        yield ear


ADDRESSES = st.one_of(
    st.sampled_from(
        [b"<a@you.example>", b"<>", b"<@x,@y:b@you.example>", b'<"a b"@you.example>', b"c@you.example"]
    ),
    st.text('<>@:;,.()"\\[] \tabc\r', max_size=40).map(str.encode),
    st.sampled_from(
        [b"(" * 900, b"<" * 1000, b'"' * 999, b"<" + b"@a," * 300, b"\\" * 500, b"a@" + b"[" * 900]
    ),
    st.binary(max_size=60),
)
COMMANDS = st.one_of(
    st.sampled_from([b"EHLO x", b"HELO x", b"DATA", b".", b"RSET", b"NOOP", b"QUIT", b"STARTTLS", b""]),
    st.tuples(st.sampled_from([b"MAIL FROM:", b"RCPT TO:", b"VRFY ", b"ETRN "]), ADDRESSES).map(b"".join),
    st.binary(max_size=80),
    st.binary(min_size=1, max_size=3).map(lambda some: some * 1500),
)  # fmt: skip
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""])


@settings(
    max_examples=tries(2000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(COMMANDS, ENDS), max_size=25))
def test_every_conversation_gets_replies_of_smtp(
    mail_ear: Ear, caplog: pytest.LogCaptureFixture, lines: list[tuple[bytes, bytes]]
) -> None:
    with socket.create_connection(("127.0.0.1", mail_ear.ports["smtp"]), timeout=10) as client:
        try:
            client.sendall(b"".join(command + end for command, end in lines))
            client.shutdown(socket.SHUT_WR)
            replies = client.makefile("rb").read()
        except ConnectionError:
            replies = b""
    for reply in replies.split(b"\r\n")[:-1]:
        assert re.fullmatch(rb"[2-5]\d\d[ -][ -~\x80-\xff]*", reply), reply
    assert b"Python" not in replies
    assert b"451" not in replies, "nothing failed inside"
    assert not caplog.records
    for hit in mail_ear.hits:
        msgspec.msgpack.encode(hit)
    mail_ear.hits.clear()


@settings(max_examples=tries(1500), deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=40), st.sampled_from([b"\r\n", b".", b"..", b"\r\n.", b"a" * 3000])),
        max_size=20,
    )
)
def test_the_end_of_a_mail_is_where_smtp_says(mail_ear: Ear, pieces: list[bytes]) -> None:
    """Neither a bare CR nor a bare LF around the dot ends a mail: no second one can be smuggled in."""
    mail_ear.hits.clear()
    mail = b"".join(pieces) + b"\n.\nMAIL FROM:<>\n\r.\r\r\n.\n\n.\r\n\r\n"
    stuffed = re.sub(rb"(^|(?<=\r\n))\.", b"..", mail)
    with socket.create_connection(("127.0.0.1", mail_ear.ports["smtp"]), timeout=10) as client:
        client.sendall(
            b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@you.example>\r\nDATA\r\n" + stuffed + b".\r\nQUIT\r\n"
        )
        codes = [line[:3] for line in client.makefile("rb").read().split(b"\r\n")[:-1]]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
    (hit,) = mail_ear.hits
    assert dict(hit.facts)["mail-size"] == b"%d" % len(mail)


@settings(max_examples=tries(1000), deadline=None)
@given(
    st.lists(
        st.one_of(PACKETS.map(lambda p: struct.pack(">H", len(p)) + p), st.binary(max_size=30)), max_size=8
    )
)
def test_name_servers_connections_end_or_answer(name_ear: Ear, parts: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", name_ear.ports["dns/tcp"]), timeout=10) as client:
        try:
            client.sendall(b"".join(parts))
            client.shutdown(socket.SHUT_WR)
            received = client.makefile("rb").read()
        except ConnectionError:
            return
    while received:
        size = int.from_bytes(received[:2], "big")
        assert DNSRecord.parse(received[2 : 2 + size]).header.qr == 1
        received = received[2 + size :]


@pytest.fixture(scope="module")
def name_ear() -> Iterator[Ear]:
    given_settings = dns.Settings(
        listen=("127.0.0.1:0",), zones=("b.net",), addresses=("192.0.2.7",), of_network=1000
    )
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with heard(dns, given_settings) as ear:
        yield ear
