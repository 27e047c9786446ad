"""Alerts with their cases and deliveries, entered together, and the work that deliveries are. Times are
Unix microseconds, UTC."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from django.db import transaction
from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery

from trapstreet.core.model.encoding import Plain
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.notice import Notice
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store import log
from trapstreet.store.models import (
    Alert,
    Case,
    CaseEntry,
    DamagedRecord,
    Delivery,
    LogLeaf,
    Raised,
    RouteTest,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

WAITING, SENT, DEAD = "waiting", "sent", "dead"

AT_ONCE = 50
"""Alerts that one message tells of one by one."""

MOST = 5_000
"""Alerts that one message stands for: databases take only so many numbers in one question."""


class Entry(msgspec.Struct, frozen=True):
    """What a person did in a case, as it is kept.

    by    who;  what  a note, whom an alert was assigned to, …;  alerts  which
    at    the time that it is about (of "aware": since when); that of the entry where it is about none
    """

    by: str
    what: str = ""
    alerts: tuple[int, ...] = ()
    at: int | None = None


class Message(msgspec.Struct, frozen=True):
    """Deliveries that are told together.

    key       the same at each attempt;  ids  of the deliveries
    notices   what is told, at each attempt the same, the most severe first
    attempts  so far;  begun_at  of the first one
    told      who is done with, as the notifier says it (plugins.notifiers.Partly); {}: nobody is
    """

    key: str
    route: str
    ids: tuple[int, ...]
    notices: tuple[Notice, ...]
    attempts: int
    begun_at: int
    told: Mapping[str, Sequence[str]] = {}


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a message, sealed."""

    notices: tuple[Notice, ...]
    told: dict[str, tuple[str, ...]] = {}


class Called(NamedTuple):
    """A call of a suppression job that was out of the ordinary (suppress.Alert, or why it was refused).

    by  the system's user;  job  its number, -1 for one that there is not
    """

    at: int
    what: tuple[str, ...]
    by: str
    job: int


class Telling(NamedTuple):
    """What a route was to tell so far.

    severity  the highest;  waits  when what was not tried yet is due;  begun  when the last message was tried
    """

    severity: int
    waits: int | None
    begun: int | None


@contextmanager
def raising() -> Iterator[None]:
    """All within is entered, or nothing; nobody else raises alerts meanwhile."""
    Raised.objects.get_or_create(name="alerts", defaults={"upto": 0})
    with transaction.atomic():
        Raised.objects.select_for_update().get(name="alerts")
        yield


def looked_at(name: str) -> int:
    """How far a source of alerts was looked at; 0 is not at all."""
    return Raised.objects.filter(name=name).values_list("upto", flat=True).first() or 0


def look_on(name: str, upto: int) -> None:
    """The source was looked at so far. Within `raising`."""
    Raised.objects.update_or_create(name=name, defaults={"upto": upto})


def open_case(subject: str) -> Case | None:
    """The case of a subject that nobody closed."""
    return Case.objects.filter(subject=subject, closed_at__isnull=True).first()


def earlier_case(case: Case | str) -> Case | None:
    """The case before this one of the same subject, or the last one of a subject."""
    if isinstance(case, Case):
        return Case.objects.filter(subject=case.subject, id__lt=case.id).order_by("-id").first()
    return Case.objects.filter(subject=case, closed_at__isnull=False).order_by("-id").first()


def worst_closed(subject: str) -> int:
    """The highest severity of a subject's cases that were closed; 0 without any."""
    closed = Case.objects.filter(subject=subject, closed_at__isnull=False)
    return closed.aggregate(worst=Max("severity"))["worst"] or 0


def begin_case(subject: str, severity: int, *, ring: KeyRing, at: int) -> Case:
    """A new case, with the log's leaf."""
    case = Case.objects.create(subject=subject, severity=severity, opened_at=at)
    _note({"event": "case opened", "case": case.id}, ring, at)
    return case


def alert_of(source: str) -> Alert | None:
    """The alert that was raised for this."""
    return Alert.objects.select_related("case").filter(source=source).first()


def raised_for(case: Case) -> dict[str, int]:
    """What sightings of a case alerts were raised for, and when."""
    found = Alert.objects.filter(case=case, kind="sighting").order_by("id")
    return {
        source.partition(" ")[2]: at for source, at in found.values_list("source", "raised_at").iterator()
    }


