"""Incidents as alerts are raised for them: by whose decoys, by which channel, and who."""

from typing import NamedTuple

from django.db.models import Q

from trapstreet.store.models import Copy, Incident, Planting, Pool, Sighting, Version

Group = tuple[str, str, str]
"""Owner, channel, party."""


class Standing(NamedTuple):
    """The owner of some decoys, as the registry has it.

    kind  of a planting ("record" or a breadcrumb's), "copy" or "pool";  place  where they lie, of a planting
    """

    kind: str
    place: str
    decoys: int
    data_set: str
    rows: int


def changed(after: int, most: int) -> tuple[list[Group], int]:
    """Whose incidents changed after a number, in their order, and the number up to which that is said."""
    found = list(
        Incident.objects.filter(changed__gt=after)
        .order_by("changed", "id")
        .values_list("owner", "token", "party", "changed", "id")[:most]
    )
    if not found:
        return [], after
    if len(found) == most:  # the last number may have more incidents than these
        *_, upto, last = found[-1]
        rest = Incident.objects.filter(changed=upto, id__gt=last).order_by("id")
        found += rest.values_list("owner", "token", "party", "changed", "id")
    groups = dict.fromkeys((owner, token.partition(" ")[0], party) for owner, token, party, *_ in found)
    return list(groups), found[-1][3]


def incidents_of(group: Group, *, since: int) -> list[Incident]:
    """The incidents of a group that went on after a time (Unix µs)."""
    return list(Incident.objects.filter(_in(group, since=since)).order_by("first"))


def used_by_somebody(owner: str, *, since: int) -> int:
    """How many of an owner's decoys were used, after a time, in incidents that nothing says an automaton made
    and that were not expected."""
    found = Incident.objects.filter(owner=owner, last__gt=since, expected=False, score__lte=0)
    tokens = found.values_list("token", flat=True)
    return len({token.rpartition("/")[2] for token in tokens.distinct()})


def telling(group: Group, *, since: int) -> Sighting | None:
    """The sighting of a group's incidents that looks least like an automaton's, the latest of these; with its
    hit. None where there are none."""
    return (
        Sighting.objects.filter(_in(group, since=since, of="incident__"))
        .order_by("expected", "score", "-heard__at")
        .select_related("heard", "incident")
        .defer("heard__content")
        .first()
    )


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


def _in(group: Group, *, since: int, of: str = "") -> Q:
    owner, channel, party = group
    asked = {"owner": owner, "party": party, "token__startswith": f"{channel} ", "last__gt": since}
    return Q(**{f"{of}{name}": value for name, value in asked.items()})
