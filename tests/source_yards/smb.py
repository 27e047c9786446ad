"""A folder of a share of Samba's."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from samba import samba
from servers import _present
from source_yards import AWKWARD, PASSWORD, WRONG, Yard

_NOT_FOR_WINDOWS = set('\\:|*?"<>\n\t\x1b')


class Here(Yard):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)
    kind: ClassVar[str] = "smb"
    awkward: ClassVar[tuple[str, ...]] = tuple(
        name for name in AWKWARD if not _NOT_FOR_WINDOWS & set(name) and name == name.strip(" .")
    )
    limits: ClassVar[Mapping[str, float]] = MappingProxyType(
        {
            "trapstreet.plugins._smb.login._CONNECT_SECONDS": 1,
            "trapstreet.plugins._smb.answers.SILENT_SECONDS": 1,
        }
    )

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.server = _present(samba)
        share = self.server.folder / "yards"
        self.place = share / token_hex(4)
        self.place.mkdir()
        self.url = f"smb://{self.server.user}@127.0.0.1:{self.server.port}/yards/{self.place.name}"
        self.options = {"password_file": self.secret("password", PASSWORD)}

    def put(self, path: str, content: bytes) -> None:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def remove(self, path: str) -> None:
        (self.place / path).unlink()

    def name(self, path: str) -> str:
        return f"smb://127.0.0.1:{self.server.port}/yards/{self.place.name}/{path}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        wrong = {"password_file": self.secret("wrong", WRONG)}
        yield {"url": self.url, **wrong}
        yield {"url": self.url.replace("//", "//nobody-", 1), **wrong}
