"""Mail for decoys: sent by real clients, asked about and left, broken off, much too long, and hostile."""

import asyncio
import email.message
import logging
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import uvloop

from hearing import Ear, facts, heard
from readers import needs
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners import smtp

HOST = "mail.you.example"
SETTINGS = smtp.Settings(listen=("127.0.0.1:0",), host=HOST, domains=("you.example", "sales.example"))
WORDS = ["PIPELINING", "SIZE 20971520", "VRFY", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8"]


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    made: Callable[[], asyncio.AbstractEventLoop] = request.param
    return made


@pytest.fixture
def ear() -> Iterator[Ear]:
    with heard(smtp, SETTINGS) as ear:
        yield ear


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> smtp.Settings:
    """With a certificate for `HOST`."""
    certificate, key = certify(tmp_path_factory.mktemp("tls"))
    return smtp.Settings(
        listen=("127.0.0.1:0",), host=HOST, domains=("you.example",), certificate=certificate, key=key
    )


def certify(folder: Path) -> tuple[Path, Path]:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


class Client:
    """Speaks SMTP line by line."""

    def __init__(self, ear: Ear) -> None:
        self.socket = socket.create_connection(("127.0.0.1", ear.ports["smtp"]), timeout=20)
        self._lines = self.socket.makefile("rb")
        self.banner = self.answer()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self.socket.close()

    def answer(self) -> str:
        """The next reply, its lines joined by "|"; "" where the connection has ended."""
        lines = []
        while line := self._line():
            lines.append(line)
            if line[3:4] != "-":
                break
        return "|".join(lines)

    def say(self, *commands: str | bytes) -> str:
        """The reply to the last of some commands."""
        reply = ""
        for command in commands:
            self.socket.sendall((command.encode() if isinstance(command, str) else command) + b"\r\n")
            reply = self.answer()
        return reply

    def _line(self) -> str:
        try:
            return self._lines.readline().decode(errors="surrogateescape").removesuffix("\r\n")
        except ConnectionResetError:
            return ""


def message(**headers: str) -> email.message.EmailMessage:
    made = email.message.EmailMessage()
    for name, value in headers.items():
        made[name] = value
    made.set_content("Hello,\n.\n.. we have a special offer.\n")
    return made


def test_a_mail_is_heard_with_all_its_recipients_and_all_it_shows(ear: Ear) -> None:
    before = time.time_ns() // 1000
    with smtplib.SMTP("127.0.0.1", ear.ports["smtp"], local_hostname="scam.example") as client:
        client.sendmail(
            "offer@scam.example",
            ["M.Keller82@you.example", "sales@Sales.example"],
            "Received: from a\r\n by b\r\nReceived: from c\r\nSubject: For you\r\n\r\nHello\r\n.\r\n..\r\n",
            mail_options=["BODY=8BITMIME"],
        )
    (hit,) = ear.hits
    assert (hit.channel, hit.address) == ("smtp", "127.0.0.1")
    assert hit.names == ("m.keller82@you.example", "sales@sales.example")
    assert before <= hit.at <= time.time_ns() // 1000
    mail = b"Received: from a\r\n by b\r\nReceived: from c\r\nSubject: For you\r\n\r\nHello\r\n.\r\n..\r\n"
    times = {label for label, value in hit.facts if label in ("connected", "data")}
    assert times == {"connected", "data"}
    shown = [fact for fact in hit.facts if fact[0] not in ("local", "connected", "data", "answer")]
    assert shown == [
        ("helo", b"EHLO scam.example"),
        ("mail-from", b"<offer@scam.example> size=%d BODY=8BITMIME" % len(mail)),
        ("rcpt-to", b"<M.Keller82@you.example>"),
        ("rcpt-to", b"<sales@Sales.example>"),
        ("header", b"Received: from a\r\n by b"),
        ("header", b"Received: from c"),
        ("header", b"Subject: For you"),
        ("body", b"Hello\r\n.\r\n..\r\n"),
        ("mail-size", b"%d" % len(mail)),
        ("mail-sha256", sha256(mail).digest()),
    ]
    assert facts(hit, "answer")[0].startswith(b"250 2.0.0 Ok: queued as ")


def test_the_senders_own_log_has_the_queue_id_that_is_kept(ear: Ear) -> None:
    with Client(ear) as client:
        client.say("HELO x", "MAIL FROM:<>", "RCPT TO:<a@you.example>", "DATA")
        told = client.say("Subject: x\r\n\r\nText\r\n.")
        assert [told.encode()] == facts(ear.hits[0], "answer")


def test_nothing_is_acknowledged_before_it_is_kept(ear: Ear) -> None:
    ear.holding = True
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<a@you.example>", "DATA")
        client.socket.sendall(b"Text\r\n.\r\n")
        assert len(ear.wait(1)) == 1
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(20)
        ear.release()
        assert client.answer().startswith("250 2.0.0 Ok: queued")


def test_who_cannot_be_kept_is_asked_to_come_again(ear: Ear) -> None:
    ear.failing = True
    envelope = "MAIL FROM:<>", "RCPT TO:<a@you.example>", "DATA", "Text\r\n."
    with Client(ear) as client:
        assert client.say("EHLO x", *envelope) == "451 4.3.0 Error: queue file write error"
        ear.failing = False
        assert client.say(*envelope).startswith("250 ")
    assert len(ear.hits) == 1


def test_starttls_is_ordinary_and_shows_in_the_hit(
    certified: smtp.Settings, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    context = ssl.create_default_context(cafile=str(certified.certificate))
    with heard(smtp, certified, loop=loop) as ear:
        with smtplib.SMTP("127.0.0.1", ear.ports["smtp"], local_hostname="a.example") as client:
            client._host = HOST  # type: ignore[attr-defined]  # what its certificate is held against
            assert client.ehlo()[1].decode().split("\n")[1:] == [*WORDS[:4], "STARTTLS", *WORDS[4:]]
            client.starttls(context=context)
            assert client.ehlo()[1].decode().split("\n")[1:] == WORDS
            assert client.docmd("STARTTLS") == (554, b"5.5.1 Error: TLS already active")
            client.send_message(message(Subject="x"), "a@b.example", ["m.keller@you.example"])
            client.send_message(message(Subject="y"), "a@b.example", ["m.keller@you.example"])
        first, second = ear.hits
        labels = [label.partition("-")[0] for label, _ in first.facts]
        assert [label for label in dict.fromkeys(labels) if label in ("helo", "tls")] == ["helo", "tls"]
        assert labels.count("helo") == 2
        assert labels.index("mail") > len(labels) - labels[::-1].index("helo") - 1 > labels.index("tls")
        assert facts(first, "tls") == [b"TLSv1.3"]
        assert facts(first, "tls-name") == [HOST.encode()]
        assert facts(second, "header")[0] == b"Subject: y"


def test_what_is_sent_ahead_of_the_handshake_is_not_taken_for_the_clients(
    certified: smtp.Settings, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    context = ssl.create_default_context(cafile=str(certified.certificate))
    with heard(smtp, certified, loop=loop) as ear, Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>")
        client.socket.sendall(b"STARTTLS\r\nRCPT TO:<injected@you.example>\r\n")
        assert client.answer() == "220 2.0.0 Ready to start TLS"
        with context.wrap_socket(client.socket, server_hostname=HOST) as secure:
            secure.sendall(b"RCPT TO:<own@you.example>\r\nQUIT\r\n")
            assert secure.makefile("rb").readline() == b"503 5.5.1 Error: need MAIL command\r\n"
        assert [hit.names for hit in ear.wait(1)] == [("own@you.example",)]


def test_a_handshake_that_fails_ends_its_connection_alone(
    certified: smtp.Settings,
    loop: Callable[[], asyncio.AbstractEventLoop],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with heard(smtp, certified, loop=loop) as ear:
        with Client(ear) as client:
            client.say("EHLO x", "VRFY seen@you.example", "STARTTLS")
            client.socket.sendall(b"this is no handshake\r\n" * 10)
            while client.answer():
                pass
        assert [hit.names for hit in ear.wait(1)] == [("seen@you.example",)]
        with Client(ear) as client:
            assert client.say("EHLO x").startswith("250")
    assert not caplog.records


@pytest.mark.parametrize(
    "left",
    [
        ["QUIT"],
        ["RSET", "QUIT"],
        ["EHLO again", "QUIT"],
        ["RSET", "MAIL FROM:<>", "RCPT TO:<B@you.example>", "QUIT"],
        [],
    ],
)
def test_who_only_asks_for_a_recipient_is_heard_once_when_leaving(ear: Ear, left: list[str]) -> None:
    with Client(ear) as client:
        client.say("EHLO probe.example", "MAIL FROM:<x@y.example> SIZE=7", "RCPT TO:<A@you.example>")
        assert client.say("RCPT TO:<b@elsewhere.example>") == (
            "554 5.7.1 <b@elsewhere.example>: Relay access denied"
        )
        assert client.say("VRFY C@you.example") == "252 2.0.0 C@you.example"
        assert client.say("VRFY d@elsewhere.example").startswith("554 5.7.1")
        assert not ear.hits
        client.say(*left)
    (hit,) = ear.wait(1)
    wanted = {"a@you.example", "b@elsewhere.example", "c@you.example", "d@elsewhere.example"}
    assert set(hit.names) == wanted | ({"b@you.example"} if len(left) == 4 else set())
    assert facts(hit, "mail-from")[0] == b"<x@y.example> SIZE=7"
    assert facts(hit, "rcpt-to")[0] == b"<A@you.example>"
    assert facts(hit, "rcpt-refused") == [b"<b@elsewhere.example>"]
    assert facts(hit, "vrfy") == [b"C@you.example", b"d@elsewhere.example"]
    assert not facts(hit, "mail-size")


def test_a_mail_and_what_else_was_asked_are_told_apart(ear: Ear) -> None:
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<asked@you.example>", "RSET")
        client.say("MAIL FROM:<>", "RCPT TO:<sent@you.example>", "DATA", "Text\r\n.", "QUIT")
    assert [hit.names for hit in ear.wait(2)] == [("sent@you.example",), ("asked@you.example",)]


def test_who_names_nobody_is_no_hit(ear: Ear) -> None:
    with Client(ear) as client:
        client.say("EHLO x", "NOOP", "MAIL FROM:<a@b.example>", "RCPT TO:", "QUIT")
    with Client(ear) as client:
        client.say("HELO x")
    time.sleep(0.1)
    assert not ear.hits


def test_recipients_in_masses_are_all_heard(ear: Ear) -> None:
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>")
        replies = [client.say(f"RCPT TO:<n{number}@you.example>") for number in range(1010)]
        assert replies[-1] == "452 4.5.3 Error: too many recipients"
        assert client.say("DATA", "Text\r\n.").startswith("250")
    assert len(ear.wait(2)) == 2
    assert {name for hit in ear.hits for name in hit.names} == {f"n{n}@you.example" for n in range(1010)}


def test_probes_in_masses_are_heard_before_they_fill_the_memory(ear: Ear) -> None:
    with Client(ear) as client:
        for number in range(2500):
            client.say(f"VRFY n{number}@you.example")
        assert len(ear.wait(2)) == 2
    assert len(ear.wait(3)) == 3
    assert {name for hit in ear.hits for name in hit.names} == {f"n{n}@you.example" for n in range(2500)}


def test_a_mail_that_breaks_off_is_heard_as_far_as_it_came(ear: Ear) -> None:
    for ending in ("close", "reset"):
        with Client(ear) as client:
            client.say("EHLO x", "MAIL FROM:<>", f"RCPT TO:<{ending}@you.example>", "DATA")
            client.socket.sendall(b"Subject: cut\r\n\r\nThe beginning" + b"." * 5000)
            time.sleep(0.2)
            if ending == "reset":
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert [hit.names for hit in ear.wait(2)] == [("close@you.example",), ("reset@you.example",)]
    for hit in ear.hits:
        assert facts(hit, "unfinished") == [b""]
        assert facts(hit, "header") == [b"Subject: cut"]
        assert facts(hit, "body") == [b"The beginning" + b"." * 5000]
        assert not facts(hit, "answer")


def test_a_mail_too_large_is_refused_and_heard(ear: Ear) -> None:
    line = b"0123456789" * 7 + b"\r\n"
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<> SIZE=30000000", "RCPT TO:<a@you.example>", "DATA")
        client.socket.sendall(line * (22 << 20 >> 6))
        assert client.say(".") == "552 5.3.4 Error: message file too big"
        assert client.say("NOOP") == "250 2.0.0 Ok"
    (hit,) = ear.hits
    assert hit.names == ("a@you.example",)
    assert facts(hit, "mail-size") == [b"%d" % (len(line) * (22 << 20 >> 6))]
    assert sum(len(value) for _, value in hit.facts) < 300_000


CONVERSATION = [
    ("HELO", "501 Syntax: HELO hostname"),
    ("EHLO", "501 Syntax: EHLO hostname"),
    ("HELO x", f"250 {HOST}"),
    ("EHLO x", "|".join([f"250-{HOST}", *[f"250-{word}" for word in WORDS[:-1]], f"250 {WORDS[-1]}"])),
    ("RCPT TO:<a@you.example>", "503 5.5.1 Error: need MAIL command"),
    ("DATA", "503 5.5.1 Error: need RCPT command"),
    ("MAIL a@b", "501 5.5.4 Syntax: MAIL FROM:<address>"),
    ("MAIL FROM:<a@", "501 5.1.7 Bad sender address syntax"),
    ("MAIL FROM:<a@b.example> FOO=1", "555 5.5.4 Unsupported option: FOO=1"),
    ("mail from:<A@b.example> ret=HDRS envid=7", "250 2.1.0 Ok"),
    ("MAIL FROM:<a@b.example>", "503 5.5.1 Error: nested MAIL command"),
    ("RCPT a@you.example", "501 5.5.4 Syntax: RCPT TO:<address>"),
    ("RCPT TO:<>", "501 5.1.3 Bad recipient address syntax"),
    ("RCPT TO:<a@b@c", "501 5.1.3 Bad recipient address syntax"),
    ("RCPT TO:<a@b.example>", "554 5.7.1 <a@b.example>: Relay access denied"),
    ("DATA", "554 5.5.1 Error: no valid recipients"),
    ("RCPT TO:<a@you.example> FOO", "555 5.5.4 Unsupported option: FOO"),
    ("RCPT TO:<a@you.example> NOTIFY=NEVER ORCPT=rfc822;a@you.example", "250 2.1.5 Ok"),
    ("RCPT TO: a@SALES.example", "250 2.1.5 Ok"),
    ("RCPT TO:<a@You.Example.>", "250 2.1.5 Ok"),
    ("RCPT TO:<postmaster>", "250 2.1.5 Ok"),
    ("DATA now", "501 5.5.4 Syntax: DATA"),
    ("RSET", "250 2.0.0 Ok"),
    ("NOOP x", "250 2.0.0 Ok"),
    ("VRFY <A@you.example>", "252 2.0.0 <A@you.example>"),
    ("VRFY", "501 5.5.4 Syntax: VRFY address [SMTPUTF8]"),
    ("ETRN b.example", "459 <b.example>: service unavailable"),
    ("AUTH PLAIN", "503 5.5.1 Error: authentication not enabled"),
    ("STARTTLS", "502 5.5.1 Error: command not implemented"),
]
OTHERS = [
    ("EXPN staff", "500 5.5.2 Error: command not recognized"),
    ("HELP", "500 5.5.2 Error: command not recognized"),
    ("XYZZY", "500 5.5.2 Error: command not recognized"),
    ("", "500 5.5.2 Error: bad syntax"),
    ("\N{SNOWMAN}", "500 5.5.2 Error: bad syntax"),
    ("NOOP " + "x" * 5000, "500 5.5.2 Error: line too long"),
    ("QUIT now", "221 2.0.0 Bye"),
    ("NOOP", ""),
]


@pytest.mark.parametrize("conversation", [CONVERSATION, OTHERS], ids=["mail", "others"])
def test_it_speaks_as_an_ordinary_mta_does(ear: Ear, conversation: list[tuple[str, str]]) -> None:
    with Client(ear) as client:
        assert client.banner == f"220 {HOST} ESMTP Postfix"
        spoken = [(command, client.say(command)) for command, _ in conversation]
    assert spoken == conversation
    assert not any(word in str(spoken) for word in ("Python", "aiosmtpd"))


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("GET / HTTP/1.1", "221 2.7.0 Error: I can break rules, too. Goodbye."),
        ("1234", "221 2.7.0 Error: I can break rules, too. Goodbye."),
        ("BDAT 3", "521 5.5.1 Error: command not implemented"),
    ],
)
def test_who_speaks_something_else_is_shown_the_door(ear: Ear, said: str, reply: str) -> None:
    with Client(ear) as client:
        assert client.say(said) == reply
        assert client.answer() == ""


def test_who_only_makes_errors_is_sent_away(ear: Ear) -> None:
    with Client(ear) as client:
        client.socket.sendall(b"XYZZY\r\n" * 1000)
        replies = [client.answer() for _ in range(22)]
    assert replies[19:] == [
        "500 5.5.2 Error: command not recognized",
        f"421 4.7.0 {HOST} Error: too many errors",
        "",
    ]


def test_all_said_at_once_is_answered_in_order(ear: Ear) -> None:
    with Client(ear) as client:
        client.socket.sendall(
            b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@you.example>\r\nDATA\r\n.\r\n"
            b"VRFY b@you.example\r\nNOOP\r\n"
        )
        client.socket.shutdown(socket.SHUT_WR)
        codes = [client.answer()[:3] for _ in range(8)]
    assert codes == ["250", "250", "250", "354", "250", "252", "250", ""]
    assert [hit.names for hit in ear.wait(2)] == [("a@you.example",), ("b@you.example",)]
    assert facts(ear.hits[0], "mail-size") == [b"0"]


def test_bytes_that_are_no_text_are_kept_as_they_came(ear: Ear) -> None:
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>")
        assert client.say(b"RCPT TO:<caf\xe9@you.example>") == "250 2.1.5 Ok"
        assert client.say(b"RCPT TO:<\xff@b.example>").startswith("554 5.7.1 <?@b.example>: Relay")
    (hit,) = ear.wait(1)
    assert facts(hit, "rcpt-to") == [b"<caf\xe9@you.example>"]
    assert facts(hit, "rcpt-refused") == [b"<\xff@b.example>"]
    assert hit.names[0].encode()


def test_an_address_that_cannot_be_read_is_heard_as_it_was_written(ear: Ear) -> None:
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>")
        assert client.say("RCPT TO:<A@you..example>") == "501 5.1.3 Bad recipient address syntax"
        assert client.say("RCPT TO:<b@you.example") == "501 5.1.3 Bad recipient address syntax"
        client.say("VRFY <C@you.example")
    (hit,) = ear.wait(1)
    assert set(hit.names) == {"a@you..example", "b@you.example", "c@you.example"}


@pytest.mark.parametrize(
    "path", ['"' * 2000, "<(" + "a(" * 900, "<" + '"a"' * 600 + "@b>", "a." * 900 + "@b"]
)
def test_an_address_made_to_cost_time_costs_none(ear: Ear, path: str) -> None:
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>")
        began = time.monotonic()
        replies = {client.say(f"VRFY {path}"[:2000]) for _ in range(10)}
        assert time.monotonic() - began < 10
    assert replies == {"501 5.1.3 Bad recipient address syntax"}


def test_a_short_address_may_have_long_parameters(ear: Ear) -> None:
    with Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<> ENVID=" + "x" * 100)
        assert client.say("RCPT TO:<a@you.example> ORCPT=rfc822;" + "x" * 500) == "250 2.1.5 Ok"


def test_slow_clients_are_told_and_closed() -> None:
    settings = smtp.Settings(listen=("127.0.0.1:0",), host=HOST, domains=("you.example",), timeout=0.5)
    with heard(smtp, settings) as ear, Client(ear) as silent, Client(ear) as slow:
        slow.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<a@you.example>", "DATA")
        for _ in range(8):
            time.sleep(0.1)
            try:
                slow.socket.sendall(b"x")
            except OSError:
                break
        for client in (silent, slow):
            assert client.answer() == f"421 4.4.2 {HOST} Error: timeout exceeded"
            assert client.answer() == ""
        assert [hit.names for hit in ear.wait(1)] == [("a@you.example",)]


@pytest.mark.slow
def test_who_does_not_read_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.listeners._smtp_session._FAREWELL", 0.2)
    settings = smtp.Settings(listen=("127.0.0.1:0",), host=HOST, domains=("you.example",), timeout=0.5)
    with heard(smtp, settings) as ear, Client(ear) as client:
        client.say("EHLO x", "VRFY a@you.example")
        client.socket.settimeout(0.2)
        with pytest.raises(OSError):
            while True:
                client.socket.sendall(b"EHLO x\r\n" * 5000)
        assert [hit.names for hit in ear.wait(1)] == [("a@you.example",)]


def test_who_keeps_talking_is_heard_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.listeners._smtp_session.LONGEST", 0.6)
    with heard(smtp, SETTINGS) as ear, Client(ear) as client:
        client.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<a@you.example>")
        reply = ""
        for _ in range(100):
            if not (reply := client.say("NOOP")).startswith("250"):
                break
            time.sleep(0.02)
        assert reply == f"421 4.4.2 {HOST} Error: timeout exceeded"
        assert [hit.names for hit in ear.wait(1)] == [("a@you.example",)]


def test_who_says_much_at_once_does_not_keep_others_waiting() -> None:
    async def play() -> None:
        listening = await smtp.listen(SETTINGS, lambda hit: asyncio.Future(), lambda: 1)
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.ports["smtp"])
        writer.write(b"NOOP\r\n" * 3000)
        turns, loop = 0, asyncio.get_running_loop()

        def turn() -> None:
            nonlocal turns
            turns += 1
            loop.call_soon(turn)

        turn()
        await reader.readuntil(b"250 2.0.0 Ok\r\n")
        turns = 0
        for _ in range(2999):
            await reader.readuntil(b"250 2.0.0 Ok\r\n")
        assert turns > 2000
        writer.close()
        await listening.close()

    asyncio.run(play())


def test_one_network_cannot_keep_others_out() -> None:
    settings = smtp.Settings(listen=("127.0.0.1:0",), host=HOST, domains=("you.example",), of_network=4)
    with heard(smtp, settings) as ear:
        clients = [Client(ear) for _ in range(20)]
        try:
            assert clients[-1].say("NOOP") == "250 2.0.0 Ok"
            assert [client.answer() for client in clients[:16]] == [""] * 16
        finally:
            for client in clients:
                client.__exit__()


def test_closing_says_good_bye_and_hears_who_was_there() -> None:
    with heard(smtp, SETTINGS) as ear:
        client = Client(ear)
        client.say("EHLO x", "VRFY a@you.example")
    with client:
        assert client.answer() == f"421 4.3.2 {HOST} Service shutting down"
    assert [hit.names for hit in ear.hits] == [("a@you.example",)]


def test_nothing_that_a_client_says_is_logged(ear: Ear, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Client(ear) as client:
        client.say(
            "EHLO x", "MAIL FROM:<secret@b.example>", "RCPT TO:<secret@you.example>", "XSECRET", "DATA"
        )
        client.say("secret\r\n.")
    assert "secret" not in caplog.text.lower()


def test_settings_that_cannot_work_are_refused_with_a_hint(tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    wrong: list[dict[str, Any]] = [
        {"domains": ()},
        {"host": ""},
        {"domains": ("not a domain",)},
        {"certificate": certificate},
        {"certificate": key, "key": certificate},
        {"listen": ("nowhere",)},
    ]
    for changed in wrong:
        given = {"listen": ("127.0.0.1:0",), "host": HOST, "domains": ("you.example",), **changed}
        with pytest.raises(UnusableInput) as refused, heard(smtp, smtp.Settings(**given)):
            pass
        assert refused.value.hint


@pytest.mark.system
@pytest.mark.parametrize("tls", [True, False])
def test_swaks_delivers(certified: smtp.Settings, tls: bool) -> None:
    needs("swaks")
    with heard(smtp, certified) as ear:
        command = ["swaks", "--server", f"127.0.0.1:{ear.ports['smtp']}", "--ehlo", "me.example",
                   "--from", "x@y.example", "--to", "M.Keller@you.example,b@you.example",
                   *(["--tls"] if tls else []), "--pipeline", "--attach", "@/dev/null"]  # fmt: skip
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "250 2.0.0 Ok: queued as" in shown
    (hit,) = ear.hits
    assert hit.names == ("m.keller@you.example", "b@you.example")
    assert bool(facts(hit, "tls")) == tls
    assert any(header.startswith(b"X-Mailer: swaks") for header in facts(hit, "header"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b"x" * 76 + b"\r\n", b"y" * 64, b"\r\n", b"\r\n.x"], ids=["lines", "one", "empty", "dots"]
)
def test_a_mail_of_a_gigabyte_takes_no_memory(piece: bytes) -> None:
    """The listener is in a process of its own, whose greatest memory is asked for at the end."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import resource\n"
        "from hearing import facts, heard\n"
        "from trapstreet.plugins.listeners import smtp\n"
        "settings = smtp.Settings(listen=('127.0.0.1:0',), host='m.you.example', domains=('you.example',))\n"
        "with heard(smtp, settings) as ear:\n"
        "    print(ear.ports['smtp'], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)\n"
        "    sys.stdin.readline()\n"
        "(hit,) = ear.hits\n"
        "print(int(facts(hit, 'mail-size')[0]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    tests = str(Path(__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", program, tests], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        port, before = map(int, server.stdout.readline().split())
        found = Ear.__new__(Ear)
        found.ports = {"smtp": port}
        block = piece * ((1 << 20) // len(piece))
        with Client(found) as client:
            client.socket.settimeout(300)
            client.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<a@you.example>", "DATA")
            for _ in range(1024):
                client.socket.sendall(block)
            assert client.say("\r\n.").startswith("552")
        server.stdin.write("\n")
        server.stdin.close()
        size, after = map(int, server.stdout.readline().split())
    assert size > 500 << 20
    assert after - before < 32 << 10, "KiB"
