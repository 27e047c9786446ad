"""Whether the compiled kernel can be used, and what is said where it cannot."""

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from trapstreet.index import kernel_abi as abi
from trapstreet.index import native

THIS_VERSION = f"uint32_t ts_abi(void) {{ return {native.ABI}; }}"
REASONS = {
    "uint32_t ts_abi(void) { return 0; } int ts_supported(void) { return 1; }": "of another version",
    f"{THIS_VERSION} int ts_supported(void) {{ return 0; }}": "for a newer processor",
    THIS_VERSION: "does not load",
}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the kernel is looked for."""
    path = tmp_path / "kernel.so"
    monkeypatch.setenv(native.OVERRIDE, str(path))
    native._kernel.cache_clear()
    yield path
    native._kernel.cache_clear()


def compile_into(library: Path, source: str) -> None:
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    text = library.with_suffix(".c")
    text.write_text(f"#include <stdint.h>\n{source}\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, text], check=True)


def test_a_kernel_of_this_version_is_loaded_once_and_nothing_is_remarked(library: Path) -> None:
    compile_into(library, f"{THIS_VERSION} int ts_supported(void) {{ return 1; }}")
    assert native.load() is not None
    assert native.load() is native.load()
    assert native.name() == library.name
    assert native.remark() == ""


@pytest.mark.parametrize(("source", "reason"), REASONS.items())
def test_a_kernel_that_cannot_be_used_is_left_alone_with_a_reason(
    library: Path, source: str, reason: str
) -> None:
    compile_into(library, source)
    assert native.load() is None
    assert reason in native.why_not()


def test_the_quickest_library_that_this_processor_knows_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(native.OVERRIDE, raising=False)
    monkeypatch.setattr(native, "__file__", str(tmp_path / "native.py"))
    for name, supported in zip(native.BUILDS, (0, 1, 1), strict=True):
        compile_into(tmp_path / name, f"{THIS_VERSION} int ts_supported(void) {{ return {supported}; }}")
    native._kernel.cache_clear()
    assert native.name() == native.BUILDS[1]
    native._kernel.cache_clear()


def test_a_damaged_library_is_no_crash(library: Path) -> None:
    library.write_bytes(b"no library")
    assert native.load() is None
    assert "does not load" in native.why_not()


def test_without_a_library_users_are_told_in_one_sentence(library: Path) -> None:
    assert native.load() is None
    assert native.remark() == (
        "The matcher runs in plain Python, tens of times slower: "
        "no working C compiler was there when trapstreet was installed."
    )


def test_python_and_the_kernel_have_the_same_structures() -> None:
    library = native.load()
    if library is None:
        pytest.skip(f"no kernel: {native.why_not()}")
    library.ts_size.restype = ctypes.c_uint64
    structures = (abi.Config, abi.Table, abi.Automaton, abi.Ending, abi.Results)
    arrays = (abi.HIT, abi.CANDIDATE, abi.SAMPLE)
    sizes = [
        *map(ctypes.sizeof, structures),
        *(each.itemsize for each in arrays),
        ctypes.sizeof(abi.MonthWord),
    ]
    assert [library.ts_size(at) for at in range(len(sizes) + 1)] == [*sizes, 0]
