"""A folder behind pyftpdlib."""

import atexit
import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from source_yards import AWKWARD, PASSWORD, WRONG, Yard
from traps import certificate


class Here(Yard):
    kind: ClassVar[str] = "ftp"
    awkward: ClassVar[tuple[str, ...]] = tuple(
        name for name in AWKWARD if "\n" not in name and name == name.strip()
    )
    limits: ClassVar[Mapping[str, float]] = MappingProxyType(
        {
            "trapstreet.plugins.sources._ftp_control._CONNECT_SECONDS": 0.5,
            "trapstreet.plugins.sources._ftp_control._SILENT_SECONDS": 0.5,
        }
    )

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.place = folder / "place"
        self.place.mkdir()
        self.server = Server(self.place)
        self.url = f"ftp://tester@localhost:{self.server.port}"
        self.options = {"password_file": self.secret("password", PASSWORD), "ca": str(self.server.ca)}

    def put(self, path: str, content: bytes) -> None:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def remove(self, path: str) -> None:
        (self.place / path).unlink()

    def name(self, path: str) -> str:
        return f"ftp://localhost:{self.server.port}/{path}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        wrong = {**self.options, "password_file": self.secret("wrong", WRONG)}
        yield {"url": self.url, **wrong}
        yield {"url": self.url.replace("tester", "nobody"), **wrong}

    def close(self) -> None:
        self.server.stop()


class Server:
    """pyftpdlib in a thread: `tester` with PASSWORD, and anonymous, who may only read. With TLS for who asks.

    mlsd      whether it knows MLSD;  tls  whether it knows TLS
    implicit  TLS is there from the beginning;  handler  the class that speaks, to be changed
    """

    def __init__(self, place: Path, *, mlsd: bool = True, tls: bool = True, implicit: bool = False) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it loads asyncore, and old ways of pyOpenSSL
            from pyftpdlib.authorizers import DummyAuthorizer
            from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
            from pyftpdlib.ioloop import IOLoop
            from pyftpdlib.servers import FTPServer

        users = DummyAuthorizer()
        users.add_user("tester", PASSWORD, str(place), perm="elradfmwMT")
        users.add_anonymous(str(place))
        known = (TLS_FTPHandler if tls else FTPHandler).proto_cmds
        made = certificates()
        self.ca = made["certificate"]
        said = {
            "authorizer": users,
            "unicode_errors": "surrogateescape",
            "auth_failed_timeout": 0,
            "use_sendfile": False,
            "banner": "ready",
            "proto_cmds": {name: each for name, each in known.items() if mlsd or not name.startswith("MLS")},
        }
        if tls:
            said |= {"certfile": str(made["certificate"]), "keyfile": str(made["key"])}
        self.handler: Any = type("Handler", (TLS_FTPHandler if tls else FTPHandler,), said)
        if implicit:
            self.handler.handle = _with_tls_at_once(self.handler.handle)
        self._server = FTPServer(("127.0.0.1", 0), self.handler, ioloop=IOLoop())
        self.port = self._server.address[1]
        self._on, self._hanging_up = True, threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while self._on:
            self._server.ioloop.loop(timeout=0.02, blocking=False)
            if self._hanging_up.is_set():
                for each in list(self._server.ioloop.socket_map.values()):
                    if each is not self._server:
                        each.close()
                self._hanging_up.clear()
        self._server.close_all()

    def hang_up(self) -> None:
        """Every connection is broken off."""
        self._hanging_up.set()
        while self._hanging_up.is_set():
            time.sleep(0.01)

    def stop(self) -> None:
        self._on = False
        self._thread.join()


def _with_tls_at_once(handle: Any) -> Any:
    def handle_with_tls(self: Any) -> None:
        self.secure_connection(self.ssl_context)
        handle(self)

    return handle_with_tls


@cache
def certificates() -> dict[str, Path]:
    """A certificate for localhost, and its key."""
    folder = Path(tempfile.mkdtemp(prefix="trapstreet-ftp-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return certificate(folder, name="localhost", alternative="localhost")
