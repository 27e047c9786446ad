"""Compiles what is written in C, with the machine's C compiler, while the package is built."""

import os
import platform
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNEL = Path("src/trapstreet/index/kernel.c")
CLUES = Path("src/trapstreet/plugins/decoders/clues.c")
SLOWER = {
    KERNEL: "The matcher will run in plain Python",
    CLUES: "What is encoded will be looked for in plain Python",
}
"""What follows where a source is not compiled."""

FLAGS = ("-O3", "-std=c11", "-fPIC", "-shared", "-Wall", "-Wextra")


class Build(NamedTuple):
    """A library, what it is made of, and what its compiler is told beside FLAGS."""

    library: Path
    source: Path
    flags: tuple[str, ...]


class KernelHook(BuildHookInterface[Any]):
    """Puts the libraries beside their sources, for wheels and for the editable install.

    A machine without a working compiler gets a package in pure Python, and one line that says so: what is
    compiled only makes searches faster.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name the wheel after the platform that the libraries are for."""
        if self.target_name != "wheel":
            return
        failures = {source: compile_all(Path(self.root), source) for source in SLOWER}
        for source, failure in failures.items():
            if failure:
                self.app.display_warning(f"{SLOWER[source]}: {failure}")
                break
        made = [each.library for each in builds() if (Path(self.root) / each.library).exists()]
        if made:
            build_data["artifacts"] += [path.as_posix() for path in made]
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform()}"


def builds() -> list[Build]:
    """What to compile; of each source first what every processor can run."""
    kernel, clues = KERNEL.with_name("_kernel.so"), CLUES.with_name("_compiled.so")
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return [Build(kernel, KERNEL, ()), Build(clues, CLUES, ())]
    sse = ("-msse4.2", "-mpopcnt")
    avx2 = (*sse, "-mavx2", "-mbmi", "-mbmi2")
    avx512 = (*avx2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vbmi2")
    return [
        Build(kernel, KERNEL, sse),
        Build(KERNEL.with_name("_kernel-avx2.so"), KERNEL, avx2),
        Build(KERNEL.with_name("_kernel-avx512.so"), KERNEL, avx512),
        Build(clues, CLUES, sse),
    ]


def compile_all(root: Path, source: Path) -> str:
    """Compile a source of the tree at `root`; why it failed in one line, or "" if it did not.

    Processes that have an earlier library open keep it; after a failure none is left. A compiler too old for
    a processor's instructions makes the libraries that it can.
    """
    first, *others = (each for each in builds() if each.source == source)
    for each in (first, *others):
        (root / each.library).unlink(missing_ok=True)
    if failure := _compile(root, first):
        return failure
    for each in others:
        _compile(root, each)
    return ""


def _compile(root: Path, build: Build) -> str:
    """Compile one library; why it failed, or ""."""
    target = root / build.library
    made = target.with_suffix(f".{os.getpid()}")
    compiler = shlex.split(os.environ.get("CC") or "cc")
    command = [*compiler, *FLAGS, *build.flags, "-o", str(made), str(root / build.source)]
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
