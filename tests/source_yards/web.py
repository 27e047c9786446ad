"""An open folder as Python's web server lists it, behind a login: names alone, asked for one by one."""

import os
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from source_yards import PASSWORD, WRONG, Yard
from source_yards._web import PlainServer


class Here(Yard):
    kind: ClassVar[str] = "web"
    limits: ClassVar[Mapping[str, float]] = MappingProxyType(
        {
            "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
            "trapstreet.plugins.sources._http_network.CONNECT": 0.5,
            "trapstreet.plugins.sources._http.PAUSE": 0.01,
        }
    )

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self._place = folder / "place"
        self._place.mkdir()
        self._times = count(1_700_000_000, 60)
        self.url = f"http://127.0.0.1:{self.serve(self._place)}"
        self.options = {"user": "watcher", "password_file": self.secret("password", PASSWORD)}

    def serve(self, place: Path) -> int:
        """The port at which the place lies now."""
        self._server = PlainServer(place)
        return self._server.port

    def put(self, path: str, content: bytes) -> None:
        file = self._place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        then = next(self._times)  # each a minute after the last: servers tell minutes, or seconds
        os.utime(file, (then, then))

    def remove(self, path: str) -> None:
        (self._place / path).unlink()

    def name(self, path: str) -> str:
        return f"{self.url}/{quote(path, errors='surrogateescape')}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield {"url": self.url}
        yield self.settings() | {"password_file": self.secret("wrong", WRONG)}

    def close(self) -> None:
        self._server.close()
