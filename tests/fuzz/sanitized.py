"""Builds what is written in C under the address and undefined-behaviour sanitizers, and attacks it.

Each build that hatch_build.py makes and this processor runs has its turn.

    python tests/fuzz/sanitized.py --seconds 140 [--seed 7]

Ends with another status than 0 if the compiler has no sanitizers, if a library was built without them, if a
sanitizer complains, or if C and Python differ. One process for each core, with a seed of its own: without a
seed it takes new ones, and prints them.
"""

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from trapstreet.index import native
from trapstreet.plugins.decoders import _native as clues

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))
from hatch_build import CLUES, KERNEL, builds  # noqa: E402


class Target(NamedTuple):
    """How a source is attacked: what puts texts into memory of their size, the attack, how it is loaded."""

    exact: str
    attack: str
    override: str
    usable: Callable[[Path], bool]


TARGETS = {
    KERNEL: Target("exact.c", "attack.py", native.OVERRIDE, lambda path: bool(native.loaded(path)[0])),
    CLUES: Target("exact_clues.c", "attack_clues.py", clues.OVERRIDE, lambda path: bool(clues.loaded(path))),
}
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
FLAGS = ("-std=c11", "-g", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror")
FIRST_CHECK = "__asan_init"


def main() -> int:
    """0, or the status of a process that found something."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    options = parser.parse_args()
    with TemporaryDirectory(prefix="trapstreet-fuzz-") as folder:
        libraries = []
        for place, (name, source, flags) in enumerate(builds()):
            target, library = TARGETS[source], Path(folder) / f"{place}.so"
            if supported(source, target, flags, Path(folder) / f"plain-{place}.so"):
                build(source, target, library, flags)
                libraries.append((name.name, target, library))
            else:
                print(f"{name.name} is for a newer processor than this one", flush=True)
        if {target for _, target, _ in libraries} != {*TARGETS.values()}:
            sys.exit("this processor does not run a build of everything")
        seconds = options.seconds / len(libraries)
        return max(attack(*each, seconds, options.seed) for each in libraries)


def supported(source: Path, target: Target, flags: Sequence[str], library: Path) -> bool:
    """Whether this processor runs what these flags make."""
    subprocess.run([compiler(), *FLAGS, *flags, "-o", library, ROOT / source], check=True)
    return target.usable(library)


def attack(name: str, target: Target, library: Path, seconds: float, seed: int) -> int:
    """0, or the status of a process that found something in one build."""
    print(f"attacking {name}", flush=True)
    attacks = [
        subprocess.Popen(
            [sys.executable, HERE / target.attack, str(each), str(seconds), f"{library}-{each}"],
            env=environment(target, library),
        )
        for each in range(seed, seed + (os.cpu_count() or 1))
    ]
    return max(abs(each.wait()) for each in attacks)


def build(source: Path, target: Target, library: Path, flags: Sequence[str]) -> None:
    """Compile a source; raises if that fails or if what came out is not sanitized."""
    where = f'-DSOURCE="{(ROOT / source).resolve()}"'
    command = [compiler(), *FLAGS, *SANITIZERS, *flags, where, "-o", library, HERE / target.exact]
    subprocess.run(command, check=True)
    symbols = subprocess.run(["nm", "-D", library], check=True, capture_output=True, text=True).stdout
    if FIRST_CHECK not in symbols:
        sys.exit(f"{library} was built without its sanitizers")


def environment(target: Target, library: Path) -> dict[str, str]:
    """Python's, with the sanitizers' run-time libraries first and every block of memory their own."""
    run_time = [_found("libasan.so"), _found("libubsan.so")]
    return os.environ | {
        target.override: str(library),
        "LD_PRELOAD": " ".join(run_time),
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(HERE.parent),
        "ASAN_OPTIONS": "detect_leaks=0:exitcode=99:malloc_context_size=2",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    }


def compiler() -> str:
    """The machine's C compiler."""
    return os.environ.get("CC") or "cc"


def _found(name: str) -> str:
    said = subprocess.run(
        [compiler(), f"-print-file-name={name}"], check=True, capture_output=True, text=True
    )
    path = said.stdout.strip()
    if path == name:
        sys.exit(f"{compiler()} has no {name}")
    return path


if __name__ == "__main__":
    sys.exit(main())
