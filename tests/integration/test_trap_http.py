"""The web server of the trap: what it keeps of a request, what it answers, and what it bears."""

import asyncio
import contextlib
import http.client
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import uvloop
from cryptography import x509

from traps import certificate
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.hit import Hit
from trapstreet.plugins.listeners import http as web

AT = 1_800_000_000_000_000
LOCAL = "127.0.0.1:0"


class Ear:
    """Keeps hits in memory, at once unless it is told to wait or to fail."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.fails = self.waits = False

    def __call__(self, hit: Hit) -> "asyncio.Future[None]":
        done = asyncio.get_running_loop().create_future()
        self.hits.append(hit)
        if self.waits:
            self.waiting.append(done)
        elif self.fails:
            done.set_exception(OSError("full"))
        else:
            done.set_result(None)
        return done

    @property
    def names(self) -> list[str]:
        return [name for hit in self.hits for name in hit.names]


Story = Callable[[web.Web, Ear], Awaitable[None]]


def served(
    story: Story, *, loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop, **settings: object
) -> Ear:
    """Tell a story to a server on loopback; what it heard."""
    ear = Ear()

    async def play() -> None:
        given = web.Settings(**({"listen": (LOCAL,)} | settings))  # type: ignore[arg-type]
        opened = await web.listen(given, ear, lambda: AT)
        try:
            await story(opened, ear)
        finally:
            await opened.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())
    return ear


async def said(opened: web.Web, request: bytes, *, port: str = "http") -> bytes:
    """All that the server answers to the bytes until it closes, or has been silent for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", opened.ports[port])
    writer.write(request)
    answer = b""
    try:
        while more := await asyncio.wait_for(reader.read(1 << 16), 0.3):
            answer += more
    except TimeoutError:
        pass
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    return answer


def answers(*requests: bytes, **settings: object) -> tuple[list[bytes], Ear]:
    """The answers to requests on connections of their own, and what was heard."""
    heard = list[bytes]()

    async def story(opened: web.Web, ear: Ear) -> None:
        for request in requests:
            heard.append(await said(opened, request))

    return heard, served(story, **settings)


def facts(hit: Hit, label: str) -> list[bytes]:
    return [value for own, value in hit.facts if own == label]


def get(path: str, *lines: str, version: str = "1.1") -> bytes:
    head = "".join(f"{line}\r\n" for line in ("Host: www.you.example", *lines))
    return f"GET {path} HTTP/{version}\r\n{head}\r\n".encode()


def test_everything_that_a_request_shows_is_kept_in_its_order() -> None:
    body = b"username=m.keller&password=x"
    request = (
        b"POST /d/aB-9%%7e/view?x=1 HTTP/1.1\r\nhOsT: WWW.You.example:8080\r\nUser-Agent: curl/8\r\n"
        b"X-A: 1\r\nx-a: 2\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    _, ear = answers(request)
    (hit,) = ear.hits
    assert (hit.channel, hit.at, hit.address, hit.names) == (
        "http", AT, "127.0.0.1", ("www.you.example/d/aB-9~/view", "www.you.example/d/aB-9~/view?x=1"),
    )  # fmt: skip
    assert hit.port > 0
    assert facts(hit, "method") == [b"POST"]
    assert facts(hit, "target") == [b"/d/aB-9%7e/view?x=1"]
    assert facts(hit, "version") == [b"1.1"]
    assert facts(hit, "header") == [
        b"hOsT: WWW.You.example:8080", b"User-Agent: curl/8", b"X-A: 1", b"x-a: 2", b"Content-Length: 28",
    ]  # fmt: skip
    assert facts(hit, "body") == [body]


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (get("/a/b.png#f"), "www.you.example/a/b.png"),
        (b"GET http://Other.example:81/x HTTP/1.1\r\nHost: www.you.example\r\n\r\n", "other.example/x"),
        (b"GET /x HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n", "[2001:db8::1]/x"),
        (b"GET /x HTTP/1.1\r\nHost: www.you.example.\r\n\r\n", "www.you.example/x"),
        (b"GET /x HTTP/1.0\r\n\r\n", "/x"),
        (b"GET /%ff%2e HTTP/1.1\r\nHost: a\r\n\r\n", "a/\ufffd."),
        (b"PROPFIND /s/ HTTP/1.1\r\nHost: a\r\n\r\n", "a/s/"),
    ],
)
def test_names_are_spelled_as_tokens_are(request_: bytes, name: str) -> None:
    assert answers(request_)[1].names == [name]


