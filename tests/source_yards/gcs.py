"""A bucket of a server that answers as Google Cloud Storage does."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from source_yards import AWKWARD, WRONG, Yard
from source_yards._blobs import Google, account, put, server

_numbers = itertools.count()


class Here(Yard):
    kind: ClassVar[str] = "gcs"
    awkward: ClassVar[tuple[str, ...]] = (*AWKWARD, "/leads", "empty//part", "a/../b.txt", "./c.txt", "ends/")
    limits: ClassVar[dict[str, float]] = {
        "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
        "trapstreet.plugins.sources._http.PAUSE": 0.01,
    }

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        places, self.port = server(Google)
        bucket = f"private-{next(_numbers)}"
        self.place = places.setdefault(bucket, {})
        self.url = f"gs://{bucket}"
        key = self.secret("key.json", account(self.port))
        self.options = {"endpoint": f"http://127.0.0.1:{self.port}", "key_file": key}

    def put(self, path: str, content: bytes) -> None:
        put(self.place, path, content)

    def remove(self, path: str) -> None:
        del self.place[path]

    def strangers(self) -> Iterator[dict[str, Any]]:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        wrong = account(self.port, other).replace("watch@", f"{WRONG}@")
        yield self.settings() | {"key_file": self.secret("wrong.json", wrong)}
        yield {"url": self.url, "endpoint": self.options["endpoint"]}

    def at(self, port: int) -> dict[str, Any]:
        return self.settings() | {"endpoint": f"http://127.0.0.1:{port}"}
