"""An RSS feed whose entries link to files of a web server: the objects are those files."""

from collections.abc import Mapping
from email.utils import formatdate
from itertools import count
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import pytest

from source_yards import AWKWARD
from source_yards import web as plain

_FEED = '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>new</title>\n{}</channel></rss>\n'
_ENTRY = '<item><link>{url}</link><guid isPermaLink="false">{id}</guid><pubDate>{date}</pubDate></item>\n'


class Here(plain.Here):
    kind: ClassVar[str] = "feed"
    nested: ClassVar[bool] = True
    sizes: ClassVar[bool] = False
    awkward: ClassVar[tuple[str, ...]] = AWKWARD

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self._files, self.url = self.url, f"{self.url}/feed.xml"
        self._entries: dict[str, str] = {}
        self._days = count(1_790_000_000, 3600)
        self._write()

    def put(self, path: str, content: bytes) -> None:
        self._put(path, content)
        self._write()

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        for path, content in contents.items():
            self._put(path, content)
        self._write()

    def remove(self, path: str) -> None:
        super().remove(path)
        del self._entries[path]
        self._write()

    def name(self, path: str) -> str:
        return f"{self._files}/{quote(path)}"

    def _put(self, path: str, content: bytes) -> None:
        super().put(path, content)
        day = formatdate(next(self._days))
        self._entries[path] = _ENTRY.format(url=self.name(path), id=quote(path), date=day)

    def _write(self) -> None:
        (self._place / "feed.xml").write_text(_FEED.format("".join(self._entries.values())))
