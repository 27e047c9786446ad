"""A web archive of one's own, whose index pywb answers for; its files are in a folder of this machine."""

import atexit
import base64
import http.client
import itertools
import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from servers import _folder, _free_port, _present, _wait_for_port
from source_yards import Yard

_PYTHON = Path(__file__).parents[2] / ".cache/pywb/bin/python"
_numbers = itertools.count()


class Here(Yard):
    """What lies at a path is a record of that page, with what the server said."""

    kind: ClassVar[str] = "commoncrawl"
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)
    keeps: ClassVar[bool] = True
    limits: ClassVar[Mapping[str, float]] = {
        "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
        "trapstreet.plugins.sources._http.PAUSE": 0.01,
    }

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        place, port = _present(_pywb)
        self.collection = f"yard-{next(_numbers)}"
        self.files = place / "collections" / self.collection / "archive"
        for each in ("archive", "indexes"):
            (self.files.parent / each).mkdir(parents=True)
        self.names: dict[str, str] = {}
        self.records: dict[tuple[str, bytes], bytes] = {}
        self._host = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.url = f"http://127.0.0.1:{port}/{self.collection}/cdx"
        self.options = {"pattern": ["*.acme.example"], "archive": str(self.files)}

    def put(self, path: str, content: bytes) -> None:
        self.put_many({path: content})

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        paths = {f"https://www.acme.example/{quote(path)}": path for path in contents}
        pages = [(url, base64.b64encode(contents[path]).decode()) for url, path in paths.items()]
        self._host.request("POST", "/put", json.dumps([self.collection, pages]))
        answer = self._host.getresponse()
        lines = answer.read().splitlines()
        assert answer.status == 200
        assert len(lines) == len(contents)
        for line in lines:
            told = json.loads(line.split(b" ", 2)[2])
            path = paths[told["url"]]
            self.names[path] = f"{told['digest']}/{told['url']}"
            with (self.files / told["filename"]).open("rb") as file:
                file.seek(int(told["offset"]))
                self.records[path, contents[path]] = file.read(int(told["length"]))

    def name(self, path: str) -> str:
        return self.names[path]

    def reads(self, path: str, content: bytes) -> bytes:
        return self.records[path, content]

    def close(self) -> None:
        self._host.close()


@cache
def _pywb() -> tuple[Path, int] | None:
    """The folder and the port of a server of this session."""
    if not _PYTHON.exists():
        return None
    folder, port = _folder("pywb"), _free_port()
    process = subprocess.Popen(
        [_PYTHON, Path(__file__).with_name("_pywb.py"), str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return folder, port
