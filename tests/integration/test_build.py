"""The package with and without a C compiler: what is built, and what users are told."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from trapstreet.index import native

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCES = ("src", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore")
LIBRARY = "trapstreet/index/_kernel.so"
REFERENCE = (
    "The matcher runs in plain Python, tens of times slower: "
    "no working C compiler was there when trapstreet was installed."
)
TABLE = "name,email,phone\nMary Murphy,mary@postbox.example,+353 87 123 4567\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The package's sources, apart from what is compiled."""
    copy = tmp_path / "tree"
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        else:
            shutil.copy(ROOT / name, copy / name)
    return copy


def run(*command: str | Path, cwd: Path, status: int = 0, **environment: str) -> str:
    """What the command said to both outputs; it must end with the status."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("TRAPSTREET_", "PYTHON"))}
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=own | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def build(tree: Path, target: str, **environment: str) -> tuple[Path, str]:
    """The one archive that was built, and what was said."""
    said = run("-m", "hatchling", "build", "-t", target, "-d", "dist", cwd=tree, **environment)
    (built,) = (tree / "dist").iterdir()
    return built, said


def test_a_wheel_built_with_a_compiler_holds_the_library_for_this_platform_only(tree: Path) -> None:
    wheel, said = build(tree, "wheel")
    assert "plain Python" not in said
    assert wheel.name.startswith("trapstreet-")
    assert "-py3-none-linux_" in wheel.name or "-py3-none-macosx_" in wheel.name
    with ZipFile(wheel) as archive:
        assert LIBRARY in archive.namelist()
        if platform.machine() == "x86_64":
            assert {f"trapstreet/index/{name}" for name in native.BUILDS} <= set(archive.namelist())
        (meta,) = (name for name in archive.namelist() if name.endswith("/WHEEL"))
        assert "Root-Is-Purelib: false" in archive.read(meta).decode()


@pytest.mark.parametrize("compiler", ["/bin/false", "no-such-compiler"])
def test_a_wheel_built_without_a_compiler_is_for_any_platform_and_says_why(tree: Path, compiler: str) -> None:
    left_over = tree / "src" / LIBRARY
    left_over.write_bytes(b"of an earlier build")
    wheel, said = build(tree, "wheel", CC=compiler)
    assert wheel.name.endswith("-py3-none-any.whl")
    (line,) = said.splitlines()[:-1]
    assert line.startswith(f"The matcher will run in plain Python: {compiler}")
    with ZipFile(wheel) as archive:
        assert LIBRARY not in archive.namelist()
    assert not left_over.exists()


def test_the_source_archive_holds_the_kernels_source_and_no_library(tree: Path) -> None:
    (tree / "src" / LIBRARY).write_bytes(b"compiled")
    archive, _ = build(tree, "sdist")
    with tarfile.open(archive) as members:
        names = {name.partition("/")[2] for name in members.getnames()}
    assert {"src/trapstreet/index/kernel.c", "hatch_build.py"} <= names
    assert f"src/{LIBRARY}" not in names


def test_an_install_without_a_compiler_finds_the_same_and_says_that_it_is_slow(
    tree: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    install = ("-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation")
    run(*install, "--disable-pip-version-check", "--target", site, tree, cwd=tmp_path, CC="/bin/false")

    def trapstreet(*arguments: str, status: int = 0) -> str:
        return run(
            site / "bin" / "trapstreet",
            *arguments,
            cwd=tmp_path,
            status=status,
            PYTHONPATH=str(site),
            TRAPSTREET_WORKSPACE=str(tmp_path / "workspace"),
            TRAPSTREET_KIT_PASSPHRASE="a passphrase for tests",
        )

    (tmp_path / "table.csv").write_text(TABLE)
    trapstreet("init", "workspace", "--keys", "keys", "--kit", "kit.txt", "--kit-confirmed")
    trapstreet("register", "table.csv", "--name", "customers")
    assert f"ok       matcher       {REFERENCE}" in trapstreet("doctor").splitlines()
    said = trapstreet("scan", "table.csv", status=1)
    assert said.splitlines().count(REFERENCE) == 1
