"""Indices of noida-db, which imitates Elasticsearch and lets everybody in."""

import itertools
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from servers import _present
from source_yards import Yard, elasticsearch
from source_yards._tables import pieces
from source_yards._wheels import Host, started

_numbers = itertools.count()


class Here(elasticsearch.Here):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        Yard.__init__(self, request, folder)
        self.port = self.server()
        self.prefix = f"yard{next(_numbers)}-"
        self.url = f"http://127.0.0.1:{self.port}/{self.prefix}*"
        self.host = Host(self.port)

    @staticmethod
    def server() -> int:
        return _present(_noida)

    def put(self, path: str, content: bytes) -> None:
        self.put_many({path: content})

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        there = self._names()
        lines: list[dict[str, Any]] = []
        for path, content in contents.items():
            name = self.prefix + path
            if name in there:
                self.remove(path)
            self.host.ask("PUT", f"/{quote(name)}", b"{}")
            for piece in pieces(content):
                lines += {"index": {"_index": name}}, elasticsearch.document(piece)
        if lines:
            said = "".join(json.dumps(each) + "\n" for each in lines).encode()
            assert not self.host.ask("POST", "/_bulk?refresh=true", said)["errors"]

    def remove(self, path: str) -> None:
        self.host.ask("DELETE", f"/{quote(self.prefix + path)}")

    def strangers(self) -> Iterator[dict[str, Any]]:
        return iter(())

    def close(self) -> None:
        for name in self._names():
            self.host.ask("DELETE", f"/{quote(name)}")
        self.host.close()

    def _names(self) -> set[str]:
        listed = self.host.ask(
            "GET", f"/_cat/indices/{self.prefix}*?format=json&h=index&expand_wildcards=all"
        )
        return {each["index"] for each in listed}


@cache
def _noida() -> int | None:
    """The port of a server of this session."""
    return started(
        "noida_db/noida-db",
        *("start", "--only", "elasticsearch", "--elasticsearch-port", "{port}", "--data-dir", "data"),
    )
