"""A call, from the parent's side: asks a child, takes its frames in time, parts with it as it deserves."""

import select
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import IO

import msgspec

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.sandbox import child as protocol
from trapstreet.sandbox.confine import Measures
from trapstreet.sandbox.pool import Child, pool

Argument = str | int | bytes | IO[bytes]
"""What can be handed to the generator. An open file arrives as an open binary file at its beginning, for
reading only and with a place of its own; it needs a descriptor (a temporary file without a name has one)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use; whoever goes beyond is killed.

    memory   bytes of address space
    cpu      seconds of processor time
    silence  seconds that the parent waits for one object
    waiting  seconds that the parent waits for the child altogether; the consumer's own time does not count
    frame    bytes of one object as msgpack
    files    open descriptors
    growth   bytes that a child may have grown by and still serve another call
    folders  that it may read beside the libraries
    """

    memory: int = 2 << 30
    cpu: int = 120
    silence: float = 60.0
    waiting: float = 600.0
    frame: int = 16 << 20
    files: int = 64
    growth: int = 256 << 20
    folders: tuple[str, ...] = ()

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
_GRACE = 3.0  # seconds that a child which closed its line gets to end by itself, so that its death has a name
_HINT = "the input may be damaged or made to break parsers; nothing else is affected"
_BLOCK = 1 << 16


def stream(target: str, *args: Argument, limits: Limits = _ORDINARY) -> Iterator[object]:
    """Yields what the generator function "package.module:function" yields in a disposable process.

    Objects are what msgpack holds: None, bool, int, float, str, bytes, list, dict; dates, decimals and tuples
    come back as texts and lists. The child imports what the parent can import, but has no environment, no
    input, no other output, an empty folder to stand in and, as far as the system allows it (`measures`), no
    network and none of the user's files. The line holds it back while the consumer is busy; closing or
    dropping the iterator kills it. After a good end it serves further calls, one at a time.
    Cost on a busy machine: 0.1 ms; 15 ms where a child has to be made, and what it imports; 350 ms for the
    first of a process. 3 µs an object, 1.5 GB for each second of processor time in blocks: yield batches.
    Raises UnusableInput if the generator did; PluginFailed if it failed otherwise, died, or broke a limit.
    """
    with _calling(target, args, limits) as call:
        while (item := call.take()) is not None:
            yield item[0]


def measures() -> Measures:
    """What confines children on this machine. Raises PluginFailed if none can be started."""
    return pool().measures()


@contextmanager
def _calling(target: str, args: Sequence[Argument], limits: Limits) -> Iterator["_Call"]:
    module = target.partition(":")[0]
    with ExitStack() as opened:
        files = [opened.enter_context(_anew(arg)) for arg in args if not isinstance(arg, str | int | bytes)]
        origin = pool()
        child = origin.take(module, limits.resources(), growth=limits.growth, folders=limits.folders)
        call = _Call(child, module.rpartition(".")[2].lstrip("_"), limits)
        try:
            call.ask(target, args, [file.fileno() for file in files])
            opened.close()
            yield call
        finally:
            if call.fit:
                origin.give_back(child)
            else:
                child.kill()


def _anew(file: IO[bytes]) -> IO[bytes]:
    return open(f"/dev/fd/{file.fileno()}", "rb", buffering=0)  # noqa: PTH123


class _Call:
    """The frames of one call, each checked against the limits before it is decoded.

    fit  it ended well, and the child can be called again
    """

    def __init__(self, child: Child, plugin: str, limits: Limits) -> None:
        self.fit = False
        self._child = child
        self._plugin = plugin
        self._limits = limits
        self._poll = select.poll()
        self._poll.register(child.line, select.POLLIN)
        self._block = b""
        self._at = 0  # of the block, what is before this was taken
        self._patience = limits.waiting

    def ask(self, target: str, args: Sequence[Argument], files: Sequence[int]) -> None:
        """Sends the request. Raises PluginFailed."""
        numbers = count()
        values = [
            arg
            if isinstance(arg, str | int | bytes)
            else msgspec.msgpack.Ext(protocol.FILE, b"%c" % next(numbers))
            for arg in args
        ]
        payload = msgspec.msgpack.encode([target, values])
        try:
            with suppress(ConnectionError):  # `take` will say how it died
                self._child.ask(payload, files, patience=min(self._limits.silence, self._patience))
        except TimeoutError as error:
            raise self._failed("kept us waiting too long") from error

    def take(self) -> tuple[object] | None:
        """The next object, in a tuple because it may be None itself; None at the proper end."""
        began = time.monotonic()
        deadline = began + min(self._limits.silence, self._patience)
        kind, length = protocol.HEADER.unpack(self._bytes(protocol.HEADER.size, deadline))
        if length > self._limits.frame:
            raise self._failed(f"sent an object of {length:,} bytes, more than {self._limits.frame:,}")
        payload = self._bytes(length, deadline)
        self._patience -= time.monotonic() - began
        try:
            item = msgspec.msgpack.decode(payload)
        except (ValueError, RecursionError) as broken:
            raise self._failed("sent something that cannot be decoded") from broken
        if kind == protocol.OBJECT:
            return (item,)
        if kind == protocol.END:
            self.fit = item is True and self._at == len(self._block)
            return None
        raise self._reported(kind, item)

    def _bytes(self, size: int, deadline: float) -> bytes | bytearray:
        if len(self._block) - self._at >= size:
            self._at += size
            return self._block[self._at - size : self._at]
        taken = bytearray(size)
        with memoryview(taken) as view:
            filled = self._rest(view)
            while filled < size:
                self._await(deadline)
                if size - filled >= _BLOCK:
                    count = self._child.receive_into(view[filled:])
                else:
                    self._block, self._at = self._child.receive(_BLOCK), 0
                    count = self._rest(view[filled:])
                if not count:
                    raise self._died()
                filled += count
        return taken

    def _rest(self, view: memoryview) -> int:
        """Moves to `view` what was received and not taken yet; how many bytes."""
        part = self._block[self._at : self._at + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _await(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not self._poll.poll(left * 1000):
            raise self._failed("kept us waiting too long")

    def _died(self) -> PluginFailed:
        code = self._child.code(_GRACE)
        if code is None:
            return self._failed("closed its output in the middle")
        if code == -signal.SIGXCPU:
            return self._failed(f"used more than {self._limits.cpu} s of processor time")
        return self._failed(f"died ({_signal(-code) if code < 0 else f'status {code}'})")

    def _reported(self, kind: int, report: object) -> UnusableInput | PluginFailed:
        match kind, report:
            case protocol.UNUSABLE, [str() as message, str() as hint]:
                self.fit = self._at == len(self._block)
                return UnusableInput(_printable(message), hint=_printable(hint))
            case protocol.FAILED, ["MemoryError", str()]:
                return self._failed(f"needed more than {self._limits.memory >> 20} MB of memory")
            case protocol.FAILED, [str() as name, str() as where]:
                return self._failed(_printable(f"failed ({name} at {where})"))
        return self._failed("sent something that is no object")

    def _failed(self, how: str) -> PluginFailed:
        return PluginFailed(f"the {self._plugin} parser {how}", hint=_HINT)


def _signal(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def _printable(text: str) -> str:
    """One short line whatever a hijacked child sent."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:500])