def begin_alert(case: Case, source: str, *, at: int) -> Alert:
    """A new alert that says nothing yet."""
    return Alert.objects.create(case=case, source=source, severity=0, at=at, raised_at=at)


def enter(alert: Alert, notice: Notice, *, ring: KeyRing) -> None:
    """Keep what an alert says now; its case is as severe as it is."""
    alert.severity, alert.at, alert.kind = notice.severity, notice.at, notice.kind
    alert.content = _sealed(alert, msgspec.msgpack.encode(notice), ring)
    alert.save()
    Case.objects.filter(id=alert.case_id, severity__lt=alert.severity).update(severity=alert.severity)


def notice_of(alert: Alert, ring: KeyRing) -> Notice:
    """What an alert says."""
    opened = open_sealed(_key(ring), bytes(alert.content), aad=f"alert {alert.source}".encode())
    return msgspec.msgpack.decode(opened, type=Notice)


def telling(case: int, kind: str, route: str) -> Telling:
    """How far the alerts of a kind in a case that nobody has acknowledged were told by a route: what somebody
    looks after holds nothing back."""
    found = Delivery.objects.filter(
        alert__case=case, alert__kind=kind, alert__acknowledged_at__isnull=True, route=route
    )
    untried = Q(state=WAITING, message="")
    told = found.aggregate(
        severity=Max("alert__severity"), waits=Min("due_at", filter=untried), begun=Max("begun_at")
    )
    return Telling(told["severity"] or 0, told["waits"], told["begun"])


def deliver_by(alert: Alert, route: str, *, reason: str, bundle: str, due_at: int, at: int) -> None:
    """The alert is told by the route, once. One that waits already and was never tried is told sooner, if
    that is asked for, and not twice."""
    waiting = Delivery.objects.filter(alert=alert, route=route, state=WAITING, message="")
    if each := waiting.first():
        if due_at < each.due_at:
            waiting.filter(id=each.id).update(due_at=due_at, bundle=bundle)
        return
    Delivery.objects.create(
        alert=alert, route=route, reason=reason, bundle=bundle, due_at=due_at, created_at=at
    )


def unheard(route: str, to: str, *, since: int, severity: int) -> list[Alert]:
    """Alerts of open cases, at least so severe, that this route began to tell before a time, that nobody has
    acknowledged, and that were not passed on to another route since they got worse last."""
    own = Delivery.objects.filter(alert=OuterRef("id")).order_by("-id")
    begun = own.filter(route=route, reason__in=("new", "worse")).values("begun_at")[:1]
    passed = own.filter(route=to, reason="escalated").values("id")[:1]
    worse = own.filter(reason="worse").values("id")[:1]
    found = Alert.objects.filter(
        case__closed_at__isnull=True, acknowledged_at__isnull=True, severity__gte=severity
    ).annotate(begun=Subquery(begun), passed=Subquery(passed), worse=Subquery(worse))
    waiting = Q(passed__isnull=True) | Q(passed__lt=F("worse"))
    return list(found.filter(waiting, begun__lte=since).select_related("case"))


def claim(routes: Collection[str], *, holder: str, at: int, until: int, ring: KeyRing) -> Message | None:
    """What is due next by one of the routes, leased until a time; None for nothing.

    What was tried together is tried together again, under one key. Several may ask at once, and each gets
    something else; one may get nothing while another is choosing.
    """
    # A lease that ends later than any can was given by a clock that was ahead, whose worker is gone.
    ended = Q(leased_until__lte=at) | Q(leased_until__gt=until + (until - at))
    free = Q(state=WAITING, route__in=routes) & ended
    found = Delivery.objects.filter(free).order_by("due_at", "id")
    if not found.filter(due_at__lte=at).exists():
        return None  # to choose one keeps others from writing
    with transaction.atomic():
        first = found.filter(due_at__lte=at).select_for_update(skip_locked=True).first()
        if first is None:
            return None
        own = Q(message=first.message) if first.message else Q(message="", bundle=first.bundle)
        together = found.filter(own, route=first.route)
        # Whoever has the first of them waits for the others; whoever has another one leaves them all to him.
        if together.values_list("id", flat=True).first() != first.id:
            return None
        rows = list(together.select_for_update()[:MOST])
        key, begun = first.message or f"{ring.workspace_id}-{first.id}", first.begun_at or at
        content = _content(key, rows, ring)
        ids = tuple(row.id for row in rows)
        Delivery.objects.filter(id__in=ids).update(
            message=key, begun_at=begun, leased_until=until, leased_by=holder
        )
    said = msgspec.msgpack.decode(open_sealed(_key(ring), content, aad=key.encode()), type=_Content)
    return Message(key, first.route, ids, said.notices, first.attempts, begun, said.told)


