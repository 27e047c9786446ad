"""A paste site: a list of ids in JSON, newest first, 250 a page, and each paste at an address of its own."""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from source_yards import PASSWORD, WRONG, Yard
from source_yards import web as plain
from source_yards._answers import Answering, Server

_PAGE = 250


class PasteSite:
    """Pastes by name, with the time of their last change; a key in a header lets people in.

    asked  the paths of all requests, in order
    """

    def __init__(self, key: str = "") -> None:
        self.pastes: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        site = self

        class Handler(Answering):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                self.send(*site.answer(self.path, self.headers.get("X-Key", ""), key))

        self._server = Server(Handler)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def answer(self, path: str, given: str, key: str) -> tuple[int, bytes]:
        if given != key:
            return 401, b"no"
        parts = urlsplit(path)
        if parts.path == "/list":
            page = int(parse_qs(parts.query).get("page", ["1"])[0])
            newest = sorted(self.pastes.items(), key=lambda each: -each[1][0])
            shown = newest[(page - 1) * _PAGE : page * _PAGE]
            items = [{"key": name, "meta": {"at": at}} for name, (at, _) in shown]
            return 200, json.dumps({"data": {"pastes": items}}).encode()
        name = unquote(parts.path.removeprefix("/raw/"), errors="surrogateescape")
        return (200, self.pastes[name][1]) if name in self.pastes else (404, b"gone")

    def close(self) -> None:
        self._server.close()


class Here(Yard):
    kind: ClassVar[str] = "poller"
    sizes: ClassVar[bool] = False
    limits: ClassVar[Mapping[str, float]] = plain.Here.limits

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self._times = count(1_790_000_000)
        self._site = PasteSite(PASSWORD)
        self.url = f"{self._site.url}/list?page={{page}}"
        self.options = {
            "items": "data.pastes",
            "id": "key",
            "date": "meta.at",
            "item": f"{self._site.url}/raw/{{id}}",
            "headers_file": self.secret("headers", f"X-Key: {PASSWORD}"),
        }

    def put(self, path: str, content: bytes) -> None:
        self._site.pastes[path] = (next(self._times), content)

    def remove(self, path: str) -> None:
        del self._site.pastes[path]

    def name(self, path: str) -> str:
        name = quote(path, safe="")
        return f"{self._site.url}/raw/{name if path.strip('.') else name.replace('.', '%2E')}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield self.settings() | {"headers_file": self.secret("wrong", f"X-Key: {WRONG}")}

    def close(self) -> None:
        self._site.close()
