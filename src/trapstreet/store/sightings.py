"""Sightings, entered together with how far a spool was taken, so that each hit is here once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

import msgspec
from django.db import transaction
from django.db.models import F, Max, Q, Sum

from trapstreet.core.model.notice import Severity
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store import log, plantings
from trapstreet.store.models import (
    Background,
    Case,
    Copy,
    DamagedRecord,
    Heard,
    Incident,
    Planting,
    Pool,
    Sighting,
    TakenCallback,
    TakenSegment,
    UsedToken,
)

_Value = TypeVar("_Value")

_AT_ONCE = 400
"""Values in one question to the database."""


class Folded(msgspec.Struct, frozen=True):
    """An incident, as in the model; `counts` says whether it does for joint evidence."""

    token: str
    party: str
    first: int
    last: int
    count: int
    kinds: tuple[tuple[str, int], ...]
    score: float
    named: bool
    expected: bool
    counts: bool = False


_KEPT = tuple(name for name in Folded.__struct_fields__ if name != "counts")
"""What of it is in the model's row."""


@dataclass(frozen=True, slots=True)
class NewSighting:
    """A use of a decoy: `why` is the label, to be sealed; token and party are its incident's.

    touches     it was no honest automaton, as far as one can tell, and nothing that was declared
    named, expected  as in the model
    colleagues  decoys of the same owner that share what was used, and are touched with it
    """

    owner: str
    decoy: int
    label: str
    score: float
    token: str
    party: str
    touches: bool
    why: bytes = field(repr=False)
    named: bool = False
    expected: bool = False
    colleagues: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NewHeard:
    """A hit with its sightings, as in the model; `seen` and `content` are to be sealed."""

    segment: str
    number: int
    position: int
    channel: str
    at: int
    count: int
    sightings: Sequence[NewSighting]
    seen: bytes = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Batch:
    """What some records of a spool come to.

    taken       the last number of each segment;  damaged  segment, number and what stood there
    background  hits with nobody's names, by channel and day;  callbacks  ids of those that were believed
    """

    taken: dict[str, int] = field(default_factory=dict)
    damaged: list[tuple[str, int, bytes]] = field(default_factory=list, repr=False)
    background: Counter[tuple[str, str]] = field(default_factory=Counter)
    heard: list[NewHeard] = field(default_factory=list)
    callbacks: list[str] = field(default_factory=list)


def taken(segments: Collection[str]) -> dict[str, int]:
    """The last number that was taken, of each of the segments of which any was."""
    return dict(TakenSegment.objects.filter(id__in=segments).values_list("id", "number"))


def first_uses(tokens: Collection[str]) -> dict[str, int]:
    """When each of the incidents' tokens was first used, of those that were."""
    return {
        token: first
        for some in _some(tokens)
        for token, first in UsedToken.objects.filter(token__in=some).values_list("token", "first")
    }


def taken_callbacks(ids: Collection[str]) -> set[str]:
    """Those of the callbacks that were taken before."""
    return {
        found
        for some in _some(ids)
        for found in TakenCallback.objects.filter(id__in=some).values_list("id", flat=True)
    }


def laid_at(owners: Collection[str] | None) -> dict[str, int]:
    """When the decoys of plantings came to lie in their place, and copies with theirs were handed out, of
    those that are known to. owners: None for all."""
    asked = Q() if owners is None else Q(id__in=owners)
    there = Planting.objects.filter(asked).values_list("id", "planted_at")
    return {
        **{planting: at for planting, at in there if at is not None},
        **dict(Copy.objects.filter(asked).values_list("id", "created_at")),
        **dict(Pool.objects.filter(asked).values_list("id", "created_at")),
    }


def used_tokens() -> list[UsedToken]:
    """Every token that was used, with what its uses came to."""
    return list(UsedToken.objects.all())


def own_traffic() -> dict[str, set[int]]:
    """By planting and copy the positions of decoys that were heard before they were known to lie anywhere."""
    laid = laid_at(None)
    found: dict[str, set[int]] = defaultdict(set)
    for owner, token, first in UsedToken.objects.values_list("owner", "token", "first").iterator():
        if first < laid.get(owner, first + 1):
            found[owner].add(int(token.rpartition("/")[2]))
    return found