def _content(key: str, rows: Sequence[Delivery], ring: KeyRing) -> bytes:
    """What a message says, sealed: what it said at first; made anew where that was told meanwhile, and only
    some of it has to be told again. Kept with the delivery whose number is the end of its key."""
    keeper = _keeper(key)
    content = bytes(keeper.values_list("content", flat=True).first() or b"")
    if not content:
        content = seal(_key(ring), _said(rows, ring), aad=key.encode())
        keeper.update(content=content)
    return content


def _keeper(key: str) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(id=int(key.rpartition("-")[2]))


def _said(rows: Sequence[Delivery], ring: KeyRing) -> bytes:
    """What a message says: the most severe alerts one by one, and how many there are beside them."""
    reasons = {row.alert_id: row.reason for row in rows}
    told = list(Alert.objects.filter(id__in=reasons).order_by("-severity", "-at")[:AT_ONCE])
    notices = [msgspec.structs.replace(notice_of(each, ring), reason=reasons[each.id]) for each in told]
    if more := len(reasons) - len(notices):
        notices.append(_rest(more, notices[-1]))
    return msgspec.msgpack.encode(_Content(tuple(notices)))


def _rest(number: int, like: Notice) -> Notice:
    return msgspec.structs.replace(
        like,
        id=f"{like.id}-rest",
        headline=f"{number:,} further alerts with these",
        happened=("There are too many to tell of one by one.",),
        lay="",
        stake="",
        steps=("See all: trapstreet alert list --all",),
        facts=(("further", str(number)),),
    )


def sent(message: Message, *, at: int) -> None:
    """The message was told, whoever has its lease by now."""
    Delivery.objects.filter(id__in=message.ids).exclude(state=SENT).update(
        state=SENT,
        sent_at=at,
        attempts=F("attempts") + 1,
        leased_until=0,
        leased_by="",
        error="",
        content=b"",
    )


def narrow(message: Message, told: Mapping[str, Sequence[str]], *, ring: KeyRing) -> None:
    """From now on the message is for the others among its recipients alone: these are done with, whoever has
    its lease by now."""
    content = _Content(message.notices, {key: tuple(done) for key, done in told.items()})
    sealed = seal(_key(ring), msgspec.msgpack.encode(content), aad=message.key.encode())
    _keeper(message.key).update(content=sealed)


def failed(message: Message, *, holder: str, error: str, due_at: int, dead: bool) -> None:
    """The message could not be told: it is tried again at a time, or it is dead."""
    Delivery.objects.filter(id__in=message.ids, state=WAITING, leased_by=holder).update(
        state=DEAD if dead else WAITING,
        attempts=F("attempts") + 1,
        due_at=due_at,
        leased_until=0,
        leased_by="",
        error=error,
    )


def revive(alerts: Collection[int] | None, *, at: int) -> int:
    """Dead deliveries, of these alerts or of all, are tried again from a time on, for another three days;
    waiting ones at once. How many."""
    asked = Delivery.objects.filter(state__in=(DEAD, WAITING))
    if alerts is not None:
        asked = asked.filter(alert__in=alerts)
    with transaction.atomic():
        ended = asked.filter(state=DEAD).update(
            state=WAITING, due_at=at, begun_at=at, attempts=0, leased_until=0
        )
        early = asked.filter(state=WAITING, attempts__gt=0, leased_until__lte=at).update(due_at=at)
    return ended + early


def arrived(route: str, *, at: int) -> None:
    """A test of the route arrived."""
    RouteTest.objects.update_or_create(route=route, defaults={"at": at})


def states() -> dict[str, dict[str, int]]:
    """How many deliveries of each route are in which state."""
    found: dict[str, dict[str, int]] = {}
    for route, state, count in (
        Delivery.objects.order_by().values_list("route", "state").annotate(Count("id"))
    ):
        found.setdefault(route, {})[state] = count
    return found


