"""Runs the parts of trapstreet as processes: starts them, starts them again, stops them in order.

A part says that it is ready and that it is well (trap/readiness); one that does so no longer is ended and
started again. A supervisor that is killed takes its parts with it (work/leash).
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from trapstreet.trap import readiness
from trapstreet.work.leash import GRACE

BEGINS_WITHIN = 120.0
"""Seconds that a part has to become ready: the worker may bring the registry up to date first."""
SILENT = 60.0
"""Seconds without a sign of life, after which a part hangs."""
STEADY = 60.0
"""Seconds that a part has to run before its end counts as its first."""
LONGEST_PAUSE = 60.0
TROUBLE = 3
"""Ends in a row after which people are told."""

_TURN, _WELL_EVERY = 0.1, 1.0
_PROGRAM = "from trapstreet.work import leash; leash.hold(); from trapstreet.cli import main; main()"
_CREDENTIALS = struct.Struct("3i")
_WONT = 2, 3
"""Exit statuses of a part that cannot begin as it is set up: wrong use, denied."""


@dataclass(frozen=True, slots=True)
class Part:
    """A command of trapstreet that goes on until it is told to stop.

    without  what variables of the environment begin with that it must not see
    """

    name: str
    command: tuple[str, ...]
    without: tuple[str, ...] = ()


class Told(Protocol):
    """Who hears of the parts."""

    def note(self, line: str) -> None:
        """Something happened."""

    def trouble(self, part: str, *, ends: int) -> None:
        """A part ended so many times in a row; called again with twice as many, and so on."""


@dataclass(slots=True)
class _Run:
    """A part as it runs, or waits to be started again at `again` (monotonic seconds)."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    again: float = 0.0
    began: float = 0.0
    heard: float = 0.0
    ready: bool = False
    ever_ready: bool = False
    ends: int = 0
    killed: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def supervise(parts: Sequence[Part], told: Told) -> int:
    """Run the parts until SIGTERM or SIGINT; then stop them, the first one first. The exit status.

    0 where all ended as they were told to, 1 where one had to be killed; that of a part that could not begin
    as it is set up: then the others are stopped.
    """
    stop = _Stop()
    with _ears() as ears:
        runs = [_Run(part, environment=_environment(part, ears)) for part in parts]
        try:
            status = _watch(runs, ears, told, stop)
        finally:
            readiness.tell(readiness.STOPPING)
            clean = [_stopped(run, told) for run in runs]
    return status or (0 if all(clean) else 1)


class _Stop:
    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


def _watch(runs: Sequence[_Run], ears: socket.socket, told: Told, stop: _Stop) -> int:
    ready, well_at = False, 0.0
    while not stop.asked:
        for run in runs:
            if run.process is None and time.monotonic() >= run.again:
                _start(run, told)
            elif run.process is not None and (status := run.process.poll()) is not None:
                if status in _WONT and not run.ever_ready:
                    return status
                _ended(run, status, told)
            else:
                _end_hanging(run, told)
        _hear(ears, runs)
        if not ready and all(run.ready for run in runs):
            ready = True
            readiness.tell(readiness.READY)
            told.note("all parts are ready")
        if time.monotonic() - well_at > _WELL_EVERY:
            well_at = time.monotonic()
            readiness.tell(readiness.WELL)
    return 0


def _start(run: _Run, told: Told) -> None:
    run.began = run.heard = time.monotonic()
    run.ready, run.killed = False, ""
    try:
        run.process = _process(run)
    except OSError as error:
        run.killed = error.strerror or type(error).__name__
        _ended(run, 1, told)


def _process(run: _Run) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *run.part.command],
        stdin=subprocess.PIPE,  # its leash; nothing is ever written
        env=dict(run.environment),
        start_new_session=True,  # Ctrl-C is for the supervisor, which stops the parts in order
    )


def _ended(run: _Run, status: int, told: Told) -> None:
    now = time.monotonic()
    _let_go(run)
    run.ends = 1 if run.ready and now - run.began > STEADY else run.ends + 1
    pause = min(LONGEST_PAUSE, 0.5 * 2 ** min(run.ends, 10))
    run.again = now + pause
    how = run.killed or (f"signal {-status}" if status < 0 else f"status {status}")
    told.note(f"{run.part.name} ended ({how}) and is started again in {pause:.0f} s")
    if run.ends >= TROUBLE and (run.ends // TROUBLE).bit_count() == 1 and run.ends % TROUBLE == 0:
        told.trouble(run.part.name, ends=run.ends)


def _end_hanging(run: _Run, told: Told) -> None:
    if run.process is None or run.killed:
        return
    limit = SILENT if run.ready else BEGINS_WITHIN
    if time.monotonic() - run.heard > limit:
        run.killed = f"it gave no sign of life for {limit:.0f} s"
        run.process.kill()


def _stopped(run: _Run, told: Told) -> bool:
    """Whether a part that runs ended by itself when it was told to."""
    if run.process is None:
        return True
    run.process.terminate()
    try:
        status = run.process.wait(GRACE)
    except subprocess.TimeoutExpired:
        told.note(f"{run.part.name} did not end within {GRACE:.0f} s and is killed")
        run.process.kill()
        status = run.process.wait()
    _let_go(run)
    return status in (0, -signal.SIGTERM)  # of one that had not begun


def _let_go(run: _Run) -> None:
    if run.process and run.process.stdin:
        run.process.stdin.close()
    run.process = None


def _environment(part: Part, ears: socket.socket) -> dict[str, str]:
    name: bytes = ears.getsockname()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(part.without)}
    return {**kept, readiness.VARIABLE: f"@{name[1:].decode()}"}


def _ears() -> socket.socket:
    """Where parts are heard: a socket with a name of the kernel's choice, which says who sent what."""
    ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ears.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    ears.bind("")
    ears.settimeout(_TURN)
    return ears


def _hear(ears: socket.socket, runs: Sequence[_Run]) -> None:
    """What parts said; waits a little for the first word."""
    until = time.monotonic() + _TURN
    with suppress(TimeoutError):
        while time.monotonic() < until:
            said, ancillary, *_ = ears.recvmsg(256, socket.CMSG_SPACE(_CREDENTIALS.size))
            senders = {
                _CREDENTIALS.unpack(data)[0] for *_, kind, data in ancillary if kind == socket.SCM_CREDENTIALS
            }
            for run in runs:
                if run.process and run.process.pid in senders:
                    run.heard = time.monotonic()
                    if readiness.READY.encode() in said.split(b"\n"):
                        run.ready = run.ever_ready = True
