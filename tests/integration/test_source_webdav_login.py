"""How WebDAV servers are logged in to: never in the clear unless that is meant."""

import base64
import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from source_yards import PASSWORD, WRONG
from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.objects import Ref
from trapstreet.plugins.sources import webdav

USER = "tester"
FOLDER = """<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{}</d:multistatus>"""
ENTRY = (
    "<d:response><d:href>{}</d:href><d:propstat><d:prop><d:resourcetype>{}</d:resourcetype>"
    "<d:getcontentlength>3</d:getcontentlength><d:getetag>1</d:getetag></d:prop>"
    "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
)


class Server:
    """A folder with one file.

    offers  what it says in WWW-Authenticate; {nonce} is the nonce that it takes now
    lasts   uses of a nonce, after which there is another one
    seen    what was sent in Authorization
    """

    def __init__(self, *offers: str, lasts: int = 1 << 30) -> None:
        self.offers, self.lasts = offers, lasts
        self.nonce, self.used = 0, 0
        self.seen: list[str | None] = []

    def lets_in(self, method: str, target: str, given: str | None) -> bool:
        self.seen.append(given)
        if given and given.startswith("Basic "):
            return base64.b64decode(given[6:]).decode() == f"{USER}:{PASSWORD}"
        if not given or not given.startswith("Digest "):
            return False
        pairs = re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given)
        said = {name: quoted or plain for name, quoted, plain in pairs}
        self.used += 1
        if self.used > self.lasts:
            self.nonce, self.used = self.nonce + 1, 0
        if said["uri"] != target or said["nonce"] != f"n{self.nonce}":
            return False
        hashed = hashlib.sha256 if said["algorithm"] == "SHA-256" else hashlib.md5
        one = hashed(f"{USER}:here:{PASSWORD}".encode()).hexdigest()
        two = hashed(f"{method}:{target}".encode()).hexdigest()
        whole = f"{one}:{said['nonce']}:{said['nc']}:{said['cnonce']}:auth:{two}"
        return said["response"] == hashed(whole.encode()).hexdigest()


@contextmanager
def serving(server: Server) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_PROPFIND(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            entries = ENTRY.format("/dav/", "<d:collection/>")
            if self.headers["Depth"] == "1":
                entries += ENTRY.format("/dav/a%20b.txt", "")
            self._answer(207, FOLDER.format(entries).encode())

        def do_GET(self) -> None:
            self._answer(200, b"one")

        def _answer(self, status: int, body: bytes) -> None:
            if not server.lets_in(self.command, self.path, self.headers["Authorization"]):
                status, body = 401, b"no"
            self.send_response(status)
            for each in server.offers if status == 401 else ():
                self.send_header("WWW-Authenticate", each.format(nonce=f"n{server.nonce}"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made.server_address[1]
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def contents(port: int, folder: Path, password: str = PASSWORD, **more: Any) -> list[bytes]:
    file = folder / "password"
    file.write_text(password)
    file.chmod(0o600)
    place = webdav.settings(url=f"dav://127.0.0.1:{port}/dav", user=USER, password_file=file, **more)
    found = []
    with closing(webdav.source(place)) as source:
        for each in source.list(""):
            if isinstance(each, Ref):
                with source.open(each) as opened:
                    found.append(opened.read())
    return found


DIGEST = 'Digest realm="here", nonce="{{nonce}}", qop="auth", algorithm={}'
BASIC = 'Basic realm="here"'


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_a_digest_is_shown_and_never_the_password(tmp_path: Path, algorithm: str) -> None:
    server = Server(BASIC, DIGEST.format(algorithm))
    with serving(server) as port:
        assert contents(port, tmp_path, plain=True) == [b"one"]
    assert server.seen[0] is None
    assert all(each.startswith("Digest ") for each in server.seen[1:] if each)
    assert len(server.seen) == 4  # the offer, the folder, what it holds, the file


def test_a_nonce_that_has_run_out_is_followed_by_the_next(tmp_path: Path) -> None:
    with serving(Server(DIGEST.format("SHA-256"), lasts=1)) as port:
        assert contents(port, tmp_path) == [b"one"]


def test_a_server_that_wants_the_password_in_the_clear_does_not_get_it(tmp_path: Path) -> None:
    server = Server(BASIC)
    with serving(server) as port:
        with pytest.raises(AccessDenied, match="in the clear") as refused:
            contents(port, tmp_path)
        assert server.seen == [None]
        assert "davs://" in str(refused.value.hint)
        assert contents(port, tmp_path, plain=True) == [b"one"]


def test_who_was_asked_for_a_digest_is_not_talked_into_the_clear(tmp_path: Path) -> None:
    server = Server(DIGEST.format("MD5"), lasts=1)
    with serving(server) as port:
        server.offers = (DIGEST.format("MD5"),)

        def downgrade() -> None:
            server.offers = (BASIC,)

        real = server.lets_in

        def lets_in(method: str, target: str, given: str | None) -> bool:
            let = real(method, target, given)
            if let:
                downgrade()
            return let

        server.lets_in = lets_in  # type: ignore[method-assign]
        with pytest.raises(AccessDenied):
            contents(port, tmp_path, plain=True)
    assert not [each for each in server.seen if each and each.startswith("Basic")]


def test_a_wrong_password_is_refused_after_one_try_and_not_shown(tmp_path: Path) -> None:
    server = Server(DIGEST.format("SHA-256"))
    with serving(server) as port, pytest.raises(AccessDenied) as refused:
        contents(port, tmp_path, WRONG)
    assert len(server.seen) == 2
    assert WRONG not in f"{refused.value!r} {refused.value}"
