"""The parent's children: taken for one call, given back, used again, replaced when they are worn or fail."""

import atexit
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from weakref import WeakSet

import msgspec

from trapstreet.core.model.errors import PluginFailed
from trapstreet.sandbox import child, zygote
from trapstreet.sandbox.confine import Measures
from trapstreet.sandbox.reaper import CODE

MOST_CALLS = 500
"""Calls of one child: a parser that one input has hijacked sees no more inputs than that, and an import of
65 ms (pypdfium2) costs each of them 0.1 ms."""

_MOST_IDLE = max(8, 4 * (os.cpu_count() or 1))  # each thread may need some, of several limits
_START = 60.0  # seconds that a zygote or a child gets to begin
_END = 5.0  # seconds in which a killed child is gone, on a busy machine too
_SMALL = 1 << 19  # bytes that are on their way to the parent at most, where the system allows that


class Child:
    """A child in its parent's hands, one call's at a time."""

    def __init__(self, line: socket.socket, life: socket.socket, kind: tuple[object, ...]) -> None:
        self.line = line
        self.kind = kind
        self.calls = 0
        self.since = time.monotonic()
        self._life = life

    def ask(self, payload: bytes, files: Sequence[int], *, patience: float) -> None:
        """Sends a request with open files. Raises TimeoutError, or a ConnectionError if it died."""
        self.line.settimeout(patience)
        request = child.REQUEST.pack(len(payload)) + payload
        sent = socket.send_fds(self.line, [request], files)
        self.line.sendall(memoryview(request)[sent:])

    def receive(self, size: int) -> bytes:
        """Up to `size` of the bytes that have come; b"" when it has ended."""
        try:
            return self.line.recv(size)
        except ConnectionResetError:
            return b""

    def receive_into(self, view: memoryview) -> int:
        """How many bytes came, into `view`; 0 when it has ended."""
        try:
            return self.line.recv_into(view)
        except ConnectionResetError:
            return 0

    def code(self, patience: float) -> int | None:
        """How it ended, as in `reaper`; None if it lives on after some seconds."""
        self._life.settimeout(patience)
        try:
            told = self._life.recv(CODE.size)
        except TimeoutError:
            return None
        except OSError:
            told = b""
        return CODE.unpack(told)[0] if told else -signal.SIGKILL  # its reaper was killed, and took it along

    def usable(self) -> bool:
        """Whether it can be given a call: it is young, lives, and has sent nothing that nobody asked for."""
        poll = select.poll()
        poll.register(self.line, select.POLLIN)
        return time.monotonic() - self.since < child.IDLE / 2 and not poll.poll(0)

    def kill(self) -> None:
        """Ends it and whatever it started."""
        with suppress(OSError):
            self._life.shutdown(socket.SHUT_WR)
            self.code(_END)
        self.close()

    def close(self) -> None:
        self.line.close()
        self._life.close()


class Pool:
    """The children of this process, and the zygote that they come from, which starts with the first of them.

    Safe under threads. A process forked from this one has a pool of its own.
    """

    def __init__(self) -> None:
        self._idle = list[Child]()  # used by atomic steps, not under a lock: finalizers call us at any time
        self._all = WeakSet[Child]()
        self._starting = Lock()
        self._zygote: _Zygote | None = None

    def take(
        self, module: str, limits: Mapping[str, int], *, growth: int, folders: Sequence[str] = ()
    ) -> Child:
        """An idle child, or a new one. Raises PluginFailed."""
        kind = (module.partition(".")[0], *limits.values(), growth, *folders)
        for idle in reversed(self._idle):
            if idle.kind == kind:
                try:
                    self._idle.remove(idle)
                except ValueError:
                    continue  # another thread has it
                if idle.usable():
                    return idle
                idle.kill()
        return self._new(msgspec.msgpack.encode([module, limits, growth, folders]), kind)

    def give_back(self, used: Child) -> None:
        """After a call that ended well."""
        used.calls += 1
        used.since = time.monotonic()
        if used.calls >= MOST_CALLS:
            used.kill()
            return
        self._idle.append(used)
        while len(self._idle) > _MOST_IDLE:
            with suppress(IndexError):
                self._idle.pop(0).kill()

    def measures(self) -> Measures:
        """What confines children on this machine. Raises PluginFailed."""
        return self._living(None).measures

    def close(self) -> None:
        """Lets go of all children and the zygote, which end by that."""
        for each in list(self._all):
            each.close()
        if self._zygote:
            self._zygote.control.close()

    def _new(self, wanted: bytes, kind: tuple[object, ...]) -> Child:
        dead = None
        for _ in range(2):
            origin = self._living(dead)
            try:
                line, life = origin.fork(wanted)
            except OSError:
                dead = origin  # a zygote that somebody killed is replaced once
                continue
            made = Child(line, life, kind)
            self._all.add(made)
            return made
        raise _broken("its process is gone as soon as it has started")

    def _living(self, dead: "_Zygote | None") -> "_Zygote":
        with self._starting:
            if self._zygote is None or self._zygote is dead:
                if self._zygote:
                    self._zygote.control.close()
                self._zygote = _Zygote()
            return self._zygote


class _Zygote:
    """The zygote in its parent's hands."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = [sys.executable, "-PsSB", "-X", "utf8", zygote.__file__, str(theirs.fileno())]
        try:
            with theirs, tempfile.TemporaryDirectory(prefix="trapstreet-") as empty:
                starter = subprocess.Popen(
                    program,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # nobody reads it, so it can neither fill nor quote the data
                    cwd=empty,
                    env=_environment(),
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
                theirs.close()
                self.control.settimeout(_START)
                told = self.control.recv(zygote.LONGEST)
                starter.wait(_START)
            self.measures = msgspec.msgpack.decode(told, type=Measures)
        except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
            self.control.close()
            raise _broken("its process does not start") from error

    def fork(self, wanted: bytes) -> tuple[socket.socket, socket.socket]:
        """The ends of a child's line and life; `wanted` as the zygote reads it. Raises OSError if that is
        dead, else PluginFailed."""
        line, theirs = socket.socketpair()
        life, reaper = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, reaper:
                theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SMALL)
                socket.send_fds(self.control, [wanted], [theirs.fileno(), reaper.fileno()])
            life.settimeout(_START)
            told = life.recv(zygote.LONGEST)
            if not told:
                raise ConnectionResetError
            if told != zygote.BORN:
                raise _broken(f"it gets no process ({told.decode()})")
        except BaseException:
            line.close()
            life.close()
            raise
        return line, life


def _environment() -> dict[str, str]:
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PYTHONPATH": paths} | libraries


def _broken(why: str) -> PluginFailed:
    return PluginFailed(
        f"the sandbox, in which parsers run, cannot be used: {why}",
        hint="see that there is memory, and room for processes (ulimit -u)",
    )


_pool = Pool()


def pool() -> Pool:
    """The pool of this process."""
    return _pool


def _forked() -> None:
    global _pool  # noqa: PLW0603  a forked process must not use its parent's children
    _pool.close()
    _pool = Pool()


def _ended() -> None:
    _pool.close()


os.register_at_fork(after_in_child=_forked)
atexit.register(_ended)
