"""A source whose contract is skipped fails where its server has to be there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONTRACT = Path(__file__).parents[1] / "contract"

SKIPPED = {
    "in the test": "def test_it_lists(): pytest.skip('no server')",
    "by a mark": "@pytest.mark.skip\ndef test_it_lists(): ...",
    "in a fixture": "@pytest.fixture\ndef yard(): pytest.skip('no server')\ndef test_it_lists(yard): ...",
    "by a mark that expects a failure": "@pytest.mark.xfail\ndef test_it_lists(): assert False",
}


def ended(how: str, required: str, folder: Path) -> subprocess.CompletedProcess[str]:
    assert (CONTRACT / "test_sources_contract.py").exists()
    shutil.copy(CONTRACT / "conftest.py", folder)
    (folder / "test_sources_contract.py").write_text(f"import pytest\n\n{SKIPPED[how]}\n")
    quick = {"TRAPSTREET_REQUIRE_SERVERS": required, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."],
        cwd=folder,
        env=os.environ | quick,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("how", SKIPPED)
def test_a_promise_of_a_source_that_is_skipped_fails_where_servers_are_required(
    how: str, tmp_path: Path
) -> None:
    run = ended(how, "1", tmp_path)
    assert run.returncode == 1, run.stdout
    assert "a promise of this source was not tested" in run.stdout


def test_elsewhere_it_is_skipped(tmp_path: Path) -> None:
    assert ended("in the test", "", tmp_path).returncode == 0