def incidents_of(parties: Collection[tuple[str, str]]) -> list[Folded]:
    """The incidents of some tokens and parties, in pairs."""
    return [_folded(row) for row in _incidents(parties)]


def enter(batch: Batch, incidents: Sequence[Folded], *, ring: KeyRing, at: int) -> None:
    """Keep a batch for good, all or nothing of it, and the log's signed leaf if decoys were used.

    incidents  of the tokens and parties of the batch, those that were known folded with the new ones
    Nobody else may enter sightings meanwhile.
    """
    with transaction.atomic():
        for segment, number in batch.taken.items():
            TakenSegment.objects.update_or_create(id=segment, defaults={"number": number, "at": at})
        DamagedRecord.objects.bulk_create(
            DamagedRecord(segment=segment, number=number, sealed=sealed, taken_at=at)
            for segment, number, sealed in batch.damaged
        )
        TakenCallback.objects.bulk_create(TakenCallback(id=each, at=at) for each in batch.callbacks)
        for (channel, day), count in batch.background.items():
            row, _ = Background.objects.get_or_create(channel=channel, day=day, defaults={"count": 0})
            Background.objects.filter(id=row.id).update(count=F("count") + count)
        if batch.heard:
            rows = _enter_sightings(batch.heard, _settle(incidents, at), ring)
            _touch(batch.heard, ring=ring, at=at)
            _note(rows, ring=ring, at=at)


def forget(*, before: int, most: int, ring: KeyRing, at: int) -> int:
    """Drop what was over before a time (Unix µs): incidents with their sightings and hits, at most so many
    incidents, and marks of what was taken from spools. How many incidents.

    What belongs to a case that is open, or was closed after that time, stays, but for a case of automata and
    declared uses alone in which nobody did anything: nobody was told of it, and nobody will close it. The
    log keeps the hash of every hit, and has a leaf that says what was dropped. Nobody else may enter
    sightings meanwhile.
    """
    looked_after = Q(severity__gt=Severity.INFO) | Q(entries__isnull=False)
    held = Case.objects.filter(Q(closed_at__gte=before) | Q(closed_at__isnull=True) & looked_after)
    over = Incident.objects.filter(last__lt=before, changed__isnull=True).exclude(
        owner__in=held.values("subject")
    )
    with transaction.atomic():
        gone = list(over.order_by("last").values_list("id", flat=True)[:most])
        hits = _drop(gone)
        old = TakenSegment.objects.filter(at__lt=before).exclude(id__in=Heard.objects.values("segment"))
        old.delete()
        TakenCallback.objects.filter(at__lt=before).delete()
        if not held.filter(subject="trap").exists():
            DamagedRecord.objects.filter(taken_at__lt=before).delete()
        if gone:
            what = {"incidents": len(gone), "hits": hits, "before": before}
            log.append({"event": "sightings forgotten", **what, "time": at})
            log.checkpoint(ring.log_signer())
    return len(gone)


def _drop(incidents: Sequence[int]) -> int:
    """Incidents with their sightings, and hits of which no sighting is left; how many of these."""
    hits = 0
    for some in _some(incidents):
        sightings = Sighting.objects.filter(incident__in=some)
        heard = set(sightings.values_list("heard", flat=True))
        sightings.delete()
        Incident.objects.filter(id__in=some).delete()
        for few in _some(heard):
            _, dropped = Heard.objects.filter(id__in=few, sightings__isnull=True).delete()
            hits += dropped.get("store.Heard", 0)
    return hits


Places = Mapping[tuple[str, str], Sequence[Incident]]
"""Incidents by token and party."""


