"""The fuzzer of tests/fuzz does not fuzz another kernel than the sanitized one and call that a success."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trapstreet.index import native

FUZZ = Path(__file__).parents[1] / "fuzz"


@pytest.mark.parametrize(
    ("kernel", "said"),
    [("", "the kernel that was loaded is not the sanitized one"), ("nowhere.so", "no kernel: ")],
)
def test_only_the_sanitized_kernel_is_fuzzed(tmp_path: Path, kernel: str, said: str) -> None:
    if not kernel and not native.load():
        pytest.skip(native.why_not())
    ended = subprocess.run(
        [sys.executable, FUZZ / "attack.py", "1", "0", tmp_path],
        env=os.environ | {"PYTHONPATH": str(FUZZ.parent), native.OVERRIDE: kernel},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(said)
