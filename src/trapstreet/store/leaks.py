"""Where leaks lie, and the alerts that are about them. Times are Unix microseconds, UTC."""

import hmac
from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec
from django.db.models import Q, QuerySet

from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store.models import Alert, Found

_AT_ONCE = 400
"""Values in one question to the database."""


class Marks(NamedTuple):
    """By which a leak at a place is known again, as in the model; records  "" where nobody knows which."""

    place: str
    text: str
    records: str


class Seen(NamedTuple):
    """Where a leak lies: `content` as it was entered, and when it was seen there first and last."""

    content: bytes
    first: int
    last: int


class Marker:
    """Makes marks of a data set's leaks."""

    def __init__(self, data_set: str, ring: KeyRing) -> None:
        self._key, self._data_set = ring.found_key(), data_set

    def marks(self, where: str, *, sha256: str, which: str) -> Marks:
        """where  it lies;  sha256  of what lies there, which  records it shows: "" where nobody knows"""
        text = self._hash("text", sha256) if sha256 else self._hash("at", where)
        return Marks(self._hash("place", where), text, self._hash("records", which) if which else "")

    def _hash(self, what: str, value: str) -> str:
        said = msgspec.msgpack.encode((what, self._data_set, value.encode("utf-8", "surrogateescape")))
        return hmac.digest(self._key, said, "sha256")[:16].hex()


def known(marks: Collection[Marks]) -> dict[str, Found]:
    """By place what was entered there of the same leak last, of those places where any was."""
    found: dict[str, Found] = {}
    places = sorted({each.place for each in marks})
    for start in range(0, len(places), _AT_ONCE):
        rows = _same(marks).filter(place__in=places[start : start + _AT_ONCE]).select_related("alert")
        found |= {row.place: row for row in rows.order_by("id")}
    return found


def alert_in_open_case(marks: Collection[Marks]) -> Alert | None:
    """The alert for the same leak in a case that nobody closed."""
    found = _same(marks).filter(alert__case__closed_at__isnull=True).order_by("id")
    row = found.select_related("alert__case").first()
    return row.alert if row else None


def see_again(rows: Collection[Found], *, at: int) -> None:
    """The leak lies there still."""
    ids = [row.id for row in rows]
    for start in range(0, len(ids), _AT_ONCE):
        Found.objects.filter(id__in=ids[start : start + _AT_ONCE]).update(last_at=at)


def enter(
    alert: Alert, spots: Collection[tuple[Marks, bytes]], *, first: Mapping[str, int], ring: KeyRing, at: int
) -> None:
    """The alert is about these places, too.

    spots  what is kept of each, to be sealed;  first  by place when it was seen there first, where before
    """
    key = _key(ring)
    Found.objects.bulk_create(
        [
            Found(
                alert=alert,
                **marks._asdict(),
                first_at=first.get(marks.place, at),
                last_at=at,
                content=seal(key, content, aad=_aad(alert.id, marks.place)),
            )
            for marks, content in spots
        ],
        batch_size=_AT_ONCE,
        ignore_conflicts=True,
    )


def count(alert: Alert) -> int:
    """In how many places its leak lies."""
    return Found.objects.filter(alert=alert).count()


def seen(alert: Alert, most: int, *, ring: KeyRing) -> list[Seen]:
    """The first places where an alert's leak lies, in the order in which they were entered."""
    key = _key(ring)
    return [
        Seen(open_sealed(key, bytes(row.content), aad=_aad(alert.id, row.place)), row.first_at, row.last_at)
        for row in Found.objects.filter(alert=alert).order_by("id")[:most]
    ]


def _same(marks: Collection[Marks]) -> QuerySet[Found]:
    """Every place of the same leak."""
    texts = {each.text for each in marks}
    records = {each.records for each in marks} - {""}
    return Found.objects.filter(Q(text__in=texts) | Q(records__in=records))


def _key(ring: KeyRing) -> bytes:
    return ring.derive("cases")


def _aad(alert: int, place: str) -> bytes:
    return f"found {alert} {place}".encode()
