"""Whether the compiled search for encodings can be used: never a library of another version, or none."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from trapstreet.plugins.decoders import _native
from trapstreet.plugins.decoders._clues import Sign

THIS_VERSION = f"unsigned clues_abi(void) {{ return {_native.ABI}; }}"
UNUSABLE = {
    "another version": "unsigned clues_abi(void) { return 0; } int clues_supported(void) { return 1; }",
    "another processor": f"{THIS_VERSION} int clues_supported(void) {{ return 0; }}",
    "half of it": THIS_VERSION,
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_library_that_cannot_be_used_is_left_alone(tmp_path: Path, what: str) -> None:
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    source, library = tmp_path / "clues.c", tmp_path / "clues.so"
    source.write_text(UNUSABLE[what])
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    assert _native.loaded(library) is None


def test_a_damaged_library_is_no_crash(tmp_path: Path) -> None:
    library = tmp_path / "clues.so"
    library.write_bytes(b"no library")
    assert _native.loaded(library) is None
    assert _native.loaded(tmp_path / "nowhere.so") is None


def test_python_and_what_is_compiled_have_the_same_structure() -> None:
    library = _native.load()
    if library is None:
        pytest.skip("no C compiler was there")
    assert library.clues_size() == ctypes.sizeof(_native.Config)


@pytest.mark.parametrize("sign", [b"\0", "ü".encode()])
def test_characters_that_there_is_no_room_for_are_refused(sign: bytes) -> None:
    with pytest.raises(ValueError, match="than there is room for"):
        _native.config((Sign(sign, then=b"0"),))
