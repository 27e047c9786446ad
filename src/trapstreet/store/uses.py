"""Incidents as alerts are raised for them: by whose decoys, by which channel, and who."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from trapstreet.store.models import Copy, Incident, Planting, Pool, Sighting, UsedToken, Version

_AT_ONCE = 400
"""Values in one question to the database."""


class Changed(NamedTuple):
    """An incident that changed since alerts were raised for it: `changed` as it was when it was read."""

    id: int
    channel: str
    party: str
    changed: int


class Whom(NamedTuple):
    """Who used an owner's decoys by a channel after a time (Unix µs): one party, or, without one, all but
    some."""

    owner: str
    channel: str
    since: int
    party: str = ""
    but: frozenset[str] = frozenset()


class Done(NamedTuple):
    """What some parties did with an owner's decoys by one channel.

    parties, hits  how many;  first, last  when;  begun  when the last incident began. Unix µs
    decoys  their positions;  score  the least of their incidents', declared ones apart
    named   somebody named the persona;  expected  all of it was declared
    """

    parties: int
    hits: int
    first: int
    last: int
    begun: int
    decoys: tuple[int, ...]
    score: float
    named: bool
    expected: bool


class Standing(NamedTuple):
    """The owner of some decoys, as the registry has it.

    kind  of a planting ("record" or a breadcrumb's), "copy" or "pool";  place  where they lie, of a planting
    """

    kind: str
    place: str
    decoys: int
    data_set: str
    rows: int


def owners_waiting() -> dict[str, int]:
    """Whose incidents changed since alerts were raised for them, and the number of the first change."""
    found = Incident.objects.filter(changed__isnull=False).order_by().values_list("owner")
    return dict(found.annotate(Min("changed")))


def waiting(owner: str, most: int) -> list[Changed]:
    """The first of an owner's incidents that changed since alerts were raised for them, in their order."""
    found = Incident.objects.filter(owner=owner, changed__isnull=False).order_by("changed", "id")
    return [
        Changed(number, token.partition(" ")[0], party, changed or 0)
        for number, token, party, changed in found.values_list("id", "token", "party", "changed")[:most]
    ]


def settle(done: Sequence[Changed]) -> None:
    """Alerts were raised for these incidents as they were read; those that changed since go on waiting."""
    upto = max((each.changed for each in done), default=0)
    for start in range(0, len(done), _AT_ONCE):
        some = [each.id for each in done[start : start + _AT_ONCE]]
        Incident.objects.filter(id__in=some, changed__lte=upto).update(changed=None)


def done_by(whom: Whom) -> Done | None:
    """What they did; None for nothing. 2 µs an incident."""
    found, undeclared = _by(whom).order_by(), Q(expected=False)
    sums = found.aggregate(
        parties=Count("party", distinct=True),
        hits=Sum("count"),
        begun=Max("first"),  # Django takes a name for a column only until it is given to a sum
        first=Min("first"),
        last=Max("last"),
        any_score=Min("score"),
        score=Min("score", filter=undeclared),
        named=Count("id", filter=undeclared & Q(named=True)),
    )
    if not sums["parties"]:
        return None
    any_score = sums.pop("any_score")
    expected = sums["score"] is None
    sums |= {"score": any_score if expected else sums["score"], "named": bool(sums["named"])}
    tokens = found.values_list("token", flat=True).distinct()
    return Done(**sums, expected=expected, decoys=tuple(sorted({decoy_of(token) for token in tokens})))


def used_by_somebody(owner: str, *, since: int) -> int:
    """How many of an owner's decoys were used, after a time, in incidents that nothing says an automaton made
    and that were not expected."""
    found = UsedToken.objects.filter(owner=owner, somebody__gt=since)
    return len({decoy_of(token) for token in found.values_list("token", flat=True)})


def telling(whom: Whom) -> Sighting | None:
    """The sighting, with its hit, that looks least like an automaton's, of the last incident of which that is
    so. None where there are none."""
    incident = _by(whom).order_by("expected", "score", "-last", "-id").values_list("id", flat=True).first()
    return (
        Sighting.objects.filter(incident=incident)
        .order_by("expected", "score", "-id")
        .select_related("heard", "incident")
        .defer("heard__content")
        .first()
    )


def decoy_of(token: str) -> int:
    """The position of the decoy that an incident's token names."""
    return int(token.rpartition("/")[2])


def standing(owner: str) -> Standing:
    """Whose decoys they are."""
    if (
        planting := Planting.objects.select_related("data_set")
        .filter(id=owner)
        .only("kind", "place", "decoys", "data_set__name")
        .first()
    ):
        name = planting.data_set.name if planting.data_set else ""
        return Standing(planting.kind, planting.place, planting.decoys, name, _rows(planting.data_set_id))
    if copy := Copy.objects.select_related("data_set").filter(id=owner).first():
        return Standing("copy", "", copy.decoys, copy.data_set.name, _rows(copy.data_set_id))
    pool = Pool.objects.select_related("data_set").filter(id=owner).first()
    if pool is None:
        return Standing("pool", "", 0, "", 0)
    return Standing("pool", "", pool.decoys, pool.data_set.name, _rows(pool.data_set_id))


def _rows(data_set: str | None) -> int:
    last = Version.objects.filter(data_set=data_set).order_by("-number").values_list("rows", flat=True)
    return last.first() or 0


def _by(whom: Whom) -> QuerySet[Incident]:
    owner, channel, since, party, but = whom
    found = Incident.objects.filter(owner=owner, token__startswith=f"{channel} {owner}/", last__gt=since)
    return found.filter(party=party) if party else found.exclude(party__in=but)
