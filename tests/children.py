"""Commands run as processes of their own, with what they cost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120.0

_PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
{before}
from trapstreet.cli import run
status = run(sys.argv[2:])
with open("/proc/self/status") as about, open(sys.argv[1], "w") as out:
    out.write(next(line.split()[1] for line in about if line.startswith("VmHWM")))
sys.exit(status)
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended; cpu in seconds, peak in bytes of memory."""

    status: int
    out: str
    err: str
    cpu: float
    peak: int


def program(log: Path, *arguments: object, before: str = "") -> list[str]:
    """The command line of a child; `before` is run first, and its peak memory is written to `log`."""
    return [sys.executable, "-c", _PROGRAM.format(before=before), str(log), *map(str, arguments)]


def ran(folder: Path, arguments: Sequence[object], *, before: str = "") -> Ended:
    """Run `trapstreet` with the arguments to its end."""
    log, out, err = (folder / f"child.{name}" for name in ("peak", "out", "err"))
    log.write_text("0")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            program(log, *arguments, before=before), cwd=folder, stdout=stdout, stderr=stderr
        )
        deadline = time.monotonic() + PATIENCE
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.005)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    cpu = ended[2].ru_utime + ended[2].ru_stime
    peak = int(log.read_text()) * 1024
    return Ended(
        process.returncode, out.read_text(errors="replace"), err.read_text(errors="replace"), cpu, peak
    )
