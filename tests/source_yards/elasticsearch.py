"""Indices of an Elasticsearch, whose names begin alike. What is put is an index of pieces of the content."""

import itertools
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from servers import PASSWORD
from source_yards import AWKWARD, WRONG, Yard
from source_yards import github as other
from source_yards._elastic import Index, server
from source_yards._tables import pieces

_numbers = itertools.count()


class Here(Yard):
    kind: ClassVar[str] = "elasticsearch"
    dialect: ClassVar[str] = "elasticsearch"
    nested: ClassVar[bool] = False
    sizes: ClassVar[bool] = False
    awkward: ClassVar[tuple[str, ...]] = tuple(
        name for name in AWKWARD if name.isprintable() and not re.search(r'[A-Z\\/*?"<>| ,#:]', name)
    )
    limits: ClassVar[Mapping[str, float]] = other.Here.limits

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.cluster, self.port = server(self.dialect)
        self.prefix = f"yard{next(_numbers)}-"
        self.url = f"http://127.0.0.1:{self.port}/{self.prefix}*"
        self.options = {"user": "watcher", "password_file": self.secret("password", PASSWORD)}

    def put(self, path: str, content: bytes) -> None:
        made = self.cluster.indices[self.prefix + path] = Index()
        made.index(*map(document, pieces(content)))

    def remove(self, path: str) -> None:
        del self.cluster.indices[self.prefix + path]

    def name(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{self.prefix}{path}"

    def reads(self, path: str, content: bytes) -> bytes:
        lines = [json.dumps(document(each), separators=(",", ":")) + "\n" for each in pieces(content)]
        return "".join(lines).encode()

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield self.settings() | {"password_file": self.secret("wrong", WRONG)}
        yield {"url": self.url, "api_key_file": self.secret("key", WRONG)}

    def close(self) -> None:
        for name in self.cluster.matching(f"{self.prefix}*"):
            del self.cluster.indices[name]


def document(piece: tuple[int, bytes]) -> dict[str, Any]:
    return {"content": b64encode(piece[1]).decode(), "n": piece[0]}