def test_a_link_is_known_by_its_query_too() -> None:
    """Links that differ in nothing else: /unsubscribe?t=TOKEN."""
    (hit,) = answers(get("/u?t=A%20b#f"))[1].hits
    assert hit.names == ("www.you.example/u", "www.you.example/u?t=A%20b")


def test_known_and_unknown_paths_look_alike_and_nothing_is_reflected() -> None:
    heard, _ = answers(get("/d/known"), get("/d/unknown?<b>", "X-Echo: <i>"))
    assert heard[0] == heard[1]
    assert b"unknown" not in heard[1] and b"<i>" not in heard[1]


def test_answers_look_like_nginx() -> None:
    (answer,), _ = answers(get("/"))
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "Server", "Date", "Content-Type", "Content-Length", "Connection",
    ]  # fmt: skip
    assert lines[1] == "Server: nginx"
    assert parsedate_to_datetime(lines[2][6:]).timestamp() == AT // 1_000_000
    assert int(lines[4].split()[1]) == len(body)
    assert b'type="password"' in body


@pytest.mark.parametrize(
    ("path", "kind", "begins"),
    [
        ("/a.png", "image/png", b"\x89PNG"),
        ("/a.GIF", "image/gif", b"GIF8"),
        ("/a.jpg", "image/jpeg", b"\xff\xd8\xff"),
        ("/favicon.ico", "image/x-icon", b"\0\0\1\0"),
        ("/a.svg?x", "image/svg+xml", b"<svg"),
        ("/a.css", "text/css", b"body"),
        ("/robots.txt", "text/plain", b"User-agent: *\nDisallow: /\n"),
        ("/offer.pdf", "text/html; charset=utf-8", b"<!DOCTYPE"),
    ],
)
def test_suffixes_get_what_they_promise(path: str, kind: str, begins: bytes) -> None:
    (answer,), _ = answers(get(path))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"\r\nContent-Type: {kind}\r\n".encode() in head
    assert body.startswith(begins)


@pytest.mark.parametrize(
    ("request_", "status", "closes"),
    [
        (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"200 OK", False),
        (get("/", version="1.0"), b"200 OK", True),
        (get("/", "Connection: close"), b"200 OK", True),
        (b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", b"405 Not Allowed", False),
        (b"GET / HTTP/1.1\r\n\r\n", b"400 Bad Request", True),
        (b"nonsense\r\n\r\n", b"400 Bad Request", True),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400 Bad Request", True),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400 Bad Request", True),
        (get("/" + "a" * 20_000), b"414 Request-URI Too Large", True),
        (get("/", "Cookie: " + "a" * 40_000), b"400 Request Header Or Cookie Too Large", True),
        (get("/", *[f"X-{n}: {n}" for n in range(200)]), b"400 Request Header Or Cookie Too Large", True),
        (get("/", "X: " + "a" * 300_000).removesuffix(b"\r\n\r\n"), b"400", True),
        (get("/", "Content-Length: 2000000"), b"413 Request Entity Too Large", True),
        (get("/", "Upgrade: websocket", "Connection: upgrade"), b"200 OK", True),
    ],
)
def test_unusual_requests_get_ordinary_answers_and_are_kept(
    request_: bytes, status: bytes, closes: bool
) -> None:
    (answer,), ear = answers(request_)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status.split(b" Header Or")[0][:3])
    assert status in answer
    assert (b"Connection: close" in head) == closes
    assert len(ear.hits) == 1
    assert (body == b"") == request_.startswith(b"HEAD")


def test_a_request_that_cannot_be_parsed_is_kept_as_it_was() -> None:
    _, ear = answers(b"\x16\x03\x01\x02\x00")
    (hit,) = ear.hits
    assert hit.names == ()
    assert facts(hit, "malformed") == [b"\x16\x03\x01\x02\x00"]


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /d/half HTTP/1.1\r\nHost: a\r\nCook",
        b"POST /d/half HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nuser",
        b"POST /d/half HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_a_request_that_is_never_finished_or_breaks_is_kept_with_its_name(begun: bytes) -> None:
    _, ear = answers(begun)
    (hit,) = ear.hits
    assert hit.names == ("a/d/half",)
    assert facts(hit, "header")[0] == b"Host: a"
    assert facts(hit, "unfinished") or facts(hit, "malformed")


