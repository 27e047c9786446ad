"""The parent's side: starts the child, takes its frames in time, and always ends it."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.sandbox import child as protocol

Argument = str | int | bytes | IO[bytes]
"""What can be handed to the generator. An open file arrives as a path under which the child opens it anew,
from its beginning; it needs a descriptor (a temporary file without a name has one)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use; whoever goes beyond is killed.

    memory   bytes of address space
    cpu      seconds of processor time
    silence  seconds that the parent waits for one object
    waiting  seconds that the parent waits for the child altogether; the consumer's own time does not count
    frame    bytes of one object as msgpack
    files    open descriptors
    """

    memory: int = 2 << 30
    cpu: int = 120
    silence: float = 60.0
    waiting: float = 600.0
    frame: int = 16 << 20
    files: int = 64

    def resources(self) -> dict[str, int]:
        """The limits that the kernel holds, as the `resource` module names them; no file can be written."""
        return {
            "RLIMIT_AS": self.memory,
            "RLIMIT_CPU": self.cpu,
            "RLIMIT_FSIZE": 0,
            "RLIMIT_CORE": 0,
            "RLIMIT_NOFILE": self.files,
        }


_ORDINARY = Limits()
_GRACE = 1.0  # seconds that a child which closed its pipe gets to end by itself, so that its death has a name
_HINT = "the input may be damaged or made to break parsers; nothing else is affected"


def stream(target: str, *args: Argument, limits: Limits = _ORDINARY) -> Iterator[object]:
    """Yields what the generator function "package.module:function" yields in a disposable process.

    Objects are what msgpack holds: None, bool, int, float, str, bytes, list, dict; dates, decimals and tuples
    come back as texts and lists. The child imports what the parent can import, but has no environment, no
    input, no other output, and an empty folder to stand in. The pipe holds it back while the consumer is
    busy; closing or dropping the iterator kills it.
    Cost: 40 ms to start and end, 4 µs an object, 1 GB/s in blocks of 64 KiB (one core): yield batches.
    Raises UnusableInput if the generator did; PluginFailed if it failed otherwise, died, or broke a limit.
    """
    plugin = target.partition(":")[0].rpartition(".")[2]
    with _child(target, args, limits) as process:
        frames = _Frames(process, plugin, limits)
        while (item := frames.take()) is not None:
            yield item[0]


@contextmanager
def _child(target: str, args: tuple[Argument, ...], limits: Limits) -> Iterator[subprocess.Popen[bytes]]:
    values = [arg if isinstance(arg, str | int | bytes) else f"/dev/fd/{arg.fileno()}" for arg in args]
    request = msgspec.msgpack.encode([target, values, limits.resources()])
    with tempfile.TemporaryDirectory(prefix="trapstreet-") as empty:
        process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-S", "-B", "-X", "utf8", protocol.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # nobody reads it, so it can neither fill nor quote the data
            bufsize=0,
            cwd=empty,
            env=_environment(),
            pass_fds=[arg.fileno() for arg in args if not isinstance(arg, str | int | bytes)],
            start_new_session=True,
        )
        try:
            with suppress(BrokenPipeError), _pipe(process.stdin) as stdin:
                rest = memoryview(request)
                while rest:
                    rest = rest[stdin.write(rest) :]
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # before it is reaped: the number is still its own
            _pipe(process.stdout).close()
            process.wait()


def _environment() -> dict[str, str]:
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PYTHONPATH": paths} | libraries


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:  # Popen was asked for both pipes
        raise AssertionError("the child has no pipe")
    return end


class _Frames:
    """The child's frames, each checked against the limits before it is decoded."""

    def __init__(self, process: subprocess.Popen[bytes], plugin: str, limits: Limits) -> None:
        self._process = process
        self._plugin = plugin
        self._limits = limits
        self._fd = _pipe(process.stdout).fileno()
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._buffer = bytearray()
        self._patience = limits.waiting

    def take(self) -> tuple[object] | None:
        """The next object, in a tuple because it may be None itself; None at the proper end."""
        began = time.monotonic()
        deadline = began + min(self._limits.silence, self._patience)
        kind, length = protocol.HEADER.unpack(self._bytes(protocol.HEADER.size, deadline))
        if length > self._limits.frame:
            raise self._failed(f"sent an object of {length:,} bytes, more than {self._limits.frame:,}")
        payload = self._bytes(length, deadline)
        self._patience -= time.monotonic() - began
        if kind == protocol.END:
            return None
        try:
            item = msgspec.msgpack.decode(payload)
        except (ValueError, RecursionError) as broken:
            raise self._failed("sent something that cannot be decoded") from broken
        if kind == protocol.OBJECT:
            return (item,)
        raise self._reported(kind, item)

    def _bytes(self, size: int, deadline: float) -> bytes:
        while len(self._buffer) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                raise self._failed("kept us waiting too long")
            block = os.read(self._fd, 1 << 18)
            if not block:
                raise self._died()
            self._buffer += block
        with memoryview(self._buffer) as view:
            taken = bytes(view[:size])
        del self._buffer[:size]
        return taken

    def _died(self) -> PluginFailed:
        try:
            status = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            return self._failed("closed its output in the middle")
        if status == -signal.SIGXCPU:
            return self._failed(f"used more than {self._limits.cpu} s of processor time")
        return self._failed(f"died ({signal.Signals(-status).name if status < 0 else f'status {status}'})")

    def _reported(self, kind: int, report: object) -> UnusableInput | PluginFailed:
        match kind, report:
            case protocol.UNUSABLE, [str() as message, str() as hint]:
                return UnusableInput(_printable(message), hint=_printable(hint))
            case protocol.FAILED, ["MemoryError", str()]:
                return self._failed(f"needed more than {self._limits.memory >> 20} MB of memory")
            case protocol.FAILED, [str() as name, str() as where]:
                return self._failed(_printable(f"failed ({name} at {where})"))
        return self._failed("sent something that is no object")

    def _failed(self, how: str) -> PluginFailed:
        return PluginFailed(f"the {self._plugin} parser {how}", hint=_HINT)


def _printable(text: str) -> str:
    """One short line whatever a hijacked child sent."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:500])
