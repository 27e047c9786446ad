"""Generators for the child: what parsers do when they are good, bad or hijacked."""

import os
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from trapstreet.core.model.errors import UnusableInput


def echo(*arguments: object) -> Iterator[object]:
    yield from arguments


def count(to: int) -> Iterator[object]:
    yield from range(to)


def blocks(number: int, size: int) -> Iterator[object]:
    for _ in range(number):
        yield b"x" * size


def opened(path: str) -> Iterator[object]:
    yield Path(path).read_bytes()


def surroundings() -> Iterator[object]:
    yield {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "environment": sorted(os.environ),
        "folder": [path.name for path in Path().iterdir()],
        "stdin": sys.stdin.read(),
        "descriptors": sorted(int(path.name) for path in Path("/dev/fd").iterdir()),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    }


def writes() -> Iterator[object]:
    Path("loot").write_bytes(b"x")
    yield None


def aborts() -> Iterator[object]:
    yield "first"
    os.abort()


def leaves() -> Iterator[object]:
    yield "first"
    os._exit(0)


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
    grandchild = subprocess.Popen(["/bin/sleep", "600"])
    yield grandchild.pid
    time.sleep(600)


def ignores_signals() -> Iterator[object]:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    yield os.getpid()
    while True:
        pass


def _frames() -> int:
    """The descriptor of the frames: the one pipe that the child holds for writing."""
    return next(n for n in range(3, 20) if _is_pipe(Path(f"/dev/fd/{n}")))


def _is_pipe(path: Path) -> bool:
    return path.exists() and str(path.readlink()).startswith("pipe:")
