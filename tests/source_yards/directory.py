"""A folder of this machine."""

from pathlib import Path
from typing import ClassVar

import pytest

from source_yards import AWKWARD, Yard


class Here(Yard):
    kind: ClassVar[str] = "directory"
    awkward: ClassVar[tuple[str, ...]] = (*AWKWARD, "not UTF-8 \udcff.txt")
    remote: ClassVar[bool] = False

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self._place = folder / "place"
        self._place.mkdir()
        self.url = str(self._place)

    def put(self, path: str, content: bytes) -> None:
        file = self._place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def remove(self, path: str) -> None:
        (self._place / path).unlink()
