"""WebDAV as servers have it: WsgiDAV, and answers of others whose hrefs and tags are their own."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from source_yards.webdav import Here
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed, webdav


def listed(source: Any) -> list[Ref | Unread]:
    return [each for each in source.list("") if not isinstance(each, Mark)]


@dataclass
class Cloud:
    """A server of canned answers.

    answers  to PROPFIND, by path and depth: a status, and a body or what makes one
    files    answers to GET, by path;  headers  sent with each of them
    """

    answers: Mapping[tuple[str, str], tuple[int, str]]
    files: Mapping[str, bytes] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(cloud: Cloud) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PROPFIND(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            cloud.asked.append(f"PROPFIND {self.path}")
            status, body = cloud.answers.get((self.path, self.headers["Depth"]), (404, ""))
            self._answer(status, body.encode(), {"Content-Type": "application/xml"})

        def do_GET(self) -> None:
            cloud.asked.append(f"GET {self.path}")
            found = cloud.files.get(self.path)
            self._answer(404 if found is None else 200, found or b"", cloud.headers)

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def multistatus(*responses: str) -> str:
    return f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{"".join(responses)}</d:multistatus>'


def folder(href: str) -> str:
    return _response(href, "<d:resourcetype><d:collection/></d:resourcetype>")


def file(href: str, *, size: int = 3, tag: str = '"1"') -> str:
    length, etag = f"<d:getcontentlength>{size}</d:getcontentlength>", f"<d:getetag>{tag}</d:getetag>"
    return _response(href, f"<d:resourcetype/>{length}{etag}")


def _response(href: str, properties: str) -> str:
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{properties}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def at(port: int, path: str = "/dav") -> Any:
    return webdav.source(webdav.settings(url=f"dav://127.0.0.1:{port}{path}"))


HERE = {
    ("/dav", "0"): (207, multistatus(folder("/dav/"))),
    ("/dav/", "0"): (207, multistatus(folder("/dav/"))),
}


@pytest.mark.parametrize(
    "base", ["/dav/", "https://cloud.example/dav/", "/remote.php/dav/files/me/", "http://127.0.0.1:1/x/"]
)
def test_hrefs_may_be_whole_urls_or_lie_elsewhere_behind_a_proxy(base: str) -> None:
    answers = HERE | {
        ("/dav/", "1"): (
            207,
            multistatus(folder(base), folder(f"{base}a%20b/"), file(f"{base}%C3%BC%2523.txt")),
        ),
        ("/dav/a%20b/", "1"): (207, multistatus(folder(f"{base}a%20b/"), file(f"{base}a%20b/c.txt"))),
    }
    cloud = Cloud(answers, files={"/dav/%C3%BC%2523.txt": b"one", "/dav/a%20b/c.txt": b"two"})
    with serving(cloud) as port, closing(at(port)) as source:
        found = listed(source)
        shown = f"dav://127.0.0.1:{port}/dav"
        assert [each.path for each in found] == [f"{shown}/ü%23.txt", f"{shown}/a b/c.txt"]
        contents = []
        for each in found:
            with source.open(each) as opened:
                contents.append(opened.read())
    assert contents == [b"one", b"two"]
    assert all("/dav/" in each or each.endswith("/dav") for each in cloud.asked)


def test_what_a_server_names_elsewhere_or_closed_is_said_and_the_rest_goes_on() -> None:
    closed = (
        "<d:response><d:href>/dav/closed</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response>"
    )
    listing = multistatus(
        folder("/dav/"),
        file("/dav/a"),
        file("/etc/passwd"),
        file("/dav/..%2Fup"),
        closed,
        folder("/dav/denied/"),
    )
    answers = HERE | {("/dav/", "1"): (207, listing), ("/dav/denied/", "1"): (403, "")}
    with serving(Cloud(answers)) as port, closing(at(port)) as source:
        found = listed(source)
    assert [each.path.rpartition("/dav/")[2] for each in found if isinstance(each, Ref)] == ["a"]
    assert sorted(each.why for each in found if isinstance(each, Unread)) == [
        "permission denied",
        "permission denied",
        "the server gives it a name that is none",
        "the server gives it a name that is none",
    ]


def test_tags_that_differ_between_listing_and_reading_are_no_change() -> None:
    answers: dict[tuple[str, str], tuple[int, str]] = HERE | {
        ("/dav/", "1"): (207, multistatus(folder("/dav/"), file("/dav/a"), file("/dav/b"))),
        ("/dav/a", "0"): (207, multistatus(file("/dav/a"))),
        ("/dav/b", "0"): (207, multistatus(file("/dav/b", tag='"2"'))),
    }
    cloud = Cloud(answers, files={"/dav/a": b"one", "/dav/b": b"two"}, headers={"ETag": '"another"'})
    with serving(cloud) as port, closing(at(port)) as source:
        a, b = listed(source)
        with source.open(a) as opened:
            assert opened.read() == b"one"
        with pytest.raises(Changed):
            source.open(b)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "", AccessDenied),
        (403, "", AccessDenied),
        (404, "", Unreachable),
        (405, "", UnusableInput),
        (200, "<html>welcome</html>", UnusableInput),
        (207, "<html>welcome</html>", Unreachable),
        (207, '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', Unreachable),
        (207, multistatus(folder("/dav/"), folder("/dav/x")), OSError),
    ],
)
def test_what_is_no_folder_of_webdav_says_so(status: int, body: str, error: type[Exception]) -> None:
    answers = {("/dav", "0"): (status, body), ("/dav/", "0"): (status, body)}
    with serving(Cloud(answers)) as port, closing(at(port)) as source:
        expected = Unreachable if error is OSError else error
        with pytest.raises(expected) as refused:
            listed(source)
    assert isinstance(refused.value, TrapstreetError)
    assert refused.value.hint


def test_a_folder_that_holds_itself_ends() -> None:
    class Endless(dict[tuple[str, str], tuple[int, str]]):
        def get(self, key: tuple[str, str], default: Any = None) -> Any:
            path, depth = key
            base = path.rstrip("/")
            if depth == "0":
                return 207, multistatus(folder(base))
            return 207, multistatus(folder(f"{base}/"), file(f"{base}/a"), folder(f"{base}/again/"))

    cloud = Cloud(Endless())
    with serving(cloud) as port, closing(at(port)) as source:
        found = listed(source)
    assert isinstance(found[-1], Unread)
    assert "loop" in found[-1].why
    assert len(cloud.asked) < 10


@pytest.mark.system
def test_what_needs_no_login_does_not_say_that_it_is_secret(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard = Here(request, tmp_path)
    (yard.server.folder / "open" / "one.txt").write_text("one")
    with closing(yard.source({"url": f"dav://127.0.0.1:{yard.server.port}/open"})) as source:
        (found,) = listed(source)
    assert isinstance(found, Ref)
    assert found.readers == "everybody in the network"
    yard.put("two.txt", b"two")
    with closing(yard.source()) as source:
        (found,) = listed(source)
    assert isinstance(found, Ref)
    assert found.readers == ""


def test_the_location_may_be_one_file_and_a_web_address() -> None:
    answers = {("/dav/one%20.txt", "0"): (207, multistatus(file("/dav/one%20.txt")))}
    answers |= {("/dav/one%20.txt/", "0"): (207, multistatus(file("/dav/one%20.txt")))}
    cloud = Cloud(answers, files={"/dav/one%20.txt": b"one"}, headers={"ETag": '"1"'})
    with serving(cloud) as port:
        source = webdav.source(webdav.settings(url=f"http://127.0.0.1:{port}/dav/one%20.txt"))
        with closing(source):
            (found,) = listed(source)
            assert found.path == f"http://127.0.0.1:{port}/dav/one .txt"
            with source.open(found) as opened:
                assert opened.read() == b"one"
