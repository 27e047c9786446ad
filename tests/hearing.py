"""A listener of the trap on loopback, in a thread of its own, and an ear that keeps what it hears."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import uvloop

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.hit import Hit
from trapstreet.plugins.listeners import Kind, Listening

_PATIENCE = 20


class Ear:
    """Hears hits.

    hits     what was heard, in order
    failing  it can keep nothing: a disk that is full
    holding  it takes its time: nothing is kept until `release`
    counting it counts hits instead of keeping each
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.hits: list[Hit] = []
        self.ports: dict[str, int] = {}
        self.failing = False
        self.holding = False
        self.counting = False
        self._loop = loop
        self._held: list[asyncio.Future[bool]] = []

    def hear(self, hit: Hit, *, forgeable: bool = False) -> "asyncio.Future[bool]":
        kept = self._loop.create_future()
        if self.failing:
            kept.set_exception(OSError(28, "No space left on device"))
            return kept
        self.hits.append(hit)
        if self.holding:
            self._held.append(kept)
        else:
            self._loop.call_soon(_keep, kept, not self.counting)
        return kept

    def release(self) -> None:
        """What was held is kept now."""
        self.holding = False
        held, self._held = self._held, []
        for kept in held:
            self._loop.call_soon_threadsafe(_keep, kept)

    def wait(self, count: int) -> list[Hit]:
        """The hits, once there are so many; fewer after some seconds."""
        wait_for(lambda: len(self.hits) >= count)
        return self.hits


def facts(hit: Hit, label: str) -> list[bytes]:
    """All facts of a hit under a label."""
    return [value for name, value in hit.facts if name == label]


def wait_for(reached: Callable[[], bool]) -> bool:
    """Whether something came true within some seconds."""
    until = time.monotonic() + _PATIENCE
    while not (there := reached()) and time.monotonic() < until:
        time.sleep(0.005)
    return there


@contextmanager
def heard(kind: Kind, settings: msgspec.Struct, *, loop: Any = uvloop.new_event_loop) -> Iterator[Ear]:
    """The ear of a listener that is open meanwhile."""
    started: list[Ear | BaseException] = []
    ready = threading.Event()
    stop: list[Callable[[], None]] = []

    async def serve() -> None:
        running, end = asyncio.get_running_loop(), asyncio.Event()
        ear = Ear(running)
        try:
            listening = await _open(kind, settings, ear)
        except BaseException as error:  # noqa: BLE001
            started.append(error)
            ready.set()
            return
        ear.ports = dict(listening.ports)
        started.append(ear)
        stop.append(lambda: running.call_soon_threadsafe(end.set))
        ready.set()
        await end.wait()
        await listening.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(_PATIENCE)
    try:
        if isinstance(started[0], BaseException):
            raise started[0]
        yield started[0]
    finally:
        for end in stop:
            end()
        thread.join(_PATIENCE)
        assert not thread.is_alive(), "the listener does not end"


async def _open(kind: Kind, settings: msgspec.Struct, ear: Ear) -> Listening:
    """A free port for TCP may be taken for UDP by another test: then there is another one."""
    for _ in range(5):
        with suppress(UnusableInput):
            return await kind.listen(settings, ear.hear, lambda: time.time_ns() // 1000)
    return await kind.listen(settings, ear.hear, lambda: time.time_ns() // 1000)


def _keep(kept: "asyncio.Future[bool]", alone: bool = True) -> None:
    if not kept.done():
        kept.set_result(alone)
