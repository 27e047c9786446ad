"""Objects that are read again since data sets came that they hold values of. Times are Unix microseconds."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from trapstreet.store.models import (
    Copy,
    IndexedSegment,
    Planting,
    Pool,
    SeenObject,
    Version,
    WatchedSource,
)

_AT_ONCE = 400


def segment_names() -> set[str]:
    """The segments that the registry has now: data set, and the file's name without its ending."""
    names = {
        f"{data_set}/version-{number:06}"
        for data_set, number in Version.objects.values_list("data_set_id", "number")
    }
    for owner in (Copy, Pool, Planting):
        names |= {f"{of}/copy-{each}" for each, of in owner.objects.values_list("id", "data_set_id")}
    return names


def numbered(names: Collection[str]) -> dict[str, int]:
    """The number of each segment; new ones get the next."""
    known = dict(IndexedSegment.objects.values_list("name", "id"))
    if new := sorted(set(names) - known.keys()):
        IndexedSegment.objects.bulk_create([IndexedSegment(name=each) for each in new], ignore_conflicts=True)
        known = dict(IndexedSegment.objects.values_list("name", "id"))
    return {name: known[name] for name in names}


def mark(source: int, found: Mapping[bytes, tuple[int, list[Any]]], *, at: int) -> int:
    """How many of these objects have to be read again: those that still are in the state that is
    remembered.

    found  by key the state, and what each shows
    Their source is due now. Some are marked in each transaction; doing it again adds nothing.
    """
    marked, keys = 0, list(found)
    for first in range(0, len(keys), _AT_ONCE):
        with transaction.atomic():
            own = WatchedSource.objects.filter(id=source)
            own.select_for_update().first()  # no round commits there meanwhile
            rows = SeenObject.objects.filter(source=source, key__in=keys[first : first + _AT_ONCE])
            changed = []
            for row in rows.only("id", "key", "state", "recalled"):
                state, shows = found[bytes(row.key)]
                if row.state == state or row.recalled is not None:
                    known = row.recalled or []
                    row.state, row.recalled = 0, known + [each for each in shows if each not in known]
                    changed.append(row)
            if changed:
                SeenObject.objects.bulk_update(changed, ["state", "recalled"])
                own.update(recall_at=at, due_at=Least(F("due_at"), at))
            marked += len(changed)
    return marked


def waiting(name: str) -> int:
    """How many objects of the source of a name have to be read again."""
    return SeenObject.objects.filter(source__name=name, recalled__isnull=False).count()


def pending(source: WatchedSource) -> Iterator[tuple[str, list[Any]]]:
    """Path and what is remembered of the objects that were not read again."""
    rows = source.seen.filter(recalled__isnull=False).order_by("id")
    for path, shows in rows.values_list("path", "recalled").iterator():
        yield path, shows or []


def concluded(source: WatchedSource) -> None:
    """None of a source's objects has to be read again, but for those that came up since its row was read."""
    still = WatchedSource.objects.filter(id=source.id, recall_at=source.recall_at)
    if still.update(recall_at=None):
        source.seen.filter(recalled__isnull=False).update(recalled=None)


def living(source: int) -> dict[bytes, int]:
    """Key and state of what is known of a source's objects."""
    rows = SeenObject.objects.filter(source=source).values_list("key", "state")
    return {bytes(key): state for key, state in rows.iterator(chunk_size=10_000)}


def count(source: int) -> int:
    """How many objects of a source are known."""
    return SeenObject.objects.filter(source=source).count()
