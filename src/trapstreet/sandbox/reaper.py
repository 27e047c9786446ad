"""The process between the zygote and a child: it outlives the child, leaves nothing of it, says how it ended.

Where there are namespaces it is the first process of its own: nothing that the child started gets away.
"""

import os
import select
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

CODE = struct.Struct("<i")
"""How a child ended: its exit status, or minus the number of the signal."""


def reap(line: socket.socket, life: socket.socket, begin: Callable[[], NoReturn], *, apart: bool) -> NoReturn:
    """Forks the child that begins so; sends its CODE on `life` when it has ended, kills it when `life` ends.

    line   where the child takes requests
    apart  this is the first process of a namespace, all of which is to end
    """
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pid = os.fork()
    if not pid:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (reader, writer, life.fileno()):
            os.close(number)
        begin()
    line.close()  # it ends with the child
    with suppress(OSError):
        _await(pid, life, reader)
        _end(pid, apart=apart)
        status = os.waitpid(pid, 0)[1]
        with suppress(ChildProcessError):
            while apart:
                os.wait()  # what the child had started is its heir's now
        life.send(CODE.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _await(pid: int, life: socket.socket, woken: int) -> None:
    poll = select.poll()
    poll.register(life, select.POLLIN)
    poll.register(woken, select.POLLIN)
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        for number, _ in poll.poll():
            if number == woken:
                os.read(woken, 64)
            else:
                os.kill(pid, signal.SIGKILL)
                poll.unregister(life)


def _end(pid: int, *, apart: bool) -> None:
    """Kills what is left before the child is reaped, while its number is still its own."""
    with suppress(ProcessLookupError):
        if apart:
            os.kill(-1, signal.SIGKILL)
        else:
            os.killpg(pid, signal.SIGKILL)
