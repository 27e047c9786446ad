"""What was found where, as `discover` asks for it and others read it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import msgspec
from django.db import transaction

from trapstreet.core.model.holdings import Holding
from trapstreet.store.models import DiscoveredObject, DiscoveredPlace

_AT_ONCE = 400
_UPDATED = ("state", "path", "holdings", "unread", "looked_at")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one table or file.

    state   of `state_of`; 0: it is to be looked at again as it is
    unread  what of it was not looked at: path and why
    """

    path: tuple[str, ...]
    state: int
    holdings: Sequence[Holding]
    at: int
    unread: Sequence[tuple[str, str]] = field(default=())


def key_of(path: Sequence[str]) -> bytes:
    """What a path is known by."""
    digest = blake2b(digest_size=16)
    for each in path:
        part = each.encode("utf-8", "surrogatepass")
        digest.update(len(part).to_bytes(4) + part)
    return digest.digest()


def state_of(version: str, stand: str) -> int:
    """A number for a version, which is never 0; 0 for none. stand: of the code that looks at it."""
    if not version:
        return 0
    text = f"{stand} {version}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 1 or 1


def place_named(name: str, *, edition: str, policy: str) -> DiscoveredPlace:
    """The place, new or known."""
    found, _ = DiscoveredPlace.objects.get_or_create(
        name=name, defaults={"edition": edition, "policy": policy, "ended_at": 0}
    )
    return found


def states(place: DiscoveredPlace) -> dict[bytes, int]:
    """Key and state of all that is known of a place."""
    rows = place.objects_there.values_list("key", "state")
    return {bytes(key): state for key, state in rows.iterator(chunk_size=10_000)}


def keep(place: DiscoveredPlace, found: Sequence[Found]) -> None:
    """All this was found, in place of what was known of it."""
    rows = [
        DiscoveredObject(
            place=place,
            key=key_of(each.path),
            state=each.state,
            path=[*map(legible, each.path)],
            holdings=[_written(holding) for holding in each.holdings],
            unread=[[legible(path), why] for path, why in each.unread],
            looked_at=each.at,
        )
        for each in found
    ]
    DiscoveredObject.objects.bulk_create(
        rows,
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["place", "key"],
        update_fields=_UPDATED,
    )


def drop(place: DiscoveredPlace, *, but: Collection[bytes], within: Callable[[tuple[str, ...]], bool]) -> int:
    """How many were gone: what lies within, and has none of these keys, is known no more."""
    rows = place.objects_there.values_list("id", "key", "path").iterator(chunk_size=10_000)
    gone = [row for row, key, path in rows if bytes(key) not in but and within(tuple(path))]
    for first in range(0, len(gone), _AT_ONCE):
        DiscoveredObject.objects.filter(id__in=gone[first : first + _AT_ONCE]).delete()
    return len(gone)


def unread(place: DiscoveredPlace, keys: Collection[bytes]) -> Iterator[tuple[str, str]]:
    """What of some objects was not looked at, and why."""
    rows = place.objects_there.exclude(unread=[]).values_list("key", "unread")
    for key, left in rows.iterator():
        if bytes(key) in keys:
            yield from ((path, why) for path, why in left)


def unread_at(name: str) -> list[tuple[tuple[str, ...], str, str]]:
    """What was listed at a place and not looked at, or not all of it: the path of its table or file, what of
    it, and why."""
    rows = DiscoveredObject.objects.filter(place__name=name).exclude(unread=[]).values_list("path", "unread")
    return sorted((tuple(path), what, why) for path, left in rows for what, why in left)


def classify_again(place: DiscoveredPlace, policy: str, classed: Callable[[Holding], Holding]) -> None:
    """All that is known of a place is by this policy from now on."""
    if place.policy == policy:
        return
    with transaction.atomic():
        for row in place.objects_there.exclude(holdings=[]).iterator(chunk_size=_AT_ONCE):
            row.holdings = [_written(classed(each)) for each in _holdings(place.name, row)]
            row.save(update_fields=["holdings"])
        place.policy = policy
        place.save(update_fields=["policy"])


def ended(place: DiscoveredPlace, *, edition: str, at: int) -> None:
    """Somebody has looked at a place."""
    place.edition, place.ended_at = edition, at
    place.save(update_fields=["edition", "ended_at"])


def is_looked_at(name: str) -> bool:
    """Whether somebody has ever looked at all of a place."""
    return DiscoveredPlace.objects.filter(name=name, ended_at__gt=0).exists()


def places() -> list[str]:
    """All places that were looked at, by name."""
    return list(DiscoveredPlace.objects.values_list("name", flat=True))


def at_place(name: str) -> list[Holding]:
    """All that was found at a place, in the order of its paths; [] where nobody has looked."""
    place = DiscoveredPlace.objects.filter(name=name).first()
    if place is None:
        return []
    rows = place.objects_there.exclude(holdings=[]).iterator(chunk_size=1_000)
    return sorted((each for row in rows for each in _holdings(name, row)), key=lambda each: each.path)


def numbers_at(name: str) -> dict[tuple[str, ...], int]:
    """A number for each table and file of a place that holds anything: what was found later has a larger one,
    at whatever place. Looked at again it keeps its number."""
    rows = DiscoveredObject.objects.filter(place__name=name).exclude(holdings=[])
    return {tuple(path): number for number, path in rows.values_list("id", "path").iterator()}


def found_in(place: DiscoveredPlace, path: Sequence[str]) -> list[Holding]:
    """What one table or file holds; [] where nobody looked."""
    row = place.objects_there.filter(key=key_of(path)).first()
    return _holdings(place.name, row) if row else []


def legible(text: str) -> str:
    """A name as every database can keep it: what is no text in it, spelled out."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _written(holding: Holding) -> dict[str, Any]:
    columns = tuple(replace(each, name=legible(each.name)) for each in holding.columns)
    safe = replace(holding, path=tuple(map(legible, holding.path)), columns=columns)
    made: dict[str, Any] = msgspec.to_builtins(safe)
    del made["place"], made["seen"]
    return made


def _holdings(place: str, row: DiscoveredObject) -> list[Holding]:
    return [
        msgspec.convert({**each, "place": place, "seen": row.looked_at}, Holding) for each in row.holdings
    ]
