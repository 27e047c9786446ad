"""A desk to work at in tests: a fresh workspace, and the command line run in this process."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trapstreet.app.workspace import Workspace
from trapstreet.cli import run
from trapstreet.store import disconnect


def workspace_in(folder: Path, *commands: Sequence[object]) -> Path:
    """The folder, with a `workspace` on which the commands were run; its confirmed kit costs 1 ms.

    For fixtures of a module: each test works on a copy of the folder, or changes nothing.
    """
    workspace, keys, kit = (folder / name for name in ("workspace", "keys", "kit.txt"))
    begun = ("init", workspace, "--keys", keys, "--kit", kit, "--kit-confirmed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        patch.setattr("trapstreet.keys.kit._LOG2_N", 8)
        for line in (begun, *((*command, "--workspace", workspace) for command in commands)):
            done(*line)
    return folder


def done(*line: object) -> None:
    """The command ends well."""
    assert run([str(each) for each in line]) == 0, line


def copy_of(made: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> "Desk":
    """A desk in the folder with all that was made in another, to be changed; its keys are its own, too."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    settings = folder / "workspace" / "trapstreet.toml"
    settings.write_text(settings.read_text().replace(str(made), str(folder)))
    return Desk(folder, capsys)


class Kept:
    """What lies in a folder, with a workspace in it, to be had again in the same place: paths stay true."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = shutil.copytree(folder, folder.with_name(f"{folder.name}-kept"))

    def again(self, capsys: pytest.CaptureFixture[str]) -> "Desk":
        """A desk there, as it was; what the last test made of it is gone."""
        disconnect()
        shutil.rmtree(self._folder)
        desk = Desk(shutil.copytree(self._kept, self._folder), capsys)
        Workspace.open(desk.workspace)
        return desk


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
