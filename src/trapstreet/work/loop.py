"""Jobs that are done again and again, each in a thread of its own, until they are told to stop.

A job that takes long keeps no other waiting. Of several workers only one does a job that must be done alone:
it holds the job's lease (store/leases) and renews it while the job moves. So a worker that dies or hangs
leaves it, some seconds later, to one that does not.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from trapstreet.store import leases

LONGEST_WAIT = 30.0
"""Seconds between two tries of a job that fails, at most."""
HANGS_AFTER = 600.0
"""Seconds without a move after which a job hangs: no receiver and no batch takes as long."""

_RENEW = leases.LASTS / 3


class Why(NamedTuple):
    """An error in words; `cause` is the same for all that end together."""

    cause: str
    text: str


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again.

    name   what it is called, and its lease
    every  seconds between two rounds
    do     one round; how many things it did. It asks its turn between two steps whether to go on
    then   jobs that are done at once where it did something
    alone  whether only one worker may do it at a time
    hangs_after  seconds without a move after which it hangs; None: HANGS_AFTER
    """

    name: str
    every: float
    do: "Callable[[Turn], int]"
    then: tuple[str, ...] = ()
    alone: bool = True
    hangs_after: float | None = None


@dataclass(slots=True)
class Standing:
    """How a job stands. Times are Unix seconds.

    rounds, failed  how many were done, and how many failed;  seconds  that they took together
    succeeded       when a round last ended well, or somebody else's worker had the job; None: never yet
    failing         why the last one failed; None if it did not;  said  whether that was told
    elsewhere       another worker does it
    moved, busy     when it last asked whether to go on (monotonic), and whether a round is under way
    """

    rounds: int = 0
    failed: int = 0
    seconds: float = 0.0
    succeeded: float | None = None
    failing: Why | None = None
    said: bool = False
    elsewhere: bool = False
    moved: float = field(default_factory=time.monotonic)
    busy: bool = False


class Turn:
    """A job's turn at a worker. Without a holder nobody is asked for a lease."""

    def __init__(self, job: Job, standing: Standing, stop: threading.Event, *, holder: str = "") -> None:
        self._job, self._standing, self._stop = job, standing, stop
        self._holder, self._renew_at = holder, 0.0

    def begins(self) -> bool:
        """Whether this worker is to do the job now."""
        return not self._stop.is_set() and self._mine()

    def goes_on(self, *, after: float = 0.0) -> bool:
        """Whether to go on, some seconds from now. To be asked again and again: the lease of a job that does
        not runs out."""
        return not self._stop.wait(after) and self._mine()

    def over(self) -> "Over":
        """As an event that is set when the job is not to go on."""
        return Over(self)

    def ends(self) -> None:
        """Another worker may have the job."""
        if self._renew_at:
            leases.give_back(self._job.name, self._holder)

    def _mine(self) -> bool:
        now = time.monotonic()
        self._standing.moved = now
        if not self._job.alone or not self._holder or now < self._renew_at:
            return True
        self._renew_at = 0.0
        if leases.take(self._job.name, self._holder):
            self._renew_at = now + _RENEW
        return bool(self._renew_at)


class Over(threading.Event):
    """Set when a turn does not go on. Only to be asked, not waited for."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def is_set(self) -> bool:
        return not self._turn.goes_on()


class Loop:
    """The jobs of one worker.

    holder   whose leases they are: a name that no other worker has
    explain  an error in words, in a line
    tell     told once why jobs fail, and once that they work again
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        holder: str,
        explain: Callable[[Exception], Why],
        tell: Callable[[str], None],
    ) -> None:
        self.standings: Mapping[str, Standing] = {job.name: Standing() for job in jobs}
        self._jobs, self._holder, self._explain, self._tell = tuple(jobs), holder, explain, tell
        self._stop = threading.Event()
        self._wake = {job.name: threading.Event() for job in jobs}
        self._telling = threading.Lock()
        self._threads = [
            threading.Thread(target=self._go_on, args=(job,), name=job.name, daemon=True) for job in jobs
        ]

    def begin(self) -> None:
        """Do the jobs from now on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Done when every job has ended what it was at and nobody's lease is kept."""
        self._stop.set()
        for wake in self._wake.values():
            wake.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def wrong(self) -> str:
        """What is wrong, in a line; "" if nothing is."""
        failing = [f"{name}: {why.text}" for name, each in self.standings.items() if (why := each.failing)]
        return "; ".join([*failing, *(f"{name} hangs" for name in self.hanging())])

    def hanging(self) -> list[str]:
        """The jobs that began a round and have not moved for long."""
        now, patience = time.monotonic(), {job.name: job.hangs_after or HANGS_AFTER for job in self._jobs}
        standings = self.standings.items()
        return [name for name, each in standings if each.busy and now - each.moved > patience[name]]

    def _go_on(self, job: Job) -> None:
        from django.db import connections

        wake, wait = self._wake[job.name], 0.0
        turn = Turn(job, self.standings[job.name], self._stop, holder=self._holder)
        try:
            while not self._stop.is_set():
                wake.clear()
                wait = job.every if self._round(job, turn) else min(LONGEST_WAIT, max(2 * wait, 1.0))
                wake.wait(wait)
            self._guarded(job, turn.ends)
        finally:
            connections.close_all()

    def _round(self, job: Job, turn: Turn) -> bool:
        """Whether a round went well."""
        standing = self.standings[job.name]
        standing.moved, standing.busy = time.monotonic(), True
        went = self._guarded(job, lambda: self._do(job, turn))
        standing.busy = False
        if not went:
            return False
        standing.succeeded = time.time()
        if standing.said:
            self._tell(f"{job.name}: works again")
        standing.failing, standing.said = None, False
        return True

    def _do(self, job: Job, turn: Turn) -> None:
        standing = self.standings[job.name]
        standing.elsewhere = not turn.begins()
        if standing.elsewhere:
            return
        began = time.monotonic()
        done = job.do(turn)
        standing.rounds += 1
        standing.seconds += time.monotonic() - began
        for name in job.then if done else ():
            self._wake[name].set()

    def _guarded(self, job: Job, do: Callable[[], None]) -> bool:
        """Whether it went well; what it raised is told once, however many jobs it keeps from working."""
        from django.db import connection

        try:
            connection.close_if_unusable_or_obsolete()  # that of a server that was started anew since
            do()
        except Exception as error:  # noqa: BLE001  the job runner: whatever it was, the other jobs go on
            self._failed(job, error)
            return False
        return True

    def _failed(self, job: Job, error: Exception) -> None:
        from django.db import connection

        why = self._explain(error)
        connection.close()  # a connection that broke is made anew
        standing = self.standings[job.name]
        with self._telling:
            known = {each.failing.cause for each in self.standings.values() if each.failing}
            standing.failing, standing.failed = why, standing.failed + 1
            if why.cause in known:
                return
            standing.said = True
        self._tell(f"{job.name}: {why.text}; it is tried again")


def once_each(jobs: Sequence[Job]) -> None:
    """One round of every job in their order, whoever else works. What one raises ends it."""
    for job in jobs:
        job.do(Turn(job, Standing(), threading.Event()))
