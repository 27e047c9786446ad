"""Generators for the child: what parsers do when they are good, bad or hijacked."""

import ctypes
import errno
import os
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from trapstreet.core.model.errors import UnusableInput


def echo(*arguments: object) -> Iterator[object]:
    yield from arguments


def count(to: int) -> Iterator[object]:
    yield from range(to)


def blocks(number: int, size: int) -> Iterator[object]:
    for _ in range(number):
        yield b"x" * size


def opened(file: BinaryIO) -> Iterator[object]:
    yield file.read()


def surroundings() -> Iterator[object]:
    yield {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "environment": sorted(os.environ),
        "folder": [path.name for path in Path().iterdir()],
        "stdin": sys.stdin.read(),
        "descriptors": [number for number in range(64) if _is_open(number)],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    }


def writes(path: str) -> Iterator[object]:
    Path(path).write_bytes(b"x")
    yield None


def aborts() -> Iterator[object]:
    yield "first"
    os.abort()


def leaves() -> Iterator[object]:
    yield "first"
    os._exit(0)


def kills_itself(number: int) -> Iterator[object]:
    yield "first"
    os.kill(os.getpid(), number)


def loops() -> Iterator[object]:
    yield "first"
    while True:
        pass


def sleeps() -> Iterator[object]:
    yield "first"
    time.sleep(600)


def dawdles() -> Iterator[object]:
    for n in range(1000):
        time.sleep(0.05)
        yield n


def trickles() -> Iterator[object]:
    os.write(_frames(), struct.pack("<BI", 0, 1000))
    while True:
        time.sleep(0.02)
        os.write(_frames(), b"\0")
    yield None


def hogs() -> Iterator[object]:
    yield "first"
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


def grows(megabytes: int) -> Iterator[object]:
    hoard = bytearray(megabytes << 20)
    yield pid()
    del hoard


def shouts() -> Iterator[object]:
    for _ in range(2000):
        os.write(1, b"o" * 4096)
        os.write(2, b"e" * 4096)
    yield "heard"


def refuses() -> Iterator[object]:
    yield "first"
    raise UnusableInput("the sheet is \x1b[31mempty", hint="save it again")


def breaks() -> Iterator[object]:
    yield "first"
    raise KeyError("secret cell")


def forges(frame: bytes) -> Iterator[object]:
    os.write(_frames(), frame)
    yield "after"


def announces(length: int) -> Iterator[object]:
    os.write(_frames(), struct.pack("<BI", 0, length))
    yield "after"


def closes() -> Iterator[object]:
    os.close(_frames())
    time.sleep(600)
    yield None


def breeds() -> Iterator[object]:
    """A grandchild that left the session."""
    reader, writer = os.pipe()
    if not os.fork():
        os.setsid()
        os.write(writer, str(pid()).encode())
        time.sleep(600)
    yield int(os.read(reader, 20))
    time.sleep(600)


def ignores_signals() -> Iterator[object]:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    yield pid()
    while True:
        pass


def _frames() -> int:
    """The descriptor of the frames: the one socket that the child holds."""
    return next(n for n in range(3, 20) if _is_socket(n))


def _is_socket(number: int) -> bool:
    return _is_open(number) and stat.S_ISSOCK(os.fstat(number).st_mode)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def pid() -> int:
    """This process's number outside its namespace."""
    return int(Path("/proc/self").readlink().name)


def who() -> Iterator[object]:
    yield pid()


def works(milliseconds: int) -> Iterator[object]:
    """Uses so much of the processor's time."""
    end = time.process_time() + milliseconds / 1000
    while time.process_time() < end:
        pass
    yield pid()


def ready_to_die() -> Iterator[object]:
    yield pid()
    yield b"x" * (1 << 20)
    time.sleep(600)


def multiplies(to: int) -> Iterator[object]:
    """As many processes as there may be, each of a session of its own; their numbers."""
    reader, writer = os.pipe()
    started = 0
    try:
        for _ in range(to):
            if not os.fork():
                os.setsid()
                os.write(writer, struct.pack("<i", pid()))
                time.sleep(600)
            started += 1
    except OSError:
        pass
    told = b""
    while len(told) < 4 * started:
        told += os.read(reader, 4096)
    yield list(struct.unpack(f"<{started}i", told))
    time.sleep(600)


def tries(what: str, *arguments: str | int) -> Iterator[object]:
    """What became of something forbidden: the name of the error, or "done"."""
    try:
        _ATTEMPTS[what](*arguments)
    except OSError as error:
        yield errno.errorcode.get(error.errno or 0, "?")
    else:
        yield "done"


def _connect(family: int, kind: int, *address: str | int) -> None:
    with socket.socket(family, kind) as line:
        line.connect(address if len(address) > 1 else address[0])
        line.send(b"loot")


def _listen() -> None:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))


def _raise_limits() -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))
    except ValueError as refused:
        raise OSError(errno.EPERM, "") from refused


def _system_call(number: int, *values: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *values) == -1:
        raise OSError(ctypes.get_errno(), "")


_ATTEMPTS: dict[str, Callable[..., object]] = {
    "read": lambda path: Path(path).read_bytes(),
    "list": lambda path: list(Path(path).iterdir()),
    "write": lambda path: Path(path).write_bytes(b"loot"),
    "remove": lambda path: Path(path).unlink(),
    "link": lambda path: Path(path).symlink_to("/etc/passwd"),
    "run": lambda path: subprocess.run([path], check=True),
    "open to write": lambda path: os.open(path, os.O_RDWR),
    "open to all": lambda path: Path(path).chmod(0o777),
    "date": lambda path: os.utime(path, (0, 0)),
    "signal": lambda number: os.kill(number, signal.SIGUSR1),
    "tcp": lambda port: _connect(socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1", port),
    "udp": lambda port: _connect(socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1", port),
    "unix": lambda path: _connect(socket.AF_UNIX, socket.SOCK_STREAM, path),
    "listen": lambda *_: _listen(),
    "io_uring": lambda *_: _system_call(425, 8, 0),
    "root": lambda *_: os.setuid(0 if os.getuid() else 1),
    "chroot": lambda *_: os.chroot("/usr"),
    "raise limits": lambda *_: _raise_limits(),
    "priority": lambda *_: os.setpriority(os.PRIO_PROCESS, 0, -5),
}


def spoils(file: BinaryIO) -> Iterator[object]:
    """Tries to change a file that it was given, and its place in it."""
    failed = []
    for attempt in (
        lambda: os.write(file.fileno(), b"loot"),
        lambda: os.truncate(file.fileno(), 0),
        lambda: os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDWR),
        lambda: os.fchmod(file.fileno(), 0o777),
    ):
        try:
            attempt()
        except OSError as error:
            failed.append(errno.errorcode[error.errno or 0])
    file.seek(5)
    yield failed


def says_more(frames: bytes) -> Iterator[object]:
    """Ends well, and sends frames for the next call."""
    os.write(_frames(), struct.pack("<BI", 1, 1) + b"\xc3" + frames)
    time.sleep(600)
    yield None
