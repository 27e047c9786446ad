"""A bare repository behind git http-backend."""

import base64
import itertools
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from source_yards import AWKWARD, PASSWORD, WRONG, Yard
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import Source

USER = "reader"
_numbers = itertools.count()
_IDENTITY = {
    **{f"GIT_{who}_NAME": "A Committer" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "nobody@example.com" for who in ("AUTHOR", "COMMITTER")},
}


class Here(Yard):
    kind: ClassVar[str] = "git"
    # What stands behind a line break of a name, git leaves out.
    awkward: ClassVar[tuple[str, ...]] = (
        *(each for each in AWKWARD if "\n" not in each),
        "not UTF-8 \udcff.txt",
    )
    keeps: ClassVar[bool] = True
    limits: ClassVar[dict[str, float]] = {"trapstreet.plugins.sources._gitprogram.SILENCE": 0.5}

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        root, port = server()
        self.place = root / f"{os.getpid()}-{next(_numbers)}.git"
        git("init", "--quiet", "--bare", "--initial-branch=main", str(self.place))
        self.url = f"git+http://{USER}@127.0.0.1:{port}/{self.place.name}"
        self.options = {"token_file": self.secret("token", PASSWORD)}
        self._names: dict[str, str] = {}

    def put(self, path: str, content: bytes) -> None:
        self.put_many({path: content})

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        """One state more, in which these lie beside what lay there."""
        lines = [
            b"commit refs/heads/main\n",
            b"committer A Committer <nobody@example.com> 1700000000 +0000\n",
        ]
        lines += [b"data 4\nmore\n"]
        if git("rev-parse", "--verify", "--quiet", "main", place=self.place, status=(0, 1)):
            lines += [b"from refs/heads/main^0\n"]
        for path, content in contents.items():
            lines += [
                b"M 100644 inline " + _quoted(path) + b"\n",
                b"data %d\n" % len(content),
                content,
                b"\n",
            ]
        git("fast-import", "--quiet", "--date-format=raw", place=self.place, given=b"".join(lines))
        commit = git("rev-parse", "main", place=self.place).decode()[:12]
        self._names |= {path: f"{commit}:{path}" for path in contents}

    def remove(self, path: str) -> None:
        lines = b"commit refs/heads/main\ncommitter A Committer <nobody@example.com> 1700000000 +0000\n"
        lines += b"data 4\nless\nfrom refs/heads/main^0\nD " + _quoted(path) + b"\n"
        git("fast-import", "--quiet", "--date-format=raw", place=self.place, given=lines)

    def name(self, path: str) -> str:
        return self._names[path]

    def source(self, settings: Mapping[str, Any] | None = None) -> Source:
        return _FilesOf(super().source(settings))

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield {"url": self.url, "token_file": self.secret("wrong", WRONG)}
        yield {"url": self.url}


class _FilesOf(Source):
    """A repository without the texts of its commits: those nobody put there."""

    def __init__(self, inner: Source) -> None:
        self._inner, self.open, self.close = inner, inner.open, inner.close

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        every = self._inner.list(cursor)
        return (each for each in every if not (isinstance(each, Ref) and each.path.endswith(" (commit)")))


def git(
    *arguments: str, place: Path | None = None, given: bytes = b"", status: tuple[int, ...] = (0,)
) -> bytes:
    where = [f"--git-dir={place}"] if place else []
    done = subprocess.run(
        ["git", *where, *arguments],
        input=given,
        stdout=subprocess.PIPE,
        env={**os.environ, **_IDENTITY, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull},
        check=False,
    )
    assert done.returncode in status, arguments
    return done.stdout.strip()


def _quoted(path: str) -> bytes:
    raw = os.fsencode(path)
    return b'"' + b"".join(b"\\%03o" % each if each in b'"\\\n' else bytes([each]) for each in raw) + b'"'


@cache
def server() -> tuple[Path, int]:
    """The folder of its repositories, and its port."""
    import atexit
    import shutil
    import tempfile

    root = Path(tempfile.mkdtemp(prefix="trapstreet-test-git-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    backend = Path(git("--exec-path").decode()) / "git-http-backend"
    wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, given: bytes) -> None:
            if self.headers.get("Authorization") != wanted:
                self._send(401, {"WWW-Authenticate": 'Basic realm="yard"'}, b"")
                return
            path, _, query = self.path.partition("?")
            done = subprocess.run(
                [str(backend)],
                input=given,
                stdout=subprocess.PIPE,
                env={
                    "PATH": os.environ["PATH"],
                    "GIT_PROJECT_ROOT": str(root),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_CONFIG_GLOBAL": os.devnull,
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                },
                check=True,
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self._send(int(headers.pop("Status", "200")[:3]), headers, body)

        def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    return root, serving.server_address[1]
