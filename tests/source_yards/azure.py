"""A container of a server that answers as Azure Blob Storage does."""

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from source_yards import AWKWARD, WRONG, Yard
from source_yards._blobs import ACCOUNT, KEY, Azure, called, put, server

_numbers = itertools.count()


class Here(Yard):
    kind: ClassVar[str] = "azure"
    awkward: ClassVar[tuple[str, ...]] = (*AWKWARD, "/leads", "empty//part", "ends/")
    limits: ClassVar[dict[str, float]] = {
        "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
        "trapstreet.plugins.sources._http.PAUSE": 0.01,
    }

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        places, self.port = server(Azure)
        container = f"private-{next(_numbers)}"
        self.place = places.setdefault(container, {})
        self.url = f"az://{ACCOUNT}/{container}"
        self.options = {
            "endpoint": f"http://127.0.0.1:{self.port}/{ACCOUNT}",
            "key_file": self.secret("key", KEY),
        }

    def put(self, path: str, content: bytes) -> None:
        put(self.place, called(path), content)

    def remove(self, path: str) -> None:
        del self.place[called(path)]

    def name(self, path: str) -> str:
        return f"{self.url}/{called(path)}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        wrong = base64.b64encode(WRONG.encode()).decode()
        yield self.settings() | {"key_file": self.secret("wrong", wrong)}
        yield self.settings() | {"key_file": None, "sas_file": self.secret("sas", f"sig={WRONG}")}
        yield self.settings() | {"key_file": None}

    def at(self, port: int) -> dict[str, Any]:
        return self.settings() | {"endpoint": f"http://127.0.0.1:{port}/{ACCOUNT}"}
