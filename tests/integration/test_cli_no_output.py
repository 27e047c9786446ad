"""Standard output that takes nothing: one line on standard error and status 4, with --json as without."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desk import workspace_in

MAIN = "from trapstreet.cli import main; main()"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace_in(tmp_path_factory.mktemp("desk")) / "workspace"


def ended(workspace: Path, *arguments: str, output: str) -> tuple[int, str]:
    """Status and standard error of `copy list`, its output redirected like this by a shell."""
    line = [sys.executable, "-c", MAIN, "copy", "list", *arguments, "--workspace", str(workspace)]
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {output}', "sh", *line],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize(
    ("output", "why"), [(">/dev/full", "the disk is full"), (">&-", "standard output is closed")]
)
def test_output_that_nothing_takes_is_one_line(
    workspace: Path, arguments: tuple[str, ...], output: str, why: str
) -> None:
    status, said = ended(workspace, *arguments, output=output)
    assert status == 4, said
    (line,) = said.splitlines()
    assert line.startswith(f"trapstreet: {why}: ")


def test_nobody_is_told_that_a_reader_went_away(workspace: Path) -> None:
    _, said = ended(workspace, "--json", output="| true")
    assert said == ""
