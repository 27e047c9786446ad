"""What a worker does again and again: takes what traps heard, raises alerts, tells people, looks around."""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from trapstreet.app.checks import around, waiting
from trapstreet.app.clock import now
from trapstreet.app.settings import read_keep
from trapstreet.app.working import Taken, Worker
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.words import counted
from trapstreet.render.sightings import taken_line
from trapstreet.store import leases, sightings
from trapstreet.store.figures import Figures, figures
from trapstreet.store.log import is_signed
from trapstreet.trap.spool import Waiting
from trapstreet.trap.status import Metric, label
from trapstreet.work.loop import Job, Turn

SOON, LATER, SELDOM, DAILY = 1.0, 15.0, 3600.0, 86_400.0
"""Seconds between two rounds: of what must not wait, of counting, of the rest, of forgetting."""

HANGS_AFTER = 6 * 3_600.0
"""Seconds that a trace may take: the source of a data set whose copies have marks is read again."""

HOLDER = "TRAPSTREET_WORKER"
LETS_OTHERS = 0.11
"""Seconds between two batches of hits, or two looks: who waits for the registry looks for it each 0.1 s
(SQLite)."""

_FORGOTTEN = 400
"""Incidents that are dropped at once."""
_WEEK = 7 * 86_400_000_000
_LONGEST = 64
"""Characters of a lease's name."""


class Done(msgspec.Struct, frozen=True):
    """What a worker has done: what it took, alerts that it raised, messages that were sent, or could not be
    for the time being, and owners that it reminded of reviews."""

    taken: Taken = Taken()
    alerts: int = 0
    sent: int = 0
    failed: int = 0
    reminded: int = 0


class Duties:
    """What one worker does, and what that has come to.

    holder  of its leases: a name that no other worker has
    say     told a line where something happened
    counts  of the registry, None before the first;  spools  what waits in each trap's. Replaced whole
    """

    def __init__(
        self, workspace: Workspace, worker: Worker, *, holder: str, say: Callable[[str], None]
    ) -> None:
        self.counts: Figures | None = None
        self.spools: dict[Path, Waiting] = {}
        self._workspace, self._worker, self._holder, self._say = workspace, worker, holder, say
        self._taken = dict.fromkeys(worker.traps, Taken())
        self._raised = self._sent = self._failed = self._reminded = 0
        self._failing: dict[str, str] = {}

    @property
    def done(self) -> Done:
        """What was done so far."""
        taken = sum(self._taken.values(), Taken())
        return Done(taken, self._raised, self._sent, self._failed, self._reminded)

    def jobs(self) -> list[Job]:
        """The jobs, in the order in which a round of each does most."""
        return [
            *(Job(_lease(trap), SOON, self._taker(trap), then=("alerts",)) for trap in self._worker.traps),
            Job("alerts", SOON, self._raise, then=("messages",)),
            Job("messages", SOON, self._tell, alone=False),
            Job("housekeeping", SELDOM, self._keep_house),
            Job("rights", SELDOM, self._compare, then=("messages",), hangs_after=HANGS_AFTER),
            Job("reviews", SELDOM, self._remind, then=("messages",)),
            Job("checks", SELDOM, self._look_around, then=("messages",)),
            Job("forgetting", DAILY, self._forget),
            Job("evidence", SELDOM, self._destroy_old),
            Job("traces", LATER, self._trace, then=("messages",), hangs_after=HANGS_AFTER),
            Job("figures", LATER, self._count, alone=False),
        ]

    def metrics(self) -> Iterator[Metric]:
        """What Prometheus is told beside how the jobs stand."""
        waiting = {label("trap", str(trap)): there for trap, there in self.spools.items()}
        yield Metric(
            "spool_records", "gauge", "Records that wait in a spool, up to 100,000.",
            {of: there.records for of, there in waiting.items()},
        )  # fmt: skip
        yield Metric(
            "spool_waiting_bytes", "gauge", "Bytes that wait in a spool.",
            {of: there.bytes for of, there in waiting.items()},
        )  # fmt: skip
        if self.counts:
            yield from _registry_metrics(self.counts)

    def _taker(self, trap: Path) -> Callable[[Turn], int]:
        def take(turn: Turn) -> int:
            uses = 0
            for taken in self._worker.take(trap):
                self._taken[trap] += taken
                uses += taken.sightings + taken.damaged
                if taken.sightings or taken.damaged:
                    self._say(taken_text(taken))
                if not turn.goes_on(after=LETS_OTHERS):
                    break
            return uses

        return take

    def _raise(self, turn: Turn) -> int:
        from trapstreet.app.alarming import raise_alerts

        raised = raise_alerts(self._workspace, lambda: turn.goes_on(after=LETS_OTHERS))
        self._raised += raised
        return raised

    def _tell(self, turn: Turn) -> int:
        """Each message has a lease of its own: every worker sends."""
        from trapstreet.app.alarming import deliver

        delivered = deliver(self._workspace, holder=self._holder, at=leases.clock(), stop=turn.over())
        self._sent += delivered.sent
        self._failed += delivered.failed
        for route, error in delivered.routes.items():
            self._say_of(route, error)
        return delivered.sent

    def _say_of(self, route: str, error: str) -> None:
        """Once when a route begins to fail, or fails otherwise, and once when that is over."""
        before = self._failing.pop(route, "")
        if error:
            self._failing[route] = error
        if error and error != before:
            self._say(f"NOT TOLD by [notify.{route}]: {error}. What waits is tried again.")
        elif before and not error:
            self._say(f"[notify.{route}] tells again.")

    def _keep_house(self, _turn: Turn) -> int:
        """What an interrupted command left: entries of the log that nobody signed, old files, old leases."""
        with self._workspace.writing():
            if not is_signed():
                self._workspace.sign_log()
        return leases.forget_old(days=1)

    def _compare(self, turn: Turn) -> int:
        """Compare the rights of the places that the settings name with what they were."""
        if not self._workspace.settings.access.targets:
            return 0
        from trapstreet.app.drift_work import compare_due

        raised = compare_due(self._workspace, turn.goes_on, self._say)
        self._raised += raised
        return raised

    def _remind(self, turn: Turn) -> int:
        """Remind owners of what they have not decided in reviews that are due."""
        from trapstreet.app.review_work import remind

        done = remind(self._workspace, turn.goes_on, self._say)
        self._reminded += done.reminded
        self._raised += done.alerts
        return done.reminded + done.alerts

    def _look_around(self, turn: Turn) -> int:
        """Raise an alert for what will go wrong if nobody does anything; one a week for each thing."""
        from trapstreet.app.alarming import raise_trouble

        raised = 0
        for check in around(self._workspace, self._worker.traps):
            if not check.ok:
                raised += raise_trouble(
                    self._workspace,
                    f"check {check.name} {check.about} week {now() // _WEEK}",
                    severity=Severity.MEDIUM,
                    headline=check.found,
                    happened=(),
                    steps=(check.advice,),
                )
            if not turn.goes_on():
                break
        self._raised += raised
        return raised

    def _forget(self, turn: Turn) -> int:
        """Drop uses of decoys that were kept for as long as the settings say."""
        kept = read_keep(self._workspace.settings.work.keep)
        if kept is None:
            return 0
        at, gone, some = leases.clock(), 0, _FORGOTTEN
        while some == _FORGOTTEN:
            with self._workspace.writing():
                some = sightings.forget(before=at - kept, most=_FORGOTTEN, ring=self._workspace.ring, at=at)
            gone += some
            if not turn.goes_on(after=LETS_OTHERS):
                break
        if gone:
            keep = self._workspace.settings.work.keep
            self._say(f"{counted(gone, 'incident')} forgotten that ended more than {keep} ago.")
        return gone

    def _destroy_old(self, turn: Turn) -> int:
        """Destroy snapshots of what was found that were kept for as long as the settings say."""
        from trapstreet.app.snapshots import destroy_old, gone_words

        gone = destroy_old(self._workspace, lambda: turn.goes_on(after=LETS_OTHERS))
        if gone:
            self._say(gone_words(gone, self._workspace.settings.evidence.keep))
        return gone

    def _trace(self, turn: Turn) -> int:
        """Trace what was found, once for each case that has something new to trace."""
        from trapstreet.app.case_tracing import trace_cases

        made = trace_cases(self._workspace, turn.goes_on, self._say)
        self._raised += made
        return made

    def _count(self, _turn: Turn) -> int:
        self.counts = figures()
        spools = {}
        for trap in self._worker.traps:
            with suppress(TrapstreetError, OSError):  # who takes from it says so
                if there := waiting(trap):
                    spools[trap] = there
        self.spools = spools
        return 0


