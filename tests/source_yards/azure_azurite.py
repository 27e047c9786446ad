"""A container of Azurite, Microsoft's emulator of Azure Blob Storage, which keeps all in memory.

What is put there is signed by an account SAS made here: "Create an account SAS", Azure Storage REST API.
"""

import atexit
import base64
import hashlib
import hmac
import http.client
import itertools
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest

from servers import _folder, _free_port, _present, _wait_for_port
from source_yards import AWKWARD, azure
from source_yards._blobs import ACCOUNT, KEY
from trapstreet.plugins.sources._bucket_requests import quoted

_PROGRAM = Path(__file__).parents[2] / ".cache/azurite/node_modules/azurite/dist/src/blob/main.js"
_VERSION = "2021-12-02"
_numbers = itertools.count()


class Here(azure.Here):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)
    # Azurite answers 500 to a listing with names that XML cannot hold; azure.py's server knows them.
    awkward: ClassVar[tuple[str, ...]] = (
        *(each for each in AWKWARD if "\x1b" not in each),
        "/leads",
        "empty//part",
        "ends/",
    )
    public: ClassVar[bool] = False

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.port = _present(_azurite)
        self.container = f"{'public' if self.public else 'private'}-{next(_numbers)}"
        self.url = f"az://{ACCOUNT}/{self.container}"
        self.options["endpoint"] = f"http://127.0.0.1:{self.port}/{ACCOUNT}"
        self._host = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        readers = {"x_ms_blob_public_access": "container"} if self.public else {}
        self._ask("PUT", "", "restype=container&", **readers)

    def put(self, path: str, content: bytes) -> None:
        self._ask("PUT", f"/{quoted(path)}", content=content, x_ms_blob_type="BlockBlob")

    def remove(self, path: str) -> None:
        self._ask("DELETE", f"/{quoted(path)}")

    def close(self) -> None:
        self._host.close()

    def _ask(self, method: str, name: str, asked: str = "", content: bytes = b"", **headers: str) -> None:
        target = f"/{ACCOUNT}/{self.container}{name}?{asked}{signature()}"
        given = {"x-ms-version": _VERSION} | {key.replace("_", "-"): value for key, value in headers.items()}
        self._host.request(method, target, body=content, headers=given)
        answer = self._host.getresponse()
        answer.read()
        assert answer.status < 300, f"{method} {name}: {answer.status}"


def signature() -> str:
    """A shared access signature that may do everything with the account's blobs."""
    until = "2100-01-01T00:00:00Z"
    signed = "\n".join((ACCOUNT, "rwdlc", "b", "sco", "", until, "", "", _VERSION, "", ""))
    made = hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)
    told = {"sv": _VERSION, "ss": "b", "srt": "sco", "sp": "rwdlc", "se": until}
    return urlencode({**told, "sig": base64.b64encode(made).decode()})


@cache
def _azurite() -> int | None:
    """The port of a server of this session."""
    node = shutil.which("node")
    if not node or not _PROGRAM.exists():
        return None
    folder, port = _folder("azurite"), _free_port()
    process = subprocess.Popen(
        [
            node, _PROGRAM, "--blobHost", "127.0.0.1", "--blobPort", str(port),
            "--inMemoryPersistence", "--disableTelemetry", "--silent",
        ],
        cwd=folder,
        env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return port
