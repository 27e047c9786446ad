"""A desk to work at in tests: a fresh workspace, and the command line run in this process."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trapstreet.cli import run


@dataclass
class Desk:
    """A folder with a workspace in it; commands run as a user types them."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def run(self, *arguments: object) -> int:
        """The exit status; what was printed is in `out` and `err`."""
        self.capsys.readouterr()
        status = run([str(each) for each in arguments])
        self.out, self.err = self.capsys.readouterr()
        return status

    def do(self, command: str, *arguments: object, status: int = 0) -> str:
        """Run a command on the workspace, which must end with the status; its output."""
        ended = self.run(command, *arguments, "--workspace", self.workspace)
        assert ended == status, f"{command} ended with {ended}: {self.err}{self.out}"
        return self.out

    def json(self, command: str, *arguments: object, status: int = 0) -> Any:
        """The same, with --json."""
        return json.loads(self.do(command, *arguments, "--json", status=status))

    def refused(self, status: int, command: str, *arguments: object) -> str:
        """Run a command on the workspace that must fail with the status and nothing but one clear line.

        The line, which says what and what to do; with --json both are apart.
        """
        document = self.json(command, *arguments, status=status)["error"]
        assert self.do(command, *arguments, status=status) == ""
        (line,) = self.err.splitlines()
        assert document["status"] == status
        assert document["message"], line
        assert document["hint"], line
        said = f"{document['message']}: {document['hint']}"
        assert line == f"trapstreet: {' '.join(said.split())}"
        return line

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path
