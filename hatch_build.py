"""Compiles the matcher's kernel with the machine's C compiler while the package is built."""

import os
import platform
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("src/trapstreet/index/kernel.c")
LIBRARY = SOURCE.with_name("_kernel.so")
FLAGS = ("-O3", "-std=c11", "-fPIC", "-shared", "-Wall", "-Wextra")


class KernelHook(BuildHookInterface[Any]):
    """Puts the library beside its source, for wheels and for the editable install.

    A machine without a working compiler gets a package in pure Python, and one line that says so: the kernel
    only makes the matcher faster.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name the wheel after the platform that the library is for."""
        if self.target_name != "wheel":
            return
        if failure := compile_kernel(Path(self.root)):
            self.app.display_warning(f"The matcher will run in plain Python: {failure}")
            return
        made = (path for path in builds() if (Path(self.root) / path).exists())
        build_data["artifacts"] += [path.as_posix() for path in made]
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform()}"


def builds() -> dict[Path, tuple[str, ...]]:
    """The libraries to compile and the flags of each, first the one that every such processor can run."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return {LIBRARY: ()}
    sse = ("-msse4.2", "-mpopcnt")
    avx2 = (*sse, "-mavx2", "-mbmi", "-mbmi2")
    avx512 = (*avx2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vbmi2")
    return {
        LIBRARY: sse,
        LIBRARY.with_name("_kernel-avx2.so"): avx2,
        LIBRARY.with_name("_kernel-avx512.so"): avx512,
    }


def compile_kernel(root: Path) -> str:
    """Compile the kernel of the source tree at `root`; why it failed in one line, or "" if it did not.

    Processes that have an earlier library open keep it; after a failure none is left. A compiler too old for
    a processor's instructions makes the libraries that it can.
    """
    for library in builds():
        (root / library).unlink(missing_ok=True)
    (first, flags), *others = builds().items()
    if failure := _compile(root, first, flags):
        return failure
    for library, flags in others:
        _compile(root, library, flags)
    return ""


def _compile(root: Path, library: Path, flags: tuple[str, ...]) -> str:
    """Compile one library; why it failed, or ""."""
    target = root / library
    made = target.with_suffix(f".{os.getpid()}")
    compiler = shlex.split(os.environ.get("CC") or "cc")
    command = [*compiler, *FLAGS, *flags, "-o", str(made), str(root / SOURCE)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        return f"{compiler[0]}: {error.strerror}"
    if ended.returncode:
        made.unlink(missing_ok=True)
        said = ended.stderr.strip().splitlines()
        return said[0] if said else f"{compiler[0]} ended with status {ended.returncode}"
    made.replace(target)
    return ""


def _platform() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
