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
from hatch_build import builds  # noqa: E402

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
        libraries = {}
        for place, (name, flags) in enumerate(builds().items()):
            if supported(options.kernel, flags, Path(folder) / f"plain-{place}.so"):
                libraries[name.name] = Path(folder) / f"{place}.so"
                build(options.kernel, libraries[name.name], flags)
            else:
                print(f"{name.name} is for a newer processor than this one", flush=True)
        if not libraries:
            sys.exit("this processor runs no build of the kernel")
        seconds = options.seconds / len(libraries)
        return max(attack(name, library, seconds, options.seed) for name, library in libraries.items())


def supported(kernel: Path, flags: Sequence[str], library: Path) -> bool:
    """Whether this processor runs what these flags make."""
    subprocess.run([compiler(), *FLAGS, *flags, "-o", library, kernel], check=True)
    return loaded(library)[0] is not None


def attack(name: str, library: Path, seconds: float, seed: int) -> int:
    """0, or the status of a process that found something in one build."""
    print(f"attacking {name}", flush=True)
    attacks = [
        subprocess.Popen(
            [sys.executable, HERE / "attack.py", str(each), str(seconds), f"{library}-{each}"],
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