def test_a_client_that_sends_no_more_is_answered() -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        ear.waits = True
        reader, writer = await asyncio.open_connection("127.0.0.1", opened.ports["http"])
        writer.write(get("/d/last"))
        writer.write_eof()
        while not ear.waiting:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        ear.waiting[0].set_result(None)
        assert b"200 OK" in await reader.read()
        writer.close()

    served(story)


def test_a_client_that_says_it_is_the_last_gets_one_answer() -> None:
    (answer,), ear = answers(get("/d/one", "Connection: close") + get("/d/two"))
    assert answer.count(b"Server: nginx") == 1
    assert ear.names == ["www.you.example/d/one"]


def test_a_large_body_is_kept_to_a_cap_with_its_size_and_digest() -> None:
    from hashlib import sha256

    body = bytes(range(256)) * 1000
    request = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    (answer,), ear = answers(request + body)
    assert answer.startswith(b"HTTP/1.1 200")
    (hit,) = ear.hits
    assert facts(hit, "body") == [body[: web.KEPT_BODY]]
    assert facts(hit, "body-size") == [b"256000"]
    assert facts(hit, "body-sha256") == [sha256(body).digest()]


def test_an_endless_body_is_cut_off() -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        request = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + 40 * chunk
        assert b"413 Request Entity Too Large" in await said(opened, request)

    ear = served(story)
    assert ear.names == ["a/x"]


def test_a_client_that_asks_before_it_sends_is_told_to_go_on() -> None:
    request = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    (answer,), _ = answers(request)
    assert answer == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_requests_on_one_connection_are_answered_in_their_order_each_when_it_is_kept() -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        ear.waits = True
        reader, writer = await asyncio.open_connection("127.0.0.1", opened.ports["http"])
        writer.write(get("/a.png") + get("/b.gif") + get("/c.svg"))
        while len(ear.waiting) < 3:
            await asyncio.sleep(0.01)
        ear.waiting[2].set_result(None)
        ear.waiting[1].set_result(None)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        ear.waiting[0].set_result(None)
        answer = b""
        while b"<svg" not in answer:
            answer += await reader.read(1 << 16)
        assert answer.index(b"\x89PNG") < answer.index(b"GIF8") < answer.index(b"<svg")
        writer.close()

    served(story)


def test_a_client_is_asked_to_come_again_if_its_hit_cannot_be_kept() -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        ear.fails = True
        assert b"503 Service Temporarily Unavailable" in await said(opened, get("/"))
        ear.fails = False
        assert b"200 OK" in await said(opened, get("/"))

    served(story)


FORWARDED = "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 127.0.0.3"


def test_who_is_behind_a_configured_proxy_is_who_connected() -> None:
    _, ear = answers(get("/", FORWARDED), get("/", "X-Forwarded-For: nonsense"), proxies=("127.0.0.0/8",))
    assert (ear.hits[0].address, ear.hits[0].port) == ("198.51.100.7", 0)
    assert facts(ear.hits[0], "proxy")[0].startswith(b"127.0.0.1 ")
    assert ear.hits[1].address == "127.0.0.1"


def test_a_forged_proxy_header_changes_nothing() -> None:
    _, ear = answers(get("/", FORWARDED))
    assert ear.hits[0].address == "127.0.0.1"
    assert FORWARDED.encode() in facts(ear.hits[0], "header")


def test_pages_of_the_owner_take_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "index.html").write_text("<h1>Harbour</h1>")
    (tmp_path / "img" / "logo.png").write_bytes(b"\x89PNG own")
    heard, _ = answers(get("/"), get("/img/logo.png"), get("/img/../../etc/passwd"), site=tmp_path)
    assert heard[0].endswith(b"<h1>Harbour</h1>")
    assert heard[1].endswith(b"\x89PNG own")
    assert heard[2].endswith(b"<h1>Harbour</h1>")


def test_slow_clients_keep_nobody_out_and_are_ended() -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        slow = [await asyncio.open_connection("127.0.0.1", opened.ports["http"]) for _ in range(30)]
        for _, writer in slow:
            writer.write(b"GET / HTTP/1.1\r\nHost:")
        await asyncio.sleep(0.05)
        assert len(opened.connections) == 20
        assert b"200 OK" in await said(opened, get("/d/quick"))
        opened.connections.end_silent(0)
        for reader, writer in slow:
            assert await reader.read() == b""
            writer.close()

    ear = served(story, of_network=20)
    assert ear.names.count("www.you.example/d/quick") == 1
    assert ear.names.count("/") >= 20, "what they had said is kept"