def _enter_sightings(heard: Sequence[NewHeard], incidents: Places, ring: KeyRing) -> list[Heard]:
    rows = Heard.objects.bulk_create(
        [
            Heard(
                segment=each.segment,
                number=each.number,
                position=each.position,
                channel=each.channel,
                at=each.at,
                count=each.count,
                seen=_sealed("seen", each, each.seen, ring),
                content=_sealed("content", each, each.content, ring),
            )
            for each in heard
        ],
        batch_size=_AT_ONCE,
    )
    Sighting.objects.bulk_create(
        [
            Sighting(
                heard=row,
                owner=use.owner,
                decoy=use.decoy,
                label=use.label,
                score=use.score,
                why=_sealed(f"why {use.token}", each, use.why, ring),
                named=use.named,
                expected=use.expected,
                incident=next(
                    one for one in incidents[use.token, use.party] if one.first <= each.at <= one.last
                ),
            )
            for row, each in zip(rows, heard, strict=True)
            for use in each.sightings
        ],
        batch_size=_AT_ONCE,
    )
    return rows


def _settle(folded: Sequence[Folded], at: int) -> Places:
    """The incidents as they are by now: one that joins others takes over what was theirs."""
    known: dict[tuple[str, str], list[Incident]] = defaultdict(list)
    for row in _incidents({(each.token, each.party) for each in folded}):
        known[row.token, row.party].append(row)
    settled: dict[tuple[str, str], list[Incident]] = defaultdict(list)
    joined: list[tuple[Incident, list[int]]] = []
    _sum_up(folded)
    waiting = Incident.objects.filter(changed__isnull=False)
    # Later than any that waits, and than any that was looked at: who looks may still be at it.
    change = max(at, (waiting.aggregate(last=Max("changed"))["last"] or 0) + 1)
    for each in folded:
        party = each.token, each.party
        inside = [row for row in known[party] if each.first <= row.first and row.last <= each.last]
        row = inside[0] if inside else Incident()
        for name in _KEPT:
            setattr(row, name, getattr(each, name))
        row.changed = change
        row.owner = _owner(each.token)
        settled[party].append(row)
        if len(inside) > 1:
            joined.append((row, [other.id for other in inside[1:]]))
    _save(row for rows in settled.values() for row in rows)
    for row, others in joined:
        Sighting.objects.filter(incident__in=others).update(incident=row)
        Incident.objects.filter(id__in=others).delete()
    return settled


def _sum_up(folded: Sequence[Folded]) -> None:
    """What the tokens' uses came to, with these. An incident only ever comes to count, and only grows: the
    least and greatest times of all are those of its last state."""
    tokens = {each.token for each in folded}
    known = {row.token: row for some in _some(tokens) for row in UsedToken.objects.filter(token__in=some)}
    for each in folded:
        row = known.setdefault(
            each.token, UsedToken(token=each.token, owner=_owner(each.token), first=each.first)
        )
        row.first = min(row.first, each.first)
        if each.counts and (row.counted is None or each.first < row.counted):
            row.counted, row.counted_party = each.first, each.party
        if each.score <= 0 and not each.expected:
            row.somebody = max(row.somebody or 0, each.last)
    UsedToken.objects.bulk_create(
        known.values(),
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["token"],
        update_fields=["first", "counted", "counted_party", "somebody"],
    )


def _owner(token: str) -> str:
    """Whose decoy an incident's token is."""
    return token.partition(" ")[2].rpartition("/")[0]


def _save(incidents: Iterable[Incident]) -> None:
    """All of them in a few statements: a flood has hundreds in each batch. Numbered as they began."""
    rows = sorted(incidents, key=lambda row: row.first)
    fields = [field.attname for field in Incident._meta.concrete_fields if not field.primary_key]
    Incident.objects.bulk_create([row for row in rows if row.id is None], batch_size=_AT_ONCE)
    Incident.objects.bulk_create(
        [row for row in rows if row.id is not None],
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=fields,
    )


def _touch(heard: Sequence[NewHeard], *, ring: KeyRing, at: int) -> None:
    touched: dict[str, set[int]] = defaultdict(set)
    for each in heard:
        for use in each.sightings:
            if use.touches:
                touched[use.owner] |= {use.decoy, *use.colleagues}
    for planting in Planting.objects.filter(id__in=touched):
        plantings.touch_at(planting, touched[planting.id], ring=ring, at=at)


def _note(heard: Sequence[Heard], *, ring: KeyRing, at: int) -> None:
    digest = sha256(b"".join(sha256(each.content).digest() for each in heard)).digest()
    log.append({"event": "sightings", "hits": len(heard), "digest": digest, "time": at})
    log.checkpoint(ring.log_signer())


