"""The rights of places as they were, and what changed, kept together. Times are Unix microseconds, UTC."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store.models import Alert, KeptRights, RightsChange, RightsPlace, RightsTaken


@dataclass(frozen=True, slots=True)
class Then:
    """Something that was kept of a place, and when."""

    id: int
    at: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Compared:
    """When a place was compared last, None: never; and why it cannot be asked now, "" if it can."""

    name: str
    begun_at: int | None
    compared_at: int | None
    failing_since: int | None
    failing: str


def place_named(name: str) -> RightsPlace:
    """The place, entered where it was not known."""
    return RightsPlace.objects.get_or_create(name=name)[0]


def place_if_known(name: str) -> RightsPlace | None:
    """The place, if its rights were ever asked for."""
    return RightsPlace.objects.filter(name=name).first()


def compared(names: Collection[str] | None = None) -> list[Compared]:
    """How places stand; those that were never tried are not among them."""
    found = RightsPlace.objects.all()
    if names is not None:
        found = found.filter(name__in=names)
    return [
        Compared(each.name, each.begun_at, each.compared_at, each.failing_since, each.failing)
        for each in found
    ]


def kept_of(place: RightsPlace, ring: KeyRing) -> Iterator[Then]:
    """What is kept of its rights, the newest first."""
    for number, at in KeptRights.objects.filter(place=place).order_by("-id").values_list("id", "at"):
        content = bytes(KeptRights.objects.values_list("content", flat=True).get(id=number))
        yield Then(number, at, open_sealed(_key(ring), content, aad=_aad("kept", place, at)))


def newest(place: RightsPlace) -> int:
    """The number of what was kept of it last; 0 for nothing."""
    return KeptRights.objects.filter(place=place).order_by("-id").values_list("id", flat=True).first() or 0


def keep(place: RightsPlace, content: bytes, *, instead: Sequence[int], ring: KeyRing, at: int) -> None:
    """Keep its rights as they are now, and forget some that were kept. In the transaction in which what
    changed is entered."""
    KeptRights.objects.filter(place=place, id__in=instead).delete()
    sealed = seal(_key(ring), content, aad=_aad("kept", place, at))
    KeptRights.objects.create(place=place, at=at, content=sealed)
    RightsPlace.objects.filter(id=place.id).update(
        begun_at=place.begun_at or at, compared_at=at, failing_since=None, failing=""
    )


def failed(place: RightsPlace, why: str, *, at: int) -> None:
    """Its rights could not be asked for."""
    RightsPlace.objects.filter(id=place.id).update(failing_since=place.failing_since or at, failing=why)


def enter(
    place: RightsPlace, content: bytes, *, since: int, at: int, alert: Alert | None, ring: KeyRing
) -> None:
    """Keep something that changed."""
    sealed = seal(_key(ring), content, aad=_aad("change", place, at))
    RightsChange.objects.create(place=place, since=since, at=at, alert=alert, content=sealed)


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that changed between two times, and the alert that it raised, by its number."""

    since: int
    at: int
    alert: int | None
    content: bytes


def changes_of(place: RightsPlace, *, since: int, ring: KeyRing) -> list[Changed]:
    """What was seen to change from a time on, in order."""
    found = RightsChange.objects.filter(place=place, at__gte=since).order_by("id")
    return [
        Changed(
            row.since,
            row.at,
            row.alert_id,
            open_sealed(_key(ring), bytes(row.content), aad=_aad("change", place, row.at)),
        )
        for row in found
    ]


@dataclass(frozen=True, slots=True)
class Alerted:
    """Something that changed at a place, and the alert for it, by its number and when it was raised."""

    place: str
    alert: int
    raised_at: int
    content: bytes


def places() -> list[str]:
    """The names of all places."""
    return list(RightsPlace.objects.values_list("name", flat=True))


def alerted(names: Collection[str], *, since: int, ring: KeyRing) -> list[Alerted]:
    """What changed at some places and has an alert that was raised from a time on."""
    rows = RightsChange.objects.filter(place__name__in=names, alert__raised_at__gte=since)
    found = []
    for row in rows.select_related("place", "alert"):
        content = open_sealed(_key(ring), bytes(row.content), aad=_aad("change", row.place, row.at))
        if row.alert:
            found.append(Alerted(row.place.name, row.alert.id, row.alert.raised_at, content))
    return found


def take(place: RightsPlace, content: bytes, *, ring: KeyRing, at: int) -> None:
    """Keep what was taken away on purpose."""
    sealed = seal(_key(ring), content, aad=_aad("taken", place, at))
    RightsTaken.objects.create(place=place, at=at, content=sealed)


def taken_at(server: str, ring: KeyRing) -> list[Then]:
    """What was taken away on purpose at a server, or, for "", in folders, in order."""
    rows = RightsTaken.objects.select_related("place")
    rows = rows.filter(place__name=server) if server else rows.exclude(place__name__contains="://")
    return [
        Then(
            row.id, row.at, open_sealed(_key(ring), bytes(row.content), aad=_aad("taken", row.place, row.at))
        )
        for row in rows
    ]


def forget_taken(ids: Collection[int]) -> None:
    """What was taken away was given back on purpose, too."""
    RightsTaken.objects.filter(id__in=ids).delete()


def _key(ring: KeyRing) -> bytes:
    return ring.derive("access")


def _aad(what: str, place: RightsPlace, at: int) -> bytes:
    return f"rights {what} {place.name} {at}".encode()