def last_sent() -> dict[str, int]:
    """When each route last told something, or a test of it arrived, of those of which that is so."""
    found = Delivery.objects.filter(state=SENT).order_by().values_list("route").annotate(Max("sent_at"))
    told = dict(found)
    for route, at in RouteTest.objects.values_list("route", "at"):
        told[route] = max(told.get(route, 0), at)
    return told


def write_entry(case: Case, kind: str, entry: Entry, *, ring: KeyRing, at: int) -> CaseEntry:
    """What a person did is kept for good: sealed, and by its hash in the log. In the caller's transaction."""
    content = msgspec.msgpack.encode(entry)
    sealed = seal(_key(ring), content, aad=f"case {case.id} {kind} {at}".encode())
    row = CaseEntry.objects.create(case=case, at=at, kind=kind, content=sealed)
    _note({"event": "case", "case": case.id, "what": kind, "digest": sha256(sealed).digest()}, ring, at)
    return row


def entry_of(row: CaseEntry, ring: KeyRing) -> Entry:
    """What a person did. It has the person's name."""
    aad = f"case {row.case_id} {row.kind} {row.at}".encode()
    return msgspec.msgpack.decode(open_sealed(_key(ring), bytes(row.content), aad=aad), type=Entry)


def assign(alerts: Sequence[Alert], name: str, *, ring: KeyRing) -> None:
    """Somebody looks after the alerts."""
    for alert in alerts:
        alert.assigned = seal(_key(ring), name.encode(), aad=f"assigned {alert.source}".encode())
        alert.save(update_fields=["assigned"])


def assigned_to(alert: Alert, ring: KeyRing) -> str:
    """Who looks after an alert; "" for nobody."""
    sealed = bytes(alert.assigned)
    if not sealed:
        return ""
    return open_sealed(_key(ring), sealed, aad=f"assigned {alert.source}".encode()).decode()


def case_named(text: str) -> Case:
    """The case `k7` or `7`. Raises UnusableInput that says where they are listed."""
    found = Case.objects.filter(id=_number(text, "k")).first()
    if found is None:
        alert = Alert.objects.filter(id=_number(text, "a")).first()
        if alert is not None and not text.strip().isdecimal():
            said = f"a{alert.id} is an alert of k{alert.case_id}"
            raise UnusableInput(said, hint=f"name the case: k{alert.case_id}")
        raise UnusableInput(f"no case {text!r}", hint="trapstreet case list --all shows them")
    return found


def alert_named(text: str) -> Alert:
    """The alert `a7` or `7`. Raises UnusableInput that says where they are listed."""
    found = Alert.objects.select_related("case").filter(id=_number(text, "a")).first()
    if found is None:
        raise UnusableInput(f"no alert {text!r}", hint="trapstreet alert list --all shows them")
    return found


def suppression_alerts(after: int, most: int) -> Iterator[tuple[int, Called | None]]:
    """The log's next entries after a number, by their numbers: what was out of the ordinary about a call of
    a suppression job, None for all else."""
    found = LogLeaf.objects.filter(index__gt=after).order_by("index").values_list("index", "entry")
    for index, leaf in found[:most]:
        # To read each of millions of entries would be slow: most are told by their bytes.
        yield index, _called(bytes(leaf)) if b"suppression" in bytes(leaf) else None


def _called(leaf: bytes) -> Called | None:
    import cbor2

    entry = cbor2.loads(leaf)
    if entry.get("event") != "alert" or entry.get("about") != "suppression":
        return None
    what = tuple(map(str, entry["what"]))
    return Called(int(entry["time"]), what, str(entry.get("by", "")), int(entry.get("job", -1)))


def last_damaged() -> int:
    """The number of the last record of a spool that was kept aside; 0 for none."""
    return DamagedRecord.objects.aggregate(last=Max("id"))["last"] or 0


def _number(text: str, letter: str) -> int:
    digits = text.strip().lower().removeprefix(letter)
    return int(digits) if digits.isdecimal() and len(digits) < 19 else -1


def _key(ring: KeyRing) -> bytes:
    return ring.derive("cases")


def _sealed(alert: Alert, content: bytes, ring: KeyRing) -> bytes:
    return seal(_key(ring), content, aad=f"alert {alert.source}".encode())


def _note(entry: Mapping[str, Plain], ring: KeyRing, at: int) -> None:
    log.append({**entry, "time": at})
    log.checkpoint(ring.log_signer())
