"""Web servers that hang, lie, lead astray or never end: each is an error in bounded time, no more."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from hostile_web import HostileWeb, answer
from receivers import port, server_tls
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed, Later, web
from trapstreet.plugins.sources import _http as http
from trapstreet.plugins.sources import _http_network as network
from trapstreet.plugins.sources import _http_open as opening
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_open import opened
from trapstreet.plugins.sources._http_place import HttpPlace

SECRET = "s3cr3t-of-the-watcher"


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "SILENCE", 0.4)
    monkeypatch.setattr(network, "CONNECT", 0.4)
    monkeypatch.setattr(http, "PAUSE", 0.01)


def _drip(head: bytes) -> Callable[[socket.socket, str], None]:
    def speak(client: socket.socket, _: str) -> None:
        client.sendall(head)
        while True:
            client.sendall(b"x")
            time.sleep(0.05)

    return speak


def _repeat(head: bytes, block: bytes) -> Callable[[socket.socket, str], None]:
    def speak(client: socket.socket, _: str) -> None:
        client.sendall(head)
        while True:
            client.sendall(block)

    return speak


def _say(*blocks: bytes, stay: bool = False) -> Callable[[socket.socket, str], None]:
    def speak(client: socket.socket, _: str) -> None:
        for block in blocks:
            client.sendall(block)
        if stay:
            while client.recv(4096):
                pass
        client.shutdown(socket.SHUT_RDWR)

    return speak


HEADS = {
    "says nothing": _say(stay=True),
    "hangs up": _say(),
    "a byte now and then": _drip(b""),
    "a header now and then": _drip(b"HTTP/1.1 200 OK\r\nX: "),
    "headers without an end": _repeat(b"HTTP/1.1 200 OK\r\n", b"X-Bomb: " + b"x" * 8000 + b"\r\n"),
    "one header without an end": _repeat(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 8000),
    "informs for ever": _repeat(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "two lengths": _say(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\nabc", stay=True),
    "a negative length": _say(b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", stay=True),
    "no HTTP": _say(b"\x00\x01\x02 hello\r\n\r\n", stay=True),
    "a status of letters": _say(b"HTTP/1.1 abc OK\r\n\r\n", stay=True),
}


@pytest.mark.parametrize("how", HEADS)
def test_a_server_without_an_honest_head_is_unreachable_in_time(how: str) -> None:
    with _met(HEADS[how]) as (server, client):
        begun = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            client.get(f"{server.url}/a")
        assert time.monotonic() - begun < 5
        assert caught.value.hint


BODIES = {
    "fewer bytes than it says": _say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "stops in the middle": _say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", stay=True),
    "a byte now and then": _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
    "a chunk without its length": _say(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\nabc\r\n", stay=True
    ),
    "chunks that are all wrapping": _repeat(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 8000 + b"\r\na\r\n"
    ),
    "chunks without an end": _repeat(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"a" * 4096 + b"\r\n"
    ),
    "bytes without an end": _repeat(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65536),
}


@pytest.mark.parametrize("how", BODIES)
def test_a_body_that_ends_too_early_or_never_is_an_os_error_in_time(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MOST", 4 << 20)
    with _met(BODIES[how]) as (server, client):
        begun = time.monotonic()
        with pytest.raises(OSError) as caught, opened(client, f"{server.url}/a") as file:
            while file.read(1 << 16):
                pass
        assert time.monotonic() - begun < 5
        assert caught.value.strerror


def test_the_time_that_its_reader_takes_is_not_the_servers() -> None:
    def speak(client: socket.socket, _: str) -> None:
        client.sendall(answer(b"a" * 300_000))

    with _met(speak) as (server, client):
        with opened(client, f"{server.url}/a") as file:
            came = file.read(1000)
            time.sleep(0.6)
            while part := file.read(1 << 16):
                came += part
        assert len(came) == 300_000


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://2130706433/",
        "//192.168.0.1/a",
        "http://leads.into.the.house.example/",
    ],
)
def test_a_redirect_into_a_private_network_is_refused(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *others: Any, **named: Any) -> Any:
        if host.endswith(".example"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", port))]
        return real(host, port, *others, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with _met(_redirect(location)) as (server, client):
        with pytest.raises(UnusableInput, match=r"leads into a private network: set private = true"):
            client.get(f"{server.url}/a")
        assert len(server.asked) == 1


def test_a_host_of_the_internet_that_turns_into_a_private_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways = network.Ways({"paste.example"}, private=False)
    found = [["203.0.113.5"], ["93.184.216.34", "10.0.0.1"], ["169.254.169.254"]]
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, **_: [(2, 1, 6, "", (address, port)) for address in found.pop(0)],
    )
    until = time.monotonic() + 5
    assert ways.of("paste.example", 443, until=until) == ["203.0.113.5"]
    assert ways.of("paste.example", 443, until=until) == ["93.184.216.34"]
    with pytest.raises(UnusableInput, match="leads into a private network"):
        ways.of("paste.example", 443, until=until)


@pytest.mark.parametrize(
    "host", ["localhost", "intranet", "db.internal", "127.0.0.1", "::1", "2130706433", "nas.local"]
)
def test_a_proxy_is_not_asked_for_a_host_that_is_private_by_its_name(host: str) -> None:
    ways = network.Ways({"paste.example"}, private=False)
    assert ways.refuses_unseen(host)
    assert not ways.refuses_unseen("other.example")
    assert not network.Ways({host}, private=False).refuses_unseen(host)


def test_a_proxy_tunnels_tls_and_sees_no_credentials(tmp_path: Path) -> None:
    tls, seen = server_tls(tmp_path), list[bytes]()

    def speak(client: socket.socket) -> None:
        with tls.wrap_socket(client, server_side=True) as secured:
            seen.append(secured.recv(65536))
            secured.sendall(answer(b"behind the proxy"))

    def tunnel(client: socket.socket, path: str) -> None:
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        host, _, number = path.partition(":")
        with socket.create_connection((host, int(number))) as there:
            threading.Thread(target=_pour, args=(there, client), daemon=True).start()
            _pour(client, there)

    with port(speak) as number, HostileWeb(tunnel) as proxy:
        given = {"ca": tmp_path / "chain.pem", "proxy": proxy.url, "user": "watcher"}
        with closing(_client(f"https://localhost:{number}", tmp_path, **given)) as client:
            assert client.get(client.home.url).body(most=100) == b"behind the proxy"
    assert b"Authorization: Basic" in seen[0]
    assert "Authorization" not in proxy.asked[0]


def test_closing_ends_what_other_threads_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with _met(_say(stay=True)) as (server, client):
        ended = list[float]()

        def wait() -> None:
            with suppress(TrapstreetError):
                client.get(f"{server.url}/a")
            ended.append(time.monotonic())

        waiting = threading.Thread(target=wait)
        monkeypatch.setattr(network, "SILENCE", 30.0)
        waiting.start()
        while not server.asked:
            time.sleep(0.01)
        closed = time.monotonic()
        client.close()
        waiting.join(10)
    assert ended[0] - closed < 2


def test_redirects_in_a_circle_end(tmp_path: Path) -> None:
    with _met(_redirect("/a")) as (server, client):
        with pytest.raises(Unreachable, match="redirects again and again"):
            client.get(f"{server.url}/a")
        assert len(server.asked) == http.MOST_HOPS + 1


@pytest.mark.parametrize(
    "location", ["ftp://host.example/", "javascript:alert(1)", "http://", "http://a b/", "http://[/"]
)
def test_a_redirect_to_no_web_address_is_an_error(location: str) -> None:
    refused = pytest.raises(TrapstreetError, match=r"redirects|private network")
    with _met(_redirect(location)) as (server, client), refused:
        client.get(f"{server.url}/a")


def test_credentials_stay_with_their_host_and_port(tmp_path: Path) -> None:
    with HostileWeb(_say(answer(b"there"))) as other, HostileWeb(_redirect(f"{other.url}/b")) as server:
        with closing(_client(server.url, tmp_path, user="watcher", private=True)) as client:
            assert client.get(f"{server.url}/a").body(most=100) == b"there"
        assert "Authorization: Basic" in server.asked[0]
        assert "Authorization" not in other.asked[0]


def test_https_is_never_left_for_http(tmp_path: Path) -> None:
    tls = server_tls(tmp_path)

    def speak(client: socket.socket) -> None:
        with tls.wrap_socket(client, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(answer(status="302 Found", Location="http://127.0.0.1/"))

    with port(speak) as number:
        place = HttpPlace(url=f"https://localhost:{number}/", ca=tmp_path / "chain.pem")
        with closing(Client(place)) as client, pytest.raises(UnusableInput, match="without TLS"):
            client.get(client.home.url)


def test_a_certificate_that_is_not_trusted_ends_it_at_once(tmp_path: Path) -> None:
    tls = server_tls(tmp_path)

    def speak(client: socket.socket) -> None:
        with suppress(ssl.SSLError):
            tls.wrap_socket(client, server_side=True)

    refused = pytest.raises(UnusableInput, match="the certificate of localhost is not trusted")
    with port(speak) as number, closing(_client(f"https://localhost:{number}")) as client, refused:
        client.get(client.home.url)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        ("429 Too Many Requests", {}, 900),
        ("429 Too Many Requests", {"Retry-After": 120}, 120),
        ("403 Forbidden", {"Retry-After": 3600}, 3600),
        ("503 Service Unavailable", {"Retry-After": 10**12}, 86400),
    ],
)
def test_who_bans_us_is_left_alone_for_as_long_as_it_says(
    status: str, headers: dict[str, object], seconds: float
) -> None:
    with HostileWeb(_say(answer(status=status, **headers), stay=True)) as server:
        with closing(_client(server.url)) as client:
            for _ in range(3):
                with pytest.raises(Later) as caught:
                    client.get(f"{server.url}/a")
                assert caught.value.seconds == pytest.approx(seconds, abs=5)
            with pytest.raises(Later):
                client.check()
        assert len(server.asked) == 1


def test_a_server_that_asks_for_a_moment_gets_it() -> None:
    told: list[str] = []

    def speak(client: socket.socket, path: str) -> None:
        told.append(path)
        client.sendall(answer(status="429 Slow", Retry_After=1) if len(told) == 1 else answer(b"now"))

    with _met(speak) as (server, client):
        begun = time.monotonic()
        assert client.get(f"{server.url}/a").body(most=10) == b"now"
        assert time.monotonic() - begun >= 1


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Slow"])
def test_a_server_in_trouble_is_asked_three_times_in_all(status: str) -> None:
    with _met(lambda client, _: client.sendall(answer(status=status))) as (server, client):
        with pytest.raises(Unreachable, match=status[:3]):
            client.get(f"{server.url}/a")
        assert len(server.asked) == 3


def test_a_request_that_changes_something_is_made_once() -> None:
    with _met(_say()) as (server, client):
        with pytest.raises(Unreachable):
            client.ask("PUT", f"{server.url}/a", content=b"x")
        assert len(server.asked) == 1


def test_a_host_that_never_answers_is_asked_three_times_and_no_more() -> None:
    with _met(_say(stay=True)) as (server, client):
        for _ in range(10):
            with pytest.raises(Unreachable):
                client.get(f"{server.url}/a")
        assert len(server.asked) == http.GIVEN_UP


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Who", AccessDenied),
        ("403 No", AccessDenied),
        ("404 Gone", Unreachable),
        ("418 Teapot", UnusableInput),
    ],
)
def test_what_a_server_refuses_says_so_without_its_words(status: str, kind: type[TrapstreetError]) -> None:
    said = _say(answer(b"<b>words of the server</b>", status=status))
    with _met(said) as (server, client), pytest.raises(kind) as caught:
        client.get(f"{server.url}/a")
    assert "words" not in str(caught.value)
    assert status[:3] in caught.value.message


def test_a_bomb_in_a_content_encoding_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(40 << 20), 1)
    refused = pytest.raises(OSError, match=r"unpacks to more than 16,777,216 bytes")
    with _met(_say(answer(bomb, Content_Encoding="gzip"))) as (server, client), refused:
        client.get(f"{server.url}/a").body(most=16 << 20)


def test_what_was_cut_short_inside_its_packing_is_an_error() -> None:
    packed = gzip.compress(b"whole" * 1000)[:-12]
    refused = pytest.raises(OSError, match=r"ended before|cannot be unpacked")
    with _met(_say(answer(packed, Content_Encoding="gzip"))) as (server, client), refused:
        client.get(f"{server.url}/a").body(most=1 << 20)


def test_another_version_or_size_than_was_listed_is_said() -> None:
    with _met(_say(answer(b"after", ETag='"2"'))) as (server, client):
        with pytest.raises(Changed, match="changed since it was listed"):
            opened(client, f"{server.url}/a", version='"1"')
        with pytest.raises(Changed, match="changed since it was listed"):
            opened(client, f"{server.url}/a", size=6)


def test_more_bytes_than_were_promised_are_cut_and_said() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n"
    with _met(_say(chunked)) as (server, client), opened(client, f"{server.url}/a", size=7) as file:
        came = file.read(100) + file.read(100)
        assert came == b"abcdefg"
        with pytest.raises(Changed, match="longer than the 7 bytes"):
            file.read(100)


def test_a_part_other_than_was_asked_for_is_an_error() -> None:
    other = answer(b"abc", status="206 Part", Content_Range="bytes 0-2/100")
    with _met(_say(other)) as (server, client), pytest.raises(OSError, match="another part"):
        opened(client, f"{server.url}/a", start=50, end=53)


def test_requests_to_a_host_come_no_faster_than_they_may() -> None:
    with _met(lambda client, _: client.sendall(answer(b"a")), rate=20.0) as (server, client):
        begun = time.monotonic()
        for _ in range(15):
            client.get(f"{server.url}/a").skip()
        took = time.monotonic() - begun
    assert 0.45 < took < 2


def test_a_listing_that_leads_to_itself_for_ever_ends() -> None:
    page = b'<title>Index of /</title><a href="again/">again</a> <a href="a.txt">a</a> 01-Jan-2026 10:00 3\n'
    found = _listed(lambda path: answer(page if path.endswith("/") else b"abc", Content_Type="text/html"))
    assert len([each for each in found if isinstance(each, Ref)]) < 5
    assert any(isinstance(each, Unread) and "a loop" in each.why for each in found)


def test_a_listing_names_only_what_lies_below_it() -> None:
    links = (
        "../", "..", "/", "/elsewhere/a.txt", "http://other.example/dump/a.txt", "?C=N;O=D", "#top", "",
        "%2e%2e/", ".", "a/b/c.txt", "mailto:a@b.example", "javascript:void(0)", "//dump/a.txt", "a.txt?x=1",
        "http://[",
    )  # fmt: skip
    page = b"<title>Index of /dump/</title>" + b"".join(
        f'<a href="{each}">x</a>\n'.encode() for each in links
    )
    page += b"<a href='good.txt'>good</a> 01-Jan-2026 10:00 3\n"
    page += b"<A HREF=other.txt>other</A> 2026-01-01 10:00  1.2K\n"
    found = _listed(lambda _: answer(page, Content_Type="text/html"), "/dump/")
    names = [each.path.rpartition("/")[2] for each in found if isinstance(each, Ref)]
    assert names == ["good.txt", "other.txt"]


def test_a_listing_that_breaks_off_is_unread_and_the_others_go_on() -> None:
    top = b'<title>Index of /</title><a href="bad/">b</a><a href="good/">g</a>\n'
    good = b'<title>Index of /good/</title><a href="a.txt">a</a> 01-Jan-2026 10:00 3\n'

    def page(path: str) -> bytes:
        if path == "/bad/":
            return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 500\r\n\r\n<title>Index"
        return answer(good if path == "/good/" else top, Content_Type="text/html")

    found = _listed(page, close=True)
    assert [each.path.rpartition("/")[2] for each in found if isinstance(each, Ref)] == ["a.txt"]
    assert [each.why for each in found if isinstance(each, Unread)] == ["broke off after 12 bytes"]


def test_a_page_of_nothing_but_beginnings_of_links_is_read_in_time() -> None:
    page = b"<title>Index of /</title>" + b"<a " * 2_000_000 + b"<a href='" * 200_000
    begun = time.monotonic()
    found = _listed(lambda _: answer(page, Content_Type="text/html"))
    assert [type(each) for each in found] == [Mark]
    assert time.monotonic() - begun < 5


def _listed(page: Callable[[str], bytes], at: str = "/", *, close: bool = False) -> list[Ref | Unread | Mark]:
    def speak(client: socket.socket, path: str) -> None:
        client.sendall(answer(status="404 No") if path == "/robots.txt" else page(path))
        if close:
            client.shutdown(socket.SHUT_RDWR)

    with HostileWeb(speak) as server, closing(web.source(web.Settings(url=server.url + at))) as source:
        return list(source.list(""))


@contextmanager
def _met(speak: Callable[[socket.socket, str], None], **settings: Any) -> Iterator[tuple[HostileWeb, Client]]:
    with HostileWeb(speak) as server, closing(_client(server.url, **settings)) as client:
        yield server, client


def _pour(out: socket.socket, into: socket.socket) -> None:
    with suppress(OSError):
        while block := out.recv(65536):
            into.sendall(block)


def _redirect(location: str) -> Callable[[socket.socket, str], None]:
    return lambda client, _: client.sendall(answer(status="302 Found", Location=location))


def _client(url: str, folder: Path | None = None, **others: Any) -> Client:
    if folder:
        (folder / "password").write_text(SECRET)
        (folder / "password").chmod(0o600)
        others["password_file"] = folder / "password"
    return Client(HttpPlace(url=f"{url}/", **others))
