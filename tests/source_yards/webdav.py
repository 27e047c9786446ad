"""A folder behind WsgiDAV."""

import atexit
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from servers import _folder, _free_port, _present, _wait_for_port
from source_yards import AWKWARD, PASSWORD, WRONG, Yard


class Here(Yard):
    kind: ClassVar[str] = "webdav"
    awkward: ClassVar[tuple[str, ...]] = AWKWARD
    limits: ClassVar[Mapping[str, float]] = MappingProxyType(
        {
            "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
            "trapstreet.plugins.sources._http_network.CONNECT": 0.5,
            "trapstreet.plugins.sources._http.PAUSE": 0.01,
        }
    )

    digest: ClassVar[bool] = False

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.server = _present(wsgidav_of_digests if self.digest else wsgidav)
        self.place = self.server.folder / token_hex(4)
        self.place.mkdir()
        self.url = f"dav://127.0.0.1:{self.server.port}/{self.place.name}"
        self.options = {"user": "tester", "password_file": self.secret("password", PASSWORD)}
        self.options |= {} if self.digest else {"plain": True}

    def put(self, path: str, content: bytes) -> None:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def remove(self, path: str) -> None:
        (self.place / path).unlink()

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield {"url": self.url}
        yield self.settings() | {"password_file": self.secret("wrong", WRONG)}


@dataclass(frozen=True)
class Server:
    """A running WsgiDAV: `tester` with PASSWORD, from everywhere but /open."""

    port: int
    folder: Path


def wsgidav() -> Server | None:
    """One that takes passwords in the clear."""
    return _started(digest=False)


def wsgidav_of_digests() -> Server | None:
    """One that does not."""
    return _started(digest=True)


@cache
def _started(*, digest: bool) -> Server | None:
    """One a session for either way to log in, in a process of its own."""
    if importlib.util.find_spec("wsgidav") is None:
        return None
    folder, port = _folder("wsgidav"), _free_port()
    (folder / "root" / "open").mkdir(parents=True)
    config = {
        "host": "127.0.0.1",
        "port": port,
        "provider_mapping": {"/": str(folder / "root"), "/open": str(folder / "root" / "open")},
        "simple_dc": {"user_mapping": {"/": {"tester": {"password": PASSWORD}}, "/open": True}},
        "http_authenticator": {
            "accept_basic": not digest,
            "accept_digest": digest,
            "default_to_digest": digest,
        },
        "property_manager": False,
        "lock_storage": False,
        "verbose": 0,
    }
    (folder / "config.json").write_text(json.dumps(config))
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "wsgidav.server.server_cli", "-c", folder / "config.json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return Server(port, folder / "root")
