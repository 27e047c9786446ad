"""Builds the kernel under the address and undefined-behaviour sanitizers, and lets attack.py loose on it.

Each build that hatch_build.py makes and this processor runs has its turn.

    python tests/fuzz/sanitized.py --seconds 140 [--seed 7]

Ends with another status than 0 if the compiler has no sanitizers, if the library was built without them, if a
sanitizer complains, or if kernel and reference differ. One process for each core, with a seed of its own:
without a seed it takes new ones, and prints them.
"""

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from trapstreet.index.native import OVERRIDE, loaded

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))
from hatch_build import BUILDS  # noqa: E402

KERNEL = ROOT / "src/trapstreet/index/kernel.c"
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
FLAGS = ("-std=c11", "-g", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror")
FIRST_CHECK = "__asan_init"


def main() -> int:
    """0, or the status of a process that found something."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--kernel", type=Path, default=KERNEL, help="the C file")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="trapstreet-fuzz-") as folder:
        seconds = options.seconds / len(builds())
        return max(
            attack(options.kernel, flags, seconds, options.seed, Path(folder) / str(place))
            for place, flags in enumerate(builds())
        )


def builds() -> list[tuple[str, ...]]:
    """The flags of every build of the package's that this machine can run."""
    return [flags for library, flags in BUILDS.items() if loaded(ROOT / library)[0]]


def attack(kernel: Path, flags: Sequence[str], seconds: float, seed: int, folder: Path) -> int:
    """0, or the status of a process that found something in one build."""
    folder.mkdir()
    library = folder / "_kernel.so"
    build(kernel, library, flags)
    print(f"attacking {' '.join(flags)}", flush=True)
    attacks = [
        subprocess.Popen(
            [sys.executable, HERE / "attack.py", str(each), str(seconds), folder / str(each)],
            env=environment(library),
        )
        for each in range(seed, seed + (os.cpu_count() or 1))
    ]
    return max(abs(each.wait()) for each in attacks)


def build(kernel: Path, library: Path, flags: Sequence[str]) -> None:
    """Compile the kernel; raises if that fails or if what came out is not sanitized."""
    source = f'-DKERNEL="{kernel.resolve()}"'
    command = [compiler(), *FLAGS, *SANITIZERS, *flags, source, "-o", library, HERE / "exact.c"]
    subprocess.run(command, check=True)
    symbols = subprocess.run(["nm", "-D", library], check=True, capture_output=True, text=True).stdout
    if FIRST_CHECK not in symbols:
        sys.exit(f"{library} was built without its sanitizers")


def environment(library: Path) -> dict[str, str]:
    """Python's, with the sanitizers' run-time libraries first and every block of memory their own."""
    run_time = [_found("libasan.so"), _found("libubsan.so")]
    return os.environ | {
        OVERRIDE: str(library),
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
