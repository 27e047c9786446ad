"""A place to run init, backup and restore in: an empty folder, an environment of its own, a cheap kit."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trapstreet.cli import run

PASSPHRASE = "five words on a card"


@dataclass
class Office:
    """A folder; commands run as a user types them, in this process."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def keys(self) -> Path:
        return self.folder.parent / "config" / "trapstreet" / "keys"

    def run(self, *arguments: object, status: int = 0) -> str:
        """What was printed, standard output before standard error; the exit status must be the given."""
        self.capsys.readouterr()
        ended = run([str(each) for each in arguments])
        out, err = self.capsys.readouterr()
        assert ended == status, f"{arguments} ended with {ended}: {err}{out}"
        return out + err

    def json(self, *arguments: object, status: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", status=status))

    def init(self, name: str = "ws") -> Path:
        """A workspace with a confirmed kit in kit.txt."""
        self.run("init", self.folder / name, "--kit", self.folder / "kit.txt", "--kit-confirmed")
        return self.folder / name

    def listing(self) -> set[str]:
        """Every file and folder, less what SQLite keeps beside an open database."""
        paths = (str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))
        return {path for path in paths if not path.endswith(("-wal", "-shm"))}
