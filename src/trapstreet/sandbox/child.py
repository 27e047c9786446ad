"""The program that runs in the child: confines itself, runs one generator, sends what it yields.

It is started by its path, not imported, so that nothing is loaded before the limits stand. The parent imports
the layout of the frames from here.

Request, on standard input: msgpack [target, arguments, {resource: limit}].
Frames, on standard output: kind u8, length u32 LE, then that many bytes of msgpack.
"""

import importlib
import os
import resource
import struct
import sys
from collections.abc import Mapping
from io import FileIO
from types import TracebackType

import msgspec

from trapstreet.core.model.errors import UnusableInput

HEADER = struct.Struct("<BI")
OBJECT, END, UNUSABLE, FAILED = range(4)


def main() -> None:
    """Runs the generator that the request names; sends its objects, then END or the error it ended with."""
    target, arguments, limits = msgspec.msgpack.decode(sys.stdin.buffer.read())
    frames = FileIO(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between the frames
    sys.excepthook = lambda kind, error, trace: _report(frames, error, trace)
    _confine(limits)
    module, _, name = target.partition(":")
    generator = getattr(importlib.import_module(module), name)
    encode = msgspec.msgpack.Encoder().encode
    for item in generator(*arguments):
        _send(frames, OBJECT, encode(item))
    _send(frames, END, b"")


def _confine(limits: Mapping[str, int]) -> None:
    for name, limit in limits.items():
        number = getattr(resource, name)
        _, ceiling = resource.getrlimit(number)
        hard = limit + 1 if number == resource.RLIMIT_CPU else limit  # SIGXCPU first, then SIGKILL
        if ceiling != resource.RLIM_INFINITY:
            hard = min(hard, ceiling)
        resource.setrlimit(number, (min(limit, hard), hard))


def _report(frames: FileIO, error: BaseException, trace: TracebackType | None) -> None:
    """Sends what ended the generator. Only our own messages travel: a library's may quote the data."""
    if isinstance(error, UnusableInput):
        _send(frames, UNUSABLE, msgspec.msgpack.encode([error.message, error.hint]))
        return
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals['__name__']}:{trace.tb_lineno}" if trace else ""
    _send(frames, FAILED, msgspec.msgpack.encode([type(error).__name__, where]))


def _send(frames: FileIO, kind: int, payload: bytes) -> None:
    rest = memoryview(HEADER.pack(kind, len(payload)) + payload)
    while rest:
        rest = rest[frames.write(rest) :]


if __name__ == "__main__":
    main()