@pytest.mark.slow
def test_a_client_that_reads_nothing_cannot_fill_the_memory() -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", opened.ports["http"])
        request = 1000 * get("/x")
        for _ in range(200):
            writer.write(request)
        seen = -1
        while len(ear.hits) != seen:
            seen = len(ear.hits)
            await asyncio.sleep(0.7)
        assert 0 < seen < 100_000
        writer.transport.abort()

    served(story)


def test_what_is_asked_ahead_is_all_heard_and_answered_in_its_order() -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", opened.ports["http"])
        writer.write(b"".join(get(f"/d/{number}/{'x' * 60}") for number in range(3000)))
        for _ in range(3000):
            assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 200 OK\r\n"
            await reader.readuntil(b"</html>\n")
        writer.close()

    ear = served(story)
    assert [int(name.split("/")[2]) for name in ear.names] == list(range(3000))


@pytest.mark.slow
@pytest.mark.parametrize("leaves", [True, False])
def test_what_was_asked_ahead_by_who_takes_no_answers_is_heard_when_it_ends(leaves: bool) -> None:
    """The client breaks off, or the trap is stopped."""

    async def story(opened: web.Web, ear: Ear) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", opened.ports["http"])
        ear.waits = True
        writer.write(b"".join(get(f"/d/{number}") for number in range(1000)))
        while not ear.hits:
            await asyncio.sleep(0.01)
        assert len(ear.hits) < 500
        ear.waits = False
        if leaves:
            writer.transport.abort()
        else:
            (talk,) = opened.talking
            talk.finish()
        while opened.talking and leaves:
            await asyncio.sleep(0.01)
        for one in ear.waiting:
            one.set_result(None)
        writer.close()

    # Nothing is read from it any more, so that its end is seen when it was silent for too long.
    ear = served(story, timeout=2.0 if leaves else 60.0)
    assert [name.rpartition("/")[2] for name in ear.names] == [str(number) for number in range(1000)]


@pytest.mark.parametrize("behind", [b"0\r\nX: ", b"0\r\n" + 2000 * b"X: y\r\n" + b"X: ", b"1;"])
def test_what_follows_a_body_without_end_is_cut_off(behind: bytes) -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", opened.ports["http"])
        writer.write(
            b"POST /d/t HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + behind
        )
        for _ in range(40):
            writer.write(bytes(4096 * b"a"))
            await asyncio.sleep(0.002)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.transport.abort()

    assert served(story).names == ["h/d/t"]


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def secure_get(port: int, path: str) -> bytes:
    connection = http.client.HTTPSConnection("localhost", port, context=trusting(), timeout=10)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body


def test_what_a_tls_handshake_shows_is_kept(tmp_path: Path) -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        assert b"password" in await asyncio.to_thread(secure_get, opened.ports["https"], "/d/tls")

    ear = served(story, tls=(LOCAL,), **certificate(tmp_path))
    (hit,) = ear.hits
    assert hit.names == ("localhost/d/tls",)
    assert facts(hit, "tls") == [b"TLSv1.3"]
    assert facts(hit, "tls-cipher")[0].startswith(b"TLS_")
    assert facts(hit, "tls-name") == [b"localhost"]
    (hello,) = facts(hit, "tls-hello")
    assert hello[0] == 1 and int.from_bytes(hello[1:4], "big") == len(hello) - 4
    assert b"localhost" in hello


