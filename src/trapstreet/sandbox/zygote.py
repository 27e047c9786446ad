"""The program from which children are forked: it has one thread and the plain parts, and sees no input.

Its parent asks for a child with a message, msgpack [module, {resource: limit}, bytes it may grow by, folders
it may read], and two sockets (SCM_RIGHTS): on the first the child takes requests; the second is its life (see
`reaper`), on which comes BORN or why there is no child. When the parent has gone, so do all.
"""

import importlib
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec

import trapstreet
from trapstreet.sandbox import calls, child, confine, landlock
from trapstreet.sandbox.reaper import reap

BORN = b"born"
LONGEST = 1 << 16
"""Bytes of a message."""

_MOST_PROCESSES = 256  # of all children: a namespace counts its own; without one, all of the user's count


def main(control: socket.socket) -> None:
    """Goes on in a child, which is the first of its own namespaces where such are allowed."""
    apart = confine.namespaces()
    if not os.fork():
        _Zygote(control, apart=apart).serve()
    os._exit(0)


class _Zygote:
    def __init__(self, control: socket.socket, *, apart: bool) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for reapers
        self._control = control
        self._home = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC) if apart else None
        self._ruleset = landlock.Ruleset() if landlock.version() else None
        self._readable([Path(), Path(sys.base_prefix), *_libraries()])
        self._imported = set[str]()
        found = confine.Measures(landlock.version(), apart, calls.known())
        control.send(msgspec.msgpack.encode(found))

    def serve(self) -> None:
        decode = msgspec.msgpack.Decoder(tuple[str, dict[str, int], int, tuple[str, ...]]).decode
        while True:
            message, numbers, _, _ = socket.recv_fds(self._control, LONGEST, 2, socket.MSG_CMSG_CLOEXEC)
            if not message:
                return
            line, life = (socket.socket(fileno=number) for number in numbers)
            with line, life:
                module, limits, growth, folders = decode(message)
                self._import(module)
                try:
                    pid = self._fork()
                except OSError as error:
                    with suppress(OSError):
                        life.send((error.strerror or "no fork").encode())
                    continue
                if not pid:
                    self._reap(line, life, limits, growth, folders)

    def _import(self, module: str) -> None:
        """Once for all children. What the module lacks, the child will say."""
        if module in self._imported:
            return
        self._imported.add(module)
        with suppress(Exception):  # the child meets it again, and can tell of it
            importlib.import_module(module)
        package = sys.modules.get(module.partition(".")[0])
        places = getattr(package, "__path__", None) or [getattr(package, "__file__", None)]
        self._readable(Path(place) for place in places if place)

    def _readable(self, paths: Iterable[Path]) -> None:
        if self._ruleset:
            self._ruleset.readable(paths)

    def _fork(self) -> int:
        return os.fork() if self._home is None else confine.own_processes(self._home, os.fork)

    def _reap(
        self,
        line: socket.socket,
        life: socket.socket,
        limits: Mapping[str, int],
        growth: int,
        folders: Sequence[str],
    ) -> NoReturn:
        self._control.close()
        apart = self._home is not None
        if apart:
            limits = {**limits, "RLIMIT_NPROC": _MOST_PROCESSES}
        if self._home is not None:
            os.close(self._home)  # through it a child could get back
        ruleset = self._ruleset
        if ruleset and folders:
            ruleset = ruleset.widened(map(Path, folders))
        life.send(BORN)
        reap(line, life, partial(child.live, line, limits, growth, ruleset), apart=apart)


def _libraries() -> Iterator[Path]:
    """Where libraries lie. The folder of the user's own program is on the path as well, and is not read."""
    yield from map(Path, trapstreet.__path__)
    yield from (Path(path) for path in sys.path if Path(path).name in ("site-packages", "dist-packages"))
    yield from (Path(path) for path in os.environ.get("LD_LIBRARY_PATH", "").split(":") if path)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
