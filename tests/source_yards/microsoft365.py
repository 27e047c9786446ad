"""A library of a site, at a server that answers as Microsoft Graph does."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from source_yards import AWKWARD, PASSWORD, WRONG, Yard
from source_yards._graph import Drive, server

_numbers = itertools.count()


class Here(Yard):
    kind: ClassVar[str] = "microsoft365"
    awkward: ClassVar[tuple[str, ...]] = AWKWARD
    limits: ClassVar[dict[str, float]] = {
        "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
        "trapstreet.plugins.sources._http.PAUSE": 0.01,
    }

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.cloud, port = server()
        number = next(_numbers)
        self.url = f"https://acme.sharepoint.com/sites/site{number}"
        self.drive = Drive(f"b!drive-{number}", f"{self.url}/Shared%20Documents")
        self.cloud.sites[self.url] = [self.drive]
        here = f"http://127.0.0.1:{port}"
        secret = self.secret("secret", PASSWORD)
        self.options = {
            "client_id": "watcher",
            "secret_file": secret,
            "rate": 0.0,
            "graph": here,
            "login": here,
        }

    def put(self, path: str, content: bytes) -> None:
        self.drive.put(path, content)

    def remove(self, path: str) -> None:
        self.drive.remove(path)

    def name(self, path: str) -> str:
        return f"{self.drive.web_url}/{quote(path)}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield self.settings() | {"secret_file": self.secret("wrong", WRONG)}

    def at(self, port: int) -> dict[str, Any]:
        there = f"http://127.0.0.1:{port}"
        return self.settings() | {"graph": there, "login": there}

    def close(self) -> None:
        del self.cloud.sites[self.url]
