"""The process in which parsers run: it confines itself, then runs one generator after the other.

Requests, from the parent: length u32 LE, msgpack [target, arguments]. The descriptors of files travel along
(SCM_RIGHTS); among the arguments the extension FILE stands for each, with its place among them, u8.
Frames, to the parent: kind u8, length u32 LE, msgpack. END says whether the process is fit for another call.
"""

import importlib
import os
import resource
import signal
import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import BinaryIO, NoReturn

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.sandbox import calls, confine
from trapstreet.sandbox.landlock import Ruleset

HEADER = struct.Struct("<BI")
REQUEST = struct.Struct("<I")
OBJECT, END, UNUSABLE, FAILED = range(4)
FILE = 0
MOST_FILES = 250
"""Files of one call; the kernel hands over no more than 253."""
IDLE = 60.0
"""Seconds without a call after which the process ends by itself."""

_MOST_CPU = 60


def live(line: socket.socket, limits: Mapping[str, int], growth: int, ruleset: Ruleset | None) -> NoReturn:
    """Answers calls until there are no more or one fails. The process must have been forked for it.

    growth  bytes of memory beyond what it was born with, with which it ends after a call
    """
    try:
        os.setsid()
        confine.dies_with_its_parent(signal.SIGKILL)
        confine.limit({**limits, "RLIMIT_CPU": _MOST_CPU + limits["RLIMIT_CPU"] + 2})
        confine.powerless()
        if ruleset:
            ruleset.apply()
        if calls.known():
            calls.refuse()
        _serve(line, limits["RLIMIT_CPU"], growth)
    except BaseException as error:  # noqa: BLE001  whatever it was, the parent is told, and this process ends
        with suppress(OSError):
            _report(line, error)
        os._exit(1)
    os._exit(0)


def _serve(line: socket.socket, seconds: int, growth: int) -> None:
    born = _memory()
    while (request := _request(line)) is not None:
        payload, files = request
        _allow(seconds)
        try:
            _answer(line, payload, files)
        except UnusableInput as error:
            _send(line, UNUSABLE, [error.message, error.hint])
        else:
            _send(line, END, _used() < _MOST_CPU and _memory() < born + growth)


def _request(line: socket.socket) -> tuple[bytes, list[BinaryIO]] | None:
    line.settimeout(IDLE)
    try:
        head, numbers, _, _ = socket.recv_fds(line, REQUEST.size, MOST_FILES, socket.MSG_CMSG_CLOEXEC)
    except TimeoutError:
        return None
    if not head:
        return None
    line.settimeout(None)
    [length] = REQUEST.unpack(head)
    payload = bytearray()
    while len(payload) < length:
        block = line.recv(length - len(payload))
        if not block:
            return None
        payload += block
    return bytes(payload), [os.fdopen(number, "rb") for number in numbers]


def _allow(seconds: int) -> None:
    """The processor's time counts from birth: whoever used some gets as much more. SIGXCPU ends the call."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(int(_used()) + 1 + seconds, hard), hard))


def _answer(line: socket.socket, payload: bytes, files: Sequence[BinaryIO]) -> None:
    with ExitStack() as opened:
        for file in files:
            opened.enter_context(file)
        target, arguments = msgspec.msgpack.decode(payload, ext_hook=lambda _, place: files[place[0]])
        module, _, name = target.partition(":")
        generator = getattr(importlib.import_module(module), name)
        for item in generator(*arguments):
            _send(line, OBJECT, item)


def _report(line: socket.socket, error: BaseException) -> None:
    """Sends what ended the generator: its kind and place, since a library's message may quote the data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals['__name__']}:{trace.tb_lineno}" if trace else ""
    _send(line, FAILED, [type(error).__name__, where])


_encoder = msgspec.msgpack.Encoder()


def _send(line: socket.socket, kind: int, item: object) -> None:
    frame = bytearray()
    _encoder.encode_into(item, frame, HEADER.size)
    HEADER.pack_into(frame, 0, kind, len(frame) - HEADER.size)
    line.sendall(frame)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
