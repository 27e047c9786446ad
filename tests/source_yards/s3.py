"""A bucket of a server that speaks as S3 does."""

import atexit
import base64
import http.client
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest

from servers import _free_port, _wait_for_port
from source_yards import AWKWARD, WRONG, Yard
from source_yards._moto import KEY, SECRET
from trapstreet.plugins.sources._bucket_requests import quoted

_numbers = itertools.count()


class Here(Yard):
    kind: ClassVar[str] = "s3"
    # moto knows no line breaks in names; servers of S3 do (tests/integration/test_source_s3.py).
    awkward: ClassVar[tuple[str, ...]] = (
        *(each for each in AWKWARD if "\n" not in each),
        "/leads",
        "empty//part",
        "a/../b.txt",
        "./c.txt",
        "ends/",
    )
    limits: ClassVar[dict[str, float]] = {
        "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
        "trapstreet.plugins.sources._http.PAUSE": 0.01,
    }
    public: ClassVar[bool] = False

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.port = moto()
        bucket = f"{'public' if self.public else 'private'}-{os.getpid()}-{next(_numbers)}"
        self.url = f"s3://{bucket}"
        self._host = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self._ask("PUT", f"/{bucket}")
        self.options = {"endpoint": f"http://127.0.0.1:{self.port}"}
        if not self.public:
            self.options |= {"key_id": KEY, "secret_file": self.secret("secret", SECRET)}

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        encoded = {path: base64.b64encode(content).decode() for path, content in contents.items()}
        self._ask("POST", "/many", json.dumps([self.url.removeprefix("s3://"), encoded]).encode())

    def put(self, path: str, content: bytes) -> None:
        self._ask("PUT", f"/{self.url.removeprefix('s3://')}/{quoted(path)}", content)

    def remove(self, path: str) -> None:
        self._ask("DELETE", f"/{self.url.removeprefix('s3://')}/{quoted(path)}")

    def strangers(self) -> Iterator[dict[str, Any]]:
        own = self.settings()
        yield own | {"secret_file": self.secret("wrong", WRONG)}
        yield own | {"key_id": "AKIDNOBODY", "secret_file": self.secret("wrong", WRONG)}
        yield {name: value for name, value in own.items() if name in ("url", "endpoint")}

    def at(self, port: int) -> dict[str, Any]:
        return self.settings() | {"endpoint": f"http://127.0.0.1:{port}"}

    def close(self) -> None:
        self._host.close()

    def _ask(self, method: str, target: str, content: bytes = b"") -> None:
        self._host.request(method, target, body=content, headers={"X-Yard": "1"})
        answer = self._host.getresponse()
        answer.read()
        assert answer.status < 300, f"{method} {target}: {answer.status}"


@cache
def moto() -> int:
    """The port of a server of this session."""
    port = _free_port()
    program = Path(__file__).with_name("_moto.py")
    process = subprocess.Popen([sys.executable, program, str(port)], stdout=subprocess.DEVNULL)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return port