def test_a_handshake_that_came_with_its_connection_is_answered(tmp_path: Path) -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        come, gone = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trusting().wrap_bio(come, gone, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        # Nothing is awaited here: when the server takes the connection, the hello is there.
        with socket.create_connection(("127.0.0.1", opened.ports["https"])) as client:
            client.sendall(gone.read())
            client.setblocking(False)
            async with asyncio.timeout(5):
                come.write(await asyncio.get_running_loop().sock_recv(client, 1 << 16))
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        assert tls.version() == "TLSv1.3"

    served(story, tls=(LOCAL,), **certificate(tmp_path))


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_who_does_not_take_the_certificate_has_used_the_name(
    tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    def refused(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as client, pytest.raises(ssl.SSLError):
            ssl.create_default_context().wrap_socket(client, server_hostname="www.Decoy.example")

    async def story(opened: web.Web, ear: Ear) -> None:
        await asyncio.to_thread(refused, opened.ports["https"])
        async with asyncio.timeout(5):
            while not ear.hits:
                await asyncio.sleep(0.01)
        assert len(opened.connections) == 0

    ear = served(story, loop=loop, tls=(LOCAL,), **certificate(tmp_path))
    (hit,) = ear.hits
    assert (hit.channel, hit.address, hit.names) == ("http", "127.0.0.1", ("www.decoy.example/",))
    assert b"ecoy.example" in facts(hit, "tls-hello")[0]
    assert facts(hit, "unfinished") == [b""]


def test_handshakes_that_never_end_are_bounded_and_a_plain_request_there_hurts_nobody(tmp_path: Path) -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        port = opened.ports["https"]
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
        await asyncio.sleep(0.1)
        assert len(opened.connections) == 10
        await said(opened, get("/"), port="https")
        assert b"password" in await asyncio.to_thread(secure_get, port, "/")
        for _, writer in idle:
            writer.close()

    served(story, tls=(LOCAL,), of_network=10, **certificate(tmp_path))


def test_who_loses_a_secure_place_cannot_hold_on_to_it(tmp_path: Path) -> None:
    """A client that does not answer TLS' good-bye has its connection all the same."""

    def silent(port: int) -> tuple[socket.socket, ssl.SSLObject]:
        client, come, gone = socket.create_connection(("127.0.0.1", port)), ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trusting().wrap_bio(come, gone, server_hostname="www.you.example")
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                client.sendall(gone.read())
                come.write(client.recv(1 << 16))
            else:
                client.sendall(gone.read())
                return client, tls

    def ended(client: socket.socket) -> bool:
        client.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            while client.recv(1 << 16):
                pass
        return True

    async def story(opened: web.Web, ear: Ear) -> None:
        client, _ = await asyncio.to_thread(silent, opened.ports["https"])
        while not opened.talking:
            await asyncio.sleep(0.01)
        opened.connections.end_silent(0)
        began = time.monotonic()
        assert await asyncio.to_thread(ended, client)
        assert time.monotonic() - began < 5
        client.close()

    served(story, tls=(LOCAL,), **certificate(tmp_path))


def test_a_renewed_certificate_is_used_and_a_broken_one_is_not(tmp_path: Path) -> None:
    def shown(port: int) -> str:
        pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=10)
        return x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()

    async def story(opened: web.Web, ear: Ear) -> None:
        port, held = opened.ports["https"], opened._certificate
        assert held is not None
        assert await asyncio.to_thread(shown, port) == "CN=www.you.example"
        certificate(tmp_path, name="new.you.example")
        held.renewed()
        assert await asyncio.to_thread(shown, port) == "CN=new.you.example"
        (tmp_path / "chain.pem").write_text("half writ")
        held.renewed()
        assert await asyncio.to_thread(shown, port) == "CN=new.you.example"

    served(story, tls=(LOCAL,), **certificate(tmp_path))


@pytest.mark.parametrize(
    ("settings", "said_"),
    [
        ({"listen": ("nowhere",)}, "is no address to listen at"),
        ({"tls": (LOCAL,)}, "needs a certificate"),
        ({"tls": (LOCAL,), "certificate": Path("/none"), "key": Path("/none")}, "/none"),
        ({"site": Path("/none")}, "/none"),
        ({"proxies": ("me",)}, "among proxies"),
        ({"listen": ("192.0.2.1:0",)}, "cannot listen at"),
    ],
)
def test_settings_that_do_not_do_are_named(settings: dict[str, object], said_: str) -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        raise AssertionError("it listens")

    with pytest.raises(UnusableInput, match=said_):
        served(story, **settings)


@pytest.mark.system
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is a Debian package")
def test_curl_signs_in_and_is_heard(tmp_path: Path) -> None:
    async def story(opened: web.Web, ear: Ear) -> None:
        for port, scheme in (("http", "http"), ("https", "https")):
            address = f"{scheme}://127.0.0.1:{opened.ports[port]}/portal/abc"
            command = ["curl", "-sk", "-d", "username=m", "-A", "", address, "--next", "-skI", address]
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
            assert b"password" in done.stdout and done.stdout.count(b"200 OK") == 1

    ear = served(story, tls=(LOCAL,), **certificate(tmp_path))
    assert ear.names == ["127.0.0.1/portal/abc"] * 4
    assert not any(line.lower().startswith(b"user-agent") for line in facts(ear.hits[0], "header"))