def chosen(
    *, owner: str | None = None, decoys: Collection[int] | None = None, since: int = 0
) -> list[tuple[Sighting, int]]:
    """One sighting of each incident that lasted until `since` (Unix µs) or longer, the last first: the one
    that looks least like an automaton, the latest of these; with how many sightings the incident has.

    owner, decoys  of these decoys only
    """
    asked = Q(incident__last__gte=since)
    if owner is not None:
        asked &= Q(owner=owner)
    found = Sighting.objects.filter(asked).values_list("incident", "score", "heard__at", "id", "decoy")
    best: dict[int, tuple[float, int, int]] = {}
    numbers: Counter[int] = Counter()
    for incident, score, at, number, decoy in found.iterator():
        if decoys is None or decoy in decoys:
            numbers[incident] += 1
            best[incident] = min(best.get(incident, (score, -at, number)), (score, -at, number))
    ids = [number for *_, number in best.values()]
    rows = [
        row
        for some in _some(ids)
        for row in Sighting.objects.filter(id__in=some)
        .select_related("heard", "incident")
        .defer("heard__content")
    ]
    rows.sort(key=lambda row: (-row.incident.last, row.id))
    return [(row, numbers[row.incident_id]) for row in rows]


def seen_of(sighting: Sighting, ring: KeyRing) -> tuple[bytes, bytes]:
    """What was entered as `seen` and `why`."""
    heard = sighting.heard
    token = sighting.incident.token
    return (
        _opened("seen", heard, bytes(heard.seen), ring),
        _opened(f"why {token}", heard, bytes(sighting.why), ring),
    )


def content_of(heard: Heard, ring: KeyRing) -> bytes:
    """What was entered as `content`: all that was heard. Protected."""
    return _opened("content", heard, bytes(heard.content), ring)


def background(*, since: str = "") -> dict[str, int]:
    """Hits with nobody's names, by channel, from a day on."""
    found = Background.objects.filter(day__gte=since).order_by("channel").values_list("channel")
    return dict(found.annotate(Sum("count")))


def background_days(*, since: str = "") -> int:
    """On how many days, from a day on, there was background; 0 for none."""
    return Background.objects.filter(day__gte=since).values("day").distinct().count()


def count_damaged() -> int:
    """How many records of spools were kept aside."""
    return DamagedRecord.objects.count()


def where(owners: Collection[str]) -> dict[str, str]:
    """Where decoys lie, by the planting or copy that has them; shared ones lie in several copies."""
    plantings_, copies = Planting.objects.filter(id__in=owners), Copy.objects.filter(id__in=owners)
    return {
        **dict.fromkeys(owners, "several copies"),
        **dict(plantings_.values_list("id", "place")),
        **{copy: f"a copy of {name}" for copy, name in copies.values_list("id", "data_set__name")},
    }


def _incidents(parties: Collection[tuple[str, str]]) -> Iterator[Incident]:
    tokens = {token for token, _ in parties}
    names = {party for _, party in parties}
    for some in _some(tokens):
        for few in _some(names):
            found = Incident.objects.filter(token__in=some, party__in=few).order_by("first")
            yield from (row for row in found if (row.token, row.party) in parties)


def _folded(row: Incident) -> Folded:
    kinds = tuple((str(kind), int(count)) for kind, count in row.kinds)
    return Folded(
        row.token, row.party, row.first, row.last, row.count, kinds, row.score, row.named, row.expected
    )


def _some(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    whole = list(values)
    for start in range(0, len(whole), _AT_ONCE):
        yield whole[start : start + _AT_ONCE]


def _aad(what: str, of: NewHeard | Heard) -> bytes:
    return f"{what} {of.segment} {of.number} {of.position}".encode()


def _sealed(what: str, of: NewHeard, content: bytes, ring: KeyRing) -> bytes:
    return seal(ring.sightings_key(), content, aad=_aad(what, of))


def _opened(what: str, of: Heard, sealed: bytes, ring: KeyRing) -> bytes:
    return open_sealed(ring.sightings_key(), sealed, aad=_aad(what, of))
