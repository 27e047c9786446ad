"""Suppress: rows of a registered job go through, decoys fall out, and every call is on record."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

import numpy as np

from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.table import Batch
from trapstreet.index import Sketch
from trapstreet.keys.ring import KeyRing
from trapstreet.store import suppression
from trapstreet.store.models import SuppressionCall, SuppressionJob
from trapstreet.suppress.domain.jobs import (
    PERIODS,
    Alert,
    Before,
    Given,
    Terms,
    alerts,
    digest,
    reached,
    sketch_of,
)
from trapstreet.suppress.domain.numbers import Look

SAMPLE = 1_000
"""Rows that show what the columns of an export hold."""

HELD = 10_000
"""Different rows that are held back at most until some come out: a probe, but no table, fits into memory."""

Clock = Callable[[], int]
"""Unix time in microseconds, UTC."""


def admitted(name: str, token: Protected[str], *, by: str, ring: KeyRing, at: int) -> SuppressionJob:
    """The job of that name, if the token is its own.

    by  the system's user, for the log
    Raises AccessDenied, and puts an alert on record, where there is no such job, it has ended or the token is
    another's.
    """
    if job := of_token(name, token):
        return job
    if suppression.open_job(name):
        why, hint = "token", "show the token that suppress job add wrote"
    elif suppression.has_ended(name):
        why, hint = "ended", "register it again: trapstreet suppress job add"
    else:
        why, hint = "unknown", "trapstreet suppress job list shows them"
    suppression.refused(name, why, by=by, ring=ring, at=at)
    said = {"token": "this is not its token", "ended": "it has ended", "unknown": "there is no such job"}
    raise AccessDenied(f"suppression job {name!r}: {said[why]}", hint=hint)


def of_token(name: str, token: Protected[str]) -> SuppressionJob | None:
    """The job of that name, if the token is its own; nothing goes on record."""
    job = suppression.open_job(name)
    return job if job is not None and hmac.compare_digest(job.token, token_hash(token)) else None


def token_hash(token: Protected[str]) -> str:
    """What is kept of a token: enough to know it again, of no use to anybody else. It is random: no salt."""
    return sha256(token.reveal().strip().encode()).hexdigest()


class Suppression:
    """One call of a job.

    alerts  what was out of the ordinary about it, once all rows went through
    rows    how many went in
    """

    def __init__(
        self, job: SuppressionJob, told_by: str, finder: Look, *, by: str, ring: KeyRing, clock: Clock
    ) -> None:
        self._job = job
        self._terms = Terms(job.rows, job.calls, job.period)
        self._finder = finder
        self._given = Given(0, told_by, Sketch.empty())
        self._by = by
        self._ring = ring
        self._clock = clock
        self.alerts: list[Alert] = []

    @property
    def rows(self) -> int:
        return self._given.rows

    def kept(self, batches: Iterable[Batch], *, where: str) -> Iterator[Batch]:
        """The rows that are no decoys, in their order, with their text as it stands in the source.

        The call is in the log before the first row comes out, and what it was given before the last. Nothing
        comes out before the job's least number of different rows, or HELD, has gone in.
        Raises AccessDenied for fewer rows than that, or more than the job may ever have, UnusableInput for a
        row that could not be read: no row is lost in silence.
        """
        call = suppression.begin(self._job, by=self._by, ring=self._ring, at=self._clock())
        whole = False
        try:
            yield from self._let_through(batches, where)
            whole = True
        finally:
            self._end(call, whole=whole)
        if self._too_few() or self._too_many():
            raise AccessDenied(
                f"{where}: job {self._job.name!r} takes {self._terms.least:,} different rows and more, and"
                f" {self._terms.most:,} at most",
                hint="give it all rows at once, or register the job for as many as it has",
            )

    def _let_through(self, batches: Iterable[Batch], where: str) -> Iterator[Batch]:
        held: list[Batch] = []
        waiting = True
        for batch in batches:
            _refuse_unread(batch, where)
            told, decoys = self._finder.look(batch.rows)
            self._given = self._given.also(len(batch.rows), told)
            if self._too_many():
                return
            kept = _without(batch, decoys)
            if not waiting:
                yield kept
                continue
            held.append(kept)
            if self._given.sketch.distinct() >= min(HELD, self._terms.least):
                waiting = False
                yield from held
                held.clear()

    def _too_few(self) -> bool:
        return self._given.sketch.distinct() < self._terms.least

    def _too_many(self) -> bool:
        return self._given.sketch.distinct() > self._terms.most

    def _end(self, call: SuppressionCall, *, whole: bool) -> None:
        """What the call was given is on record, with what is out of the ordinary."""
        since = call.begun_at - int(PERIODS[self._terms.period])
        refused = whole and (self._too_few() or self._too_many())
        with suppression.ending(call) as job:
            before = _before(job, call, since, self._given.told_by)
            self.alerts = alerts(self._terms, self._given, before, whole=whole)
            outcome = suppression.Outcome(
                whole=whole and not refused,
                rows=self._given.rows,
                told_by=self._given.told_by,
                sketch=_packed(self._given.sketch),
                reach=_packed(reached(self._given, before)),
                digest=digest(self._given.sketch),
                alerts=self.alerts,
                refused=refused,
            )
            suppression.finish(call, job, outcome, since=since, ring=self._ring, at=self._clock())


def _before(job: SuppressionJob, call: SuppressionCall, since: int, told_by: str) -> Before:
    calls = suppression.calls_since(job, since, but=call)
    first = next((each for each in calls if each.whole), None)
    return Before(
        calls=len(calls),
        told_by=job.told_by,
        first=Given(first.rows, first.told_by, _unpacked(first.sketch)) if first else None,
        reach=_unpacked(job.reach) if job.told_by == told_by else None,
    )


def _packed(sketch: Sketch) -> bytes:
    return sketch.fingerprints.astype("<u8").tobytes()


def _unpacked(kept: bytes | memoryview) -> Sketch:
    return sketch_of(np.frombuffer(bytes(kept), dtype="<u8").astype(np.uint64))


def _without(batch: Batch, decoys: Sequence[int]) -> Batch:
    if not decoys:
        return batch
    return batch.only(np.delete(np.arange(len(batch.rows)), decoys).tolist())


def _refuse_unread(batch: Batch, where: str) -> None:
    if batch.rejected:
        first = batch.rejected[0]
        raise UnusableInput(
            f"{where}: line {first.line} cannot be read: {first.why}",
            hint="mend it: no row is left out but decoys, so nothing was written",
        )
