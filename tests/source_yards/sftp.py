"""A folder behind an OpenSSH server."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from servers import Sshd, _present, _sshd
from source_yards import AWKWARD, WRONG, Yard


class Here(Yard):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)
    kind: ClassVar[str] = "sftp"
    awkward: ClassVar[tuple[str, ...]] = (*AWKWARD, "not UTF-8 \udcff.txt")
    limits: ClassVar[Mapping[str, float]] = MappingProxyType(
        {"trapstreet.plugins.sources._ssh._CONNECT_SECONDS": 0.5}
    )

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.server: Sshd = _present(_sshd)
        self.place = folder / "place"
        self.place.mkdir()
        self.url = f"sftp://{self.server.user}@127.0.0.1:{self.server.port}{self.place}"
        known = folder / "known_hosts"
        known.write_text(self.server.known + "\n")
        self.options = {"key_file": str(self.server.key), "known_hosts": str(known)}

    def put(self, path: str, content: bytes) -> None:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def remove(self, path: str) -> None:
        (self.place / path).unlink()

    def name(self, path: str) -> str:
        return f"sftp://127.0.0.1:{self.server.port}{self.place}/{path}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        known = {"known_hosts": self.options["known_hosts"]}
        yield {"url": self.url, **known, "password_file": self.secret("wrong", WRONG)}
        yield {"url": self.url.replace("//", "//nobody-", 1), **self.options}
