"""Suppression jobs, their calls, and expected uses of copies, each with its leaf of the log."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Max

from trapstreet.core.model.encoding import Plain
from trapstreet.index import is_planting
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import seal
from trapstreet.store import log
from trapstreet.store.models import DataSet, ExpectedUse, SuppressionCall, SuppressionJob


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job is registered for, as in the model; `token` is the hash."""

    name: str
    data_set: DataSet
    purpose: str
    token: str
    rows: int
    calls: int
    period: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call was given, and what is told of it.

    whole    it gave its answer;  sketch, reach  u64 little-endian;  digest  of the sketch, for the log
    refused  it was refused, for the reason that stands in alerts
    """

    whole: bool
    rows: int
    told_by: str
    sketch: bytes
    reach: bytes
    digest: bytes
    alerts: Sequence[str]
    refused: bool = False


def add(new: NewJob, *, ring: KeyRing, at: int) -> SuppressionJob:
    """Enter a job, and the log's signed leaf, in one transaction."""
    with transaction.atomic():
        job = SuppressionJob.objects.create(
            name=new.name,
            data_set=new.data_set,
            purpose=new.purpose,
            token=new.token,
            rows=new.rows,
            calls=new.calls,
            period=new.period,
            columns=dict(new.columns),
            created_at=at,
        )
        _note(
            {"event": "suppression job", "job": job.id, "data_set": new.data_set.id, "rows": new.rows},
            ring,
            at,
        )
    return job


def open_job(name: str) -> SuppressionJob | None:
    """The job of that name that has not ended."""
    found = SuppressionJob.objects.select_related("data_set")
    return found.filter(name=name, ended_at__isnull=True).first()


def has_ended(name: str) -> bool:
    """There was a job of that name."""
    return SuppressionJob.objects.filter(name=name, ended_at__isnull=False).exists()


def jobs() -> list[tuple[SuppressionJob, int, int | None]]:
    """Every job with how often it was called, and when the last time."""
    found = SuppressionJob.objects.select_related("data_set").defer("reach")
    asked = found.annotate(called=Count("each"), last=Max("each__begun_at"))
    return [(job, job.called, job.last) for job in asked]


def end(job: SuppressionJob, *, ring: KeyRing, at: int) -> None:
    """The job is refused from now on."""
    with transaction.atomic():
        SuppressionJob.objects.filter(id=job.id).update(ended_at=at)
        _note({"event": "suppression job ended", "job": job.id}, ring, at)


def begin(job: SuppressionJob, *, by: str, ring: KeyRing, at: int) -> SuppressionCall:
    """A call has begun, and the log says so before anything comes out of it."""
    with transaction.atomic():
        call = SuppressionCall.objects.create(job=job, by=by, begun_at=at)
        _note({"event": "suppression", "job": job.id, "call": call.id, "by": by}, ring, at)
    return call


@contextmanager
def ending(call: SuppressionCall) -> Iterator[SuppressionJob]:
    """The call's job as it is now; nobody else ends a call of it meanwhile."""
    with transaction.atomic():
        yield SuppressionJob.objects.select_for_update().get(id=call.job_id)


def calls_since(job: SuppressionJob, since: int, *, but: SuppressionCall) -> list[SuppressionCall]:
    """The job's calls that began from then on, in their order, without one of them."""
    return list(job.each.filter(begun_at__gte=since).exclude(id=but.id))


def finish(
    call: SuppressionCall, job: SuppressionJob, outcome: Outcome, *, since: int, ring: KeyRing, at: int
) -> None:
    """The call has ended; what is out of the ordinary is an entry of its own. Within `ending`.

    since  sketches of calls before that are of no more use, and forgotten
    """
    job.each.filter(begun_at__lt=since).exclude(sketch=b"").update(sketch=b"")
    SuppressionCall.objects.filter(id=call.id).update(
        ended_at=at,
        whole=outcome.whole,
        rows=outcome.rows,
        told_by=outcome.told_by,
        sketch=outcome.sketch,
        alerts=list(outcome.alerts),
    )
    SuppressionJob.objects.filter(id=job.id).update(told_by=outcome.told_by, reach=outcome.reach)
    entry: dict[str, Plain] = {"job": job.id, "call": call.id, "by": call.by, "rows": outcome.rows}
    event = (
        "suppression refused"
        if outcome.refused
        else "suppressed"
        if outcome.whole
        else "suppression broken off"
    )
    _note({"event": event, "sketch": outcome.digest, **entry}, ring, at)
    if outcome.alerts:
        _note({"event": "alert", "about": "suppression", "what": list(outcome.alerts), **entry}, ring, at)


def refused(name: str, why: str, *, by: str, ring: KeyRing, at: int) -> None:
    """Somebody who may not call a job did, which is an alert. `name` is kept sealed: it may be anything."""
    sealed = seal(ring.derive("suppression"), name.encode("utf-8", "replace"), aad=b"refused")
    with transaction.atomic():
        entry: dict[str, Plain] = {"event": "alert", "about": "suppression", "what": [why], "by": by}
        _note({**entry, "asked": sealed}, ring, at)


def expect_use(
    owner: str, what: str, *, senders: Sequence[str] = (), until: int, ring: KeyRing, at: int
) -> ExpectedUse:
    """A copy, or the table that a planting lies in, will be used honestly until then; the log's signed leaf
    goes with it. senders: domains that its mails come from."""
    of = "planting" if is_planting(owner) else "copy"
    said = "\n".join((what, *senders))
    sealed = seal(ring.storage_key(owner), said.encode(), aad=b"use " + owner.encode())
    with transaction.atomic():
        use = ExpectedUse.objects.create(
            **{f"{of}_id": owner}, what=what, senders=list(senders), begins_at=at, until=until
        )
        _note({"event": "expected use", of: owner, "until": until, "what": sealed}, ring, at)
    return use


def expected_uses() -> Mapping[str, list[ExpectedUse]]:
    """What copies and plantings are honestly used for, by their ids, in the order of declaration; none is an
    empty list."""
    found: defaultdict[str, list[ExpectedUse]] = defaultdict(list)
    for use in ExpectedUse.objects.all():
        found[use.copy_id or use.planting_id or ""].append(use)
    return found


def _note(entry: Mapping[str, Plain], ring: KeyRing, at: int) -> None:
    log.append({**entry, "time": at})
    log.checkpoint(ring.log_signer())
