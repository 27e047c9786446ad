"""Group commit: hits wait while the disk is busy with those before them, and then go together."""

import asyncio
import errno
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from trapstreet.core.model.hit import Hit, Swarm, network_of
from trapstreet.plugins.listeners import Done
from trapstreet.trap.sealing import encode
from trapstreet.trap.spool import Spool
from trapstreet.trap.swarms import Limits, Swarms

WAITING_BYTES = 64 << 20
"""What may wait for the disk; whatever comes on top is counted only."""
HIT_BYTES, FACT_BYTES = 2048, 128
"""What a hit, and each of its facts, takes in memory besides its encoded form, about."""
SWARM_NAMES = 4096
"""Names of swarms that are flushed at once, not at the next second."""
SWARMED_WAITING = 1 << 16
"""Clients of floods that may wait for the disk; those beyond are asked to come again."""


@dataclass(slots=True)
class Figures:
    """What has happened since the start, for metrics and health.

    kept, swarmed, refused  hits by channel: kept one by one, counted in swarms, refused by the disk
    commits, seconds        transactions, and how long they took together
    failing                 what the disk said last, "" as soon as it takes something again
    """

    kept: Counter[str] = field(default_factory=Counter)
    swarmed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    seconds: float = 0.0
    failing: str = ""


@dataclass(slots=True)
class _Batch:
    """What goes to disk in one transaction, and who waits for it."""

    data: list[bytes] = field(default_factory=list)
    size: int = 0
    hits: list[tuple[Hit, Done]] = field(default_factory=list)
    swarms: list[Swarm] = field(default_factory=list)
    swarmed: list[Done] = field(default_factory=list)


class Keeper:
    """Keeps what listeners hear. Everything but the writing itself happens in the event loop's thread.

    The writer takes all that waits whenever it is free, without asking the event loop, which may be busy
    then: what waits, and whether the writer was sent for, is guarded by a lock.

    Nothing is kept before `begin` is called with the spool; hits wait until then.
    """

    def __init__(self, limits: Limits) -> None:
        self.figures = Figures()
        self.swarms = Swarms()
        self._limits = limits
        self._lock = threading.Lock()
        self._waiting = _Batch()
        self._sent_for = True  # the writer will take what waits; before `begin` there is none to send for
        self._swarmed: list[Done] = []
        self._in_flight = 0
        self._spool: Spool | None = None
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="spool")

    def begin(self, spool: Spool) -> None:
        """Keep in this spool from now on."""
        self._spool = spool
        self._send()

    def hear(self, hit: Hit, *, forgeable: bool = False) -> Done:
        """Done when the hit is on disk: True by itself, False counted in a swarm that is. Fails with
        OSError."""
        data, network = encode(hit), network_of(hit.address)
        if self._full(hit, data):
            return self._swarm(hit, network)
        counted = self.swarms.counts(hit.channel, network)
        alone, network = self._limits.take(network, len(data), forgeable=forgeable, counted=counted)
        return self._keep(hit, data) if alone else self._swarm(hit, network)

    def take(self, hit: Hit, *, forgeable: bool = False) -> Done:
        """The same of a hit that was fetched from where it waited: that is no flood however many come."""
        data = encode(hit)
        return self._swarm(hit, network_of(hit.address)) if self._full(hit, data) else self._keep(hit, data)

    def _full(self, hit: Hit, data: bytes) -> bool:
        return self._waiting.size + self._in_flight + _memory(hit, data) > WAITING_BYTES

    def _keep(self, hit: Hit, data: bytes) -> Done:
        done = self._loop.create_future()
        with self._lock:
            waiting = self._waiting
            waiting.data.append(data)
            waiting.size += _memory(hit, data)
            waiting.hits.append((hit, done))
            sent_for, self._sent_for = self._sent_for, True
        if not sent_for:
            self._loop.call_soon(self._send)
        return done

    def flush(self) -> None:
        """Send swarms to disk. To be called once a second."""
        if not len(self.swarms):
            return
        swarms, swarmed, self._swarmed = self.swarms.flush(), self._swarmed, []
        with self._lock:
            self._waiting.swarms += swarms
            self._waiting.data += map(encode, swarms)
            self._waiting.swarmed += swarmed
            sent_for, self._sent_for = self._sent_for, True
        if not sent_for:
            self._send()

    async def rest(self) -> None:
        """Let the spool do what it does once a second."""
        if self._spool:
            await self._loop.run_in_executor(self._writer, self._spool.rest)

    async def close(self) -> None:
        """Done when all that was heard is on disk, or the disk has refused it."""
        self.flush()
        if self._spool:
            self._send()
            await self._loop.run_in_executor(self._writer, self._spool.close)
        self._writer.shutdown()

    @property
    def used(self) -> int:
        """Bytes in the spool."""
        return self._spool.used if self._spool else 0

    def _swarm(self, hit: Hit, network: str) -> Done:
        done = self._loop.create_future()
        self.swarms.count(hit, network)
        queued = len(self._swarmed) + len(self._waiting.swarmed)
        if self.figures.failing or queued >= SWARMED_WAITING:
            self.figures.refused[hit.channel] += 1
            _fail(done)
            return done
        self._swarmed.append(done)
        self.figures.swarmed[hit.channel] += 1
        many = len(self._swarmed) >= SWARM_NAMES or self.swarms.names >= SWARM_NAMES
        if many and not self._waiting.swarms:
            self.flush()
        return done

    def _send(self) -> None:
        self._writer.submit(self._write)

    def _write(self) -> None:
        """In the writer's thread."""
        assert self._spool is not None  # noqa: S101  the writer is not sent for before `begin`
        with self._lock:
            batch, self._waiting = self._waiting, _Batch()
            self._sent_for = False
            self._in_flight = batch.size
        if not batch.data:
            return
        began, error = time.perf_counter(), None
        try:
            self._spool.append(batch.data)
        except Exception as failed:  # noqa: BLE001  whatever it was, those who wait are told
            error = failed
        self.figures.seconds += time.perf_counter() - began
        self.figures.commits += 1
        self._in_flight = 0
        self._loop.call_soon_threadsafe(self._written, batch, error)

    def _written(self, batch: _Batch, error: Exception | None) -> None:
        if error is not None:
            self._refused(batch, error)
            return
        self.figures.failing = ""
        for hit, done in batch.hits:
            self.figures.kept[hit.channel] += 1
            if not done.done():
                done.set_result(True)
        for done in batch.swarmed:
            if not done.done():
                done.set_result(False)

    def _refused(self, batch: _Batch, error: Exception) -> None:
        """Count what the disk did not take; its clients are asked to come again."""
        self.figures.failing = str(error)
        self.swarms.restore(batch.swarms)
        for hit, _ in batch.hits:
            self.swarms.count(hit, network_of(hit.address))
            self.figures.refused[hit.channel] += 1
        for done in (*(done for _, done in batch.hits), *batch.swarmed):
            _fail(done)


def _memory(hit: Hit, data: bytes) -> int:
    """Bytes that a hit takes while it waits, about."""
    return len(data) + HIT_BYTES + FACT_BYTES * len(hit.facts)


def _fail(done: Done) -> None:
    if not done.done():
        done.set_exception(OSError(errno.ENOSPC, "nothing can be kept"))
        done.exception()  # who waited may have gone by now
