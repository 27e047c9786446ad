"""Watched sources and what was seen there, as the watch asks for them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet

from trapstreet.core.model.errors import UnusableInput
from trapstreet.store.models import SeenObject, WatchedSource, WatchTotal

LASTS = 90_000_000
"""Microseconds that a source is somebody's, each time that it is taken or renewed."""
OF_A_HOST = 2
"""Sources of one host that are looked at at a time."""
KEPT_GONE = 30 * 86_400_000_000
"""Microseconds after which it is forgotten that something gone was there."""

_AT_ONCE = 400
_HOUR = 3_600_000_000
_DAY_SECONDS = 86_400
_REMOVED = 5_000


Held: TypeAlias = "QuerySet[WatchedSource]"
"""A source, or none where it is not the holder's any more."""


class Seen(NamedTuple):
    """An object as it is written down; the names are those of SeenObject."""

    key: bytes
    state: int
    path: str
    size: int | None
    readers: str
    again_at: int | None
    why: str
    found: int


def source_named(name: str) -> WatchedSource:
    """The watched source of a name. Raises UnusableInput that lists the names there are."""
    found = WatchedSource.objects.filter(name=name).first()
    if found is None:
        names = [*WatchedSource.objects.order_by("name").values_list("name", flat=True)[:20]]
        hint = f"watched are: {', '.join(names)}" if names else "add it: trapstreet watch add"
        raise UnusableInput(f"no watched source {name!r}", hint=hint)
    return found


def sources() -> list[WatchedSource]:
    """Every watched source, by name."""
    return list(WatchedSource.objects.order_by("name"))


def any_there() -> bool:
    """Whether there is something to watch."""
    return WatchedSource.objects.exists()


def remove(source: WatchedSource) -> None:
    """The source and what was seen there are gone; whoever is at it notices at its next commit."""
    while True:
        some = list(source.seen.values_list("id", flat=True)[:_REMOVED])
        if not some:
            break
        for at in range(0, len(some), _AT_ONCE):
            SeenObject.objects.filter(id__in=some[at : at + _AT_ONCE]).delete()
    with transaction.atomic():
        WatchedSource.objects.select_for_update().filter(id=source.id).first()  # nobody commits there now
        source.seen.all().delete()
        source.delete()


def claim(
    holder: str, *, at: int, most: int, only: Collection[int] | None = None, now: bool = False
) -> list[WatchedSource]:
    """Sources that are the holder's from now on: due ones, the one that waits longest first.

    only  of these alone;  now  due or not
    Several come only where all went quickly last time. Of a host that OF_A_HOST others are at, none comes.
    """
    due = WatchedSource.objects.filter(_free(at))
    if only is not None:
        due = due.filter(id__in=only)
    if not now:
        due = due.filter(due_at__lte=at)
    if not due.exists():  # who only looks hinders nobody
        return []
    with transaction.atomic():
        busy = _busy_hosts(at)
        rows = due.exclude(host__in=busy).order_by("due_at", "id").select_for_update(skip_locked=_skips())
        found = list(rows[:most])
        if found and not found[0].quick:
            found = found[:1]
        found = [each for each in found if each.quick] if len(found) > 1 else found
        _lease(WatchedSource.objects.filter(id__in=[each.id for each in found]), holder, at)
    return found


def renew(holder: str, *, at: int) -> None:
    """All that a process has stays its own; `holder` begins the names of its threads."""
    held = WatchedSource.objects.filter(leased_by__startswith=f"{holder} ", leased_until__gt=at)
    _update(held, leased_until=at + LASTS)


def bring_forward(at: int) -> int:
    """Sources that are due later than any round puts off are due now: a clock that is right again was ahead.
    Their number."""
    late = WatchedSource.objects.filter(due_at__gt=at + (2 * F("every") + _DAY_SECONDS) * 1_000_000)
    return _update(late, due_at=at)


def give_back(holder: str, ids: Collection[int] | None = None) -> None:
    """Others may have these, or all of a holder's, at once."""
    held = WatchedSource.objects.filter(leased_by=holder)
    if ids is not None:
        held = held.filter(id__in=ids)
    if held.exists():
        held.update(leased_until=0, leased_by="")


def give_all_back(holder: str) -> None:
    """The same for all threads of a process, which ended or begins."""
    held = WatchedSource.objects.filter(leased_by__startswith=f"{holder} ")
    if held.exists():
        held.update(leased_until=0, leased_by="")


def held_by(source: WatchedSource, holder: str) -> Held:
    """The source, if it is still the holder's."""
    return WatchedSource.objects.filter(id=source.id, leased_by=holder)


def known(source: WatchedSource, *, at: int) -> Iterator[tuple[bytes, int, bool]]:
    """Key, state and whether it is gone of all that was seen, in the order of keys. State 0 where it is time
    to try again."""
    again = set(source.seen.filter(again_at__lte=at).values_list("id", flat=True).iterator())
    rows = source.seen.order_by("key").values_list("id", "key", "state", "gone_at")
    for row, key, state, gone_at in rows.iterator(chunk_size=10_000):
        yield bytes(key), 0 if row in again else state, gone_at is not None