def _registry_metrics(counts: Figures) -> Iterator[Metric]:
    alerts = {
        f"{label('severity', Severity(severity).word)},{label('acknowledged', str(known).lower())}": count
        for (severity, known), count in counts.alerts.items()
    }
    yield Metric("alerts", "gauge", "Alerts in the registry.", alerts)
    messages = {label("state", state): count for state, count in counts.deliveries.items()}
    yield Metric("messages", "gauge", "Messages, by what became of them.", messages)
    age = (now() - counts.oldest) / 1e6 if counts.oldest else 0.0
    yield Metric("oldest_message_seconds", "gauge", "How long the oldest waiting one waits.", {"": age})
    noise = {label("channel", channel): count for channel, count in counts.background.items()}
    yield Metric("background_hits", "gauge", "Hits with nobody's names.", noise)
    yield Metric("damaged_records", "gauge", "Records of spools that were kept aside.", {"": counts.damaged})
    watched = {label("proof", proof): count for proof, count in counts.watched.items()}
    yield Metric("watched_sources", "gauge", "Watched sources, by how they are proven.", watched)


def holder_name() -> str:
    """A name that no other living worker has, by which people find this one. `serve` gives all the workers
    that it starts one after the other one name, so that the next has the leases of one that was killed."""
    return os.environ.get(HOLDER) or f"{socket.gethostname()[:40]} {os.getpid()} {secrets.token_hex(4)}"


def taken_text(taken: Taken) -> str:
    """What was taken, in words."""
    return taken_line(taken.hits, taken.sightings, background=taken.background, damaged=taken.damaged)


def _lease(trap: Path) -> str:
    """The name of the lease on taking from a trap, for people and never that of another folder."""
    name = f"take {trap}"
    if len(name) <= _LONGEST:
        return name
    return f"take …{name[-40:]} {sha256(name.encode()).hexdigest()[:8]}"
