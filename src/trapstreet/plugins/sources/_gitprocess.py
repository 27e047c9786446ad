"""Processes of git: what they are asked, what they say, and their end."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO, cast

STEP = 1 << 16


class Failed(Exception):
    """git ended with an error. said: its last words, which the other side may have written: for us alone."""

    def __init__(self, said: str) -> None:
        super().__init__("git failed")
        self.said = said


class Words(threading.Thread):
    """What a process says on its way: when it said something last, and its last words."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(daemon=True)
        self._stream, self.last, self.tail = stream, time.monotonic(), b""
        self.start()

    def run(self) -> None:
        with suppress(OSError, ValueError):
            while piece := os.read(self._stream.fileno(), STEP):
                self.last, self.tail = time.monotonic(), (self.tail + piece)[-4096:]


def ask(process: subprocess.Popen[bytes], names: Sequence[bytes]) -> None:
    """Writes names, one a line. Raises OSError where the process has ended."""
    asked = cast(BinaryIO, process.stdin)
    asked.write(b"".join(name + b"\n" for name in names))
    asked.flush()


def line_of(process: subprocess.Popen[bytes]) -> bytes:
    """The next line that it writes. Raises Failed where there is none."""
    line = cast(BinaryIO, process.stdout).readline(STEP)
    if not line.endswith(b"\n"):
        raise Failed("")
    return line[:-1]


def ended(process: subprocess.Popen[bytes]) -> None:
    """The process and whatever it started are gone, its pipes closed."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for each in (process.stdin, process.stdout, process.stderr):
        if each:
            with suppress(OSError):
                each.close()
