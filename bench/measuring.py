"""What every benchmark shares: one core, commands measured as processes, figures held against promises."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

COMMAND = Path(sys.executable).with_name("trapstreet")
SEED = 2026
CUSTOMERS = 68_000
OWNED = 'domains = ["mail.harbourside.example", "inbox.quayside.example"]'


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took; peak_mb is the largest resident size of its processes, 0 for work in this one."""

    wall: float
    cpu: float
    peak_mb: float = 0
    output: str = field(default="", repr=False)


@dataclass(slots=True)
class Desk:
    """A temporary folder to measure in, pinned to one core, and the list of promises that were missed."""

    folder: Path
    quick: bool
    core: int
    missed: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def begin(self) -> None:
        """A workspace whose company owns two mail domains, with a confirmed kit."""
        init = ("init", self.workspace, "--keys", self.folder / "keys")
        self.run(*init, "--kit", self.folder / "kit.txt", "--kit-confirmed")
        settings = self.workspace / "trapstreet.toml"
        settings.write_text(settings.read_text().replace("domains = []", OWNED))

    def with_customers(self, count: int = CUSTOMERS) -> Path:
        """As `begin`, and a data set "customers" of so many made-up rows; the file that it is from."""
        self.begin()
        table = self.folder / "customers.csv"
        write_customers(table, count)
        self.run("register", table, "--name", "customers")
        return table

    def run(self, *arguments: str | Path, status: int = 0) -> Cost:
        """One command in a process of its own; an exit status other than `status` ends the benchmark."""
        began = time.perf_counter()
        with (self.folder / "output").open("w+") as output:
            child = subprocess.Popen(
                [COMMAND, *arguments], stdout=output, cwd=self.folder, env=self._environment()
            )
            _, ended, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - began
            child.returncode = os.waitstatus_to_exitcode(ended)
            output.seek(0)
            said = output.read()
        if child.returncode != status:
            sys.exit(f"trapstreet {arguments[0]} ended with status {child.returncode}, not {status}\n{said}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)

    def say(
        self,
        what: str,
        cost: Cost,
        *,
        seconds: float = inf,
        mb: float = inf,
        items: int = 0,
        megabytes: float = 0,
    ) -> None:
        """One line: what, its cost, how much was done per CPU second, whether the promised limits hold.

        seconds, mb       promised limits of wall time and peak memory
        items, megabytes  how many, or how much text, was worked on
        """
        limits = [f"{limit:g} {unit}" for limit, unit in ((seconds, "s"), (mb, "MB")) if limit < inf]
        kept = cost.wall <= seconds and cost.peak_mb <= mb
        facts = [
            f"{cost.peak_mb:.0f} MB" if cost.peak_mb else "",
            f"{items / cost.cpu:,.0f}/s" if items else "",
            f"{megabytes / cost.cpu:.1f} MB/s" if megabytes else "",
            f"promised {' and '.join(limits)}: {'kept' if kept else 'MISSED'}" if limits else "",
        ]
        print(
            f"{what:52}{cost.wall:7.2f} s{cost.cpu:7.2f} s CPU  {'  '.join(filter(None, facts))}",
            flush=True,
        )
        if not kept:
            self.missed.append(what)

    def _environment(self) -> dict[str, str]:
        """This environment with bytecode kept, as it is for users, and this workspace."""
        own = {
            key: value for key, value in os.environ.items() if not key.startswith(("TRAPSTREET_", "PYTHON"))
        }
        return own | {
            "TRAPSTREET_WORKSPACE": str(self.workspace),
            "TRAPSTREET_KIT_PASSPHRASE": "only for benchmarks",
        }


@contextmanager
def desk() -> Iterator[Desk]:
    """A desk, after one line with the conditions; ends the program with status 1 if a promise was missed.

    The program's only argument is --quick: less input, fewer runs.
    """
    if sys.argv[1:] not in ([], ["--quick"]):
        sys.exit(f"usage: {Path(sys.argv[0]).name} [--quick]")
    core = max(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    os.sched_setaffinity(0, {core})
    print(
        f"{_processor()}, core {core} of {os.cpu_count()}; Python {platform.python_version()};"
        f" load before {load:.2f}",
        flush=True,
    )
    with TemporaryDirectory(prefix="trapstreet-bench-") as folder:
        at = Desk(Path(folder), bool(sys.argv[1:]), core)
        at.run("--help")
        yield at
    if at.missed:
        sys.exit(f"missed: {'; '.join(at.missed)}")


def best_of(times: int, measure: Callable[[], Cost]) -> Cost:
    """The cheapest of several runs: whatever else the machine does can only add to the cost."""
    return min((measure() for _ in range(times)), key=lambda cost: cost.wall)


def timed(work: Callable[[], object]) -> Cost:
    """A piece of work in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def apart(work: Callable[..., None], *arguments: object) -> None:
    """The work in a process that goes away, so that this one stays small.

    A child's peak memory begins at its parent's, and Django's connection belongs to the process that made it.
    """
    process = get_context("fork").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{work.__name__} failed")


def write_customers(path: Path, count: int) -> None:
    """A CSV file of made-up customers, the same every time."""
    apart(_write_customers, path, count)


def _write_customers(path: Path, count: int) -> None:
    from trapstreet.app.demo.people import customers, write_rows

    write_rows(path, customers(count, seed=SEED))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