def write(source: WatchedSource, seen: Sequence[Seen], *, at: int) -> None:
    """These objects were read. Those that could not be are still to be read again for new data sets."""
    fields = ["state", "size", "readers", "again_at", "why", "found", "read_at", "gone_at"]
    tried = [each for each in seen if not each.state or each.again_at]
    read = [each for each in seen if each.state and not each.again_at]
    for some, written in ((tried, fields), (read, [*fields, "recalled"])):
        SeenObject.objects.bulk_create(
            [
                SeenObject(source=source, **each._asdict(), first_at=at, read_at=at, gone_at=None)
                for each in some
            ],
            update_conflicts=True,
            unique_fields=["source", "key"],
            update_fields=written,
        )


def mark_back(source: WatchedSource, keys: Sequence[bytes]) -> None:
    """These objects are there again."""
    for some in _some(keys):
        source.seen.filter(key__in=some).update(gone_at=None)


def mark_gone(source: WatchedSource, keys: Sequence[bytes], *, kept: Sequence[str], at: int) -> int:
    """How many of these objects, which a whole listing did not name, are gone: not those whose paths begin
    like a folder that could not be looked at."""
    gone = 0
    for some in _some(keys):
        rows = source.seen.filter(key__in=some, gone_at=None).values_list("id", "path")
        ids = [row for row, path in rows if not any(path.startswith(folder) for folder in kept)]
        gone += SeenObject.objects.filter(id__in=ids).update(gone_at=at) if ids else 0
    return gone


def forget_gone(source: WatchedSource, *, at: int) -> None:
    """What was gone for long is forgotten."""
    old = source.seen.filter(gone_at__lt=at - KEPT_GONE)
    if old.exists():
        old.delete()


def tests() -> int:
    """In how many texts chance could have shown a data set, once for each, of all that was ever watched."""
    return WatchTotal.objects.filter(name="tests").values_list("count", flat=True).first() or 0


def add_tests(count: int) -> None:
    """So many more were searched."""
    if count and not WatchTotal.objects.filter(name="tests").update(count=F("count") + count):
        WatchTotal.objects.get_or_create(name="tests", defaults={"count": count})


def counts() -> dict[int, tuple[int, int]]:
    """By source the objects there that could not be read wholly, and those that hold our data."""
    unread = _by_source(~Q(why=""))
    found = _by_source(Q(found__gt=0))
    return {each: (unread.get(each, 0), found.get(each, 0)) for each in unread.keys() | found.keys()}


def holding(source: WatchedSource, *, most: int) -> list[tuple[str, str, int]]:
    """Objects there that hold our data: path, who may read it, how many findings; the newest first."""
    rows = source.seen.filter(found__gt=0, gone_at=None).order_by("-read_at", "-id")
    return list(rows.values_list("path", "readers", "found")[:most])


def is_late(source: WatchedSource, *, at: int) -> bool:
    """Whether nobody looks at a source: its round should have begun three intervals ago, and an hour at
    least."""
    return source.due_at + max(3 * source.every * 1_000_000, _HOUR) < at and source.leased_until <= at


def late(*, at: int) -> list[str]:
    """The names of such sources, the one that waits longest first."""
    due = WatchedSource.objects.filter(due_at__lt=at - _HOUR).order_by("due_at")
    return [each.name for each in due if is_late(each, at=at)]


def _by_source(condition: Q) -> dict[int, int]:
    rows = SeenObject.objects.filter(condition, gone_at=None).order_by().values("source")
    return {row["source"]: row["count"] for row in rows.annotate(count=Count("id"))}


def _free(at: int) -> Q:
    return Q(leased_until__lte=at) | Q(leased_until__gt=at + 2 * LASTS)  # a clock that was set back


def _busy_hosts(at: int) -> list[str]:
    held = WatchedSource.objects.exclude(host="").exclude(_free(at))
    hosts = held.order_by().values("host").annotate(count=Count("leased_by", distinct=True))
    return [each["host"] for each in hosts if each["count"] >= OF_A_HOST]


def _lease(rows: "QuerySet[WatchedSource]", holder: str, at: int) -> None:
    rows.update(leased_by=holder, leased_until=at + LASTS)


def _update(rows: "QuerySet[WatchedSource]", **fields: int) -> int:
    """Update all rows but those that somebody is writing just now: these might wait for it, too. How many; to
    be done again and again."""
    if not rows.exists():  # who only looks hinders nobody
        return 0
    with transaction.atomic():
        some = rows.select_for_update(skip_locked=_skips()).values_list("id", flat=True)
        return rows.filter(id__in=[*some]).update(**fields)


def _skips() -> bool:
    return connection.features.has_select_for_update_skip_locked


def _some(keys: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    return (keys[at : at + _AT_ONCE] for at in range(0, len(keys), _AT_ONCE))
