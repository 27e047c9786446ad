"""An archive of pages at a server that answers as Common Crawl's are documented to: a list of crawls, an
index with pages, and files of which parts are sent."""

import hashlib
import json
from base64 import b32encode
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.parse import quote, urlsplit

import pytest

from source_yards import AWKWARD, Yard
from source_yards._answers import Answering, Server
from trapstreet.plugins.sources._cdx import wanted

PAGE = 500
FILE = "crawl-data/CC-TEST-2026-45/warc/00000 é.warc.gz"


class Record(NamedTuple):
    url: str
    digest: str
    offset: int
    length: int
    time: str = "20261101103000"
    kind: str = "text/html"

    def line(self) -> str:
        told = {"url": self.url, "mime": self.kind, "status": "200", "digest": self.digest}
        place = {"length": str(self.length), "offset": str(self.offset), "filename": FILE}
        return json.dumps({"urlkey": "example,acme)/", "timestamp": self.time} | told | place)


class Here(Yard):
    """What lies at a path is a record of that page, whatever it is made of."""

    kind: ClassVar[str] = "commoncrawl"
    awkward: ClassVar[tuple[str, ...]] = AWKWARD
    keeps: ClassVar[bool] = True
    limits: ClassVar[dict[str, float]] = {
        "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
        "trapstreet.plugins.sources._http.PAUSE": 0.01,
    }

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.crawls: dict[str, dict[str, Record]] = {"CC-TEST-2026-45": {}}
        self.file = bytearray()
        self.asked: list[str] = []
        self.paged = True
        self._server = Server(_Handler, yard=self)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.options = {"pattern": ["*.acme.example"], "archive": f"{self.url}/data"}

    def put(self, path: str, content: bytes) -> None:
        self.add(path, content)

    def add(self, path: str, content: bytes, *, crawl: str = "CC-TEST-2026-45", **more: str) -> Record:
        """A record in a crawl, the newest of which is the first."""
        url = f"https://www.acme.example/{quote(path)}"
        digest = b32encode(hashlib.sha1(content).digest()).decode()
        made = Record(url, digest, len(self.file), len(content), **more)
        self.file += content
        self.crawls.setdefault(crawl, {})[path] = made
        return made

    def remove(self, path: str) -> None:
        del self.crawls["CC-TEST-2026-45"][path]

    def name(self, path: str) -> str:
        found = next(records[path] for records in self.crawls.values() if path in records)
        return f"{found.digest}/{found.url}"

    def close(self) -> None:
        self._server.close()


class _Handler(Answering):
    yard: Here

    def do_GET(self) -> None:
        self.yard.asked.append(self.path)
        parts = urlsplit(self.path)
        asked = self.query
        here = f"http://{self.headers['Host']}"
        name = parts.path.strip("/")
        if name == "collinfo.json":
            crawls = [
                {"id": each, "name": each, "cdx-api": f"{here}/{each}-index"}
                for each in sorted(self.yard.crawls, reverse=True)
            ]
            return self.send(200, json.dumps(crawls).encode())
        if name.removesuffix("-index") in self.yard.crawls:
            return self._index(self.yard.crawls[name.removesuffix("-index")], asked)
        if parts.path == f"/data/{quote(FILE)}":
            return self.send_part(bytes(self.yard.file))
        return self.send(404, b"<h1>Not found</h1>")

    def _index(self, records: Mapping[str, Record], asked: Mapping[str, str]) -> None:
        found = [each for each in records.values() if wanted(each.url, [asked["url"]])]
        lines = [each.line() for each in sorted(found)]
        if not lines:
            return self.send(404, b'{"message": "No Captures found for: %s"}' % asked["url"].encode())
        if asked.get("showNumPages") and self.yard.paged:
            pages = -(-len(lines) // PAGE)
            return self.send(200, json.dumps({"pages": pages, "pageSize": 5, "blocks": pages}).encode())
        at = int(asked.get("page", "0"))
        shown = lines[at * PAGE : (at + 1) * PAGE] if self.yard.paged else lines
        return self.send(200, "".join(f"{each}\n" for each in shown).encode())
