"""What was found at a place, by the resources of a map of its rights.

A map has files of one folder that the same people may read as one resource, and `discover` has each file, and
each table in a file, by itself.
"""

from collections.abc import Iterable, Sequence

from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import FILES, Resource


class Held:
    """What the resources of a map hold. False where nobody looked at all."""

    def __init__(self, holdings: Iterable[Holding]) -> None:
        self._at: dict[tuple[str, ...], Holding] = {}
        self._in: dict[str, list[Holding]] = {}
        for each in holdings:
            self._at[each.path] = each
            self._in.setdefault(each.path[0], []).append(each)

    def __bool__(self) -> bool:
        return bool(self._at)

    def of(self, resource: Resource) -> Holding | None:
        """What a resource holds, None where nothing was found in it.

        Of several files it is the heaviest class, and all records and people: whoever is in two of them
        counts twice, but for those of a database whose log is there, too. Where the map does not know the
        files by their names, all that was found in their folder counts: rather too much than nothing.
        """
        if resource.kind != FILES:
            return self._at.get(resource.path)
        inside = self._in.get(resource.path[0], [])
        if resource.names:
            inside = [each for each in inside if each.path[1] in resource.names]
        in_logs = {each.log_of for each in inside}
        inside = [each for each in inside if each.path[:2] not in in_logs]
        return _together(resource, inside)


def _together(resource: Resource, inside: Sequence[Holding]) -> Holding | None:
    if not inside:
        return None
    heaviest = max(inside, key=lambda each: (bool(each.sensitivity), each.weight))
    people = [each.people for each in inside if each.people is not None]
    return Holding(
        place=heaviest.place,
        path=resource.path,
        kind=resource.kind,
        records=sum(each.records or each.people or 1 for each in inside),
        people=sum(people) if people else None,
        columns=(),
        sensitivity=heaviest.sensitivity,
        weight=heaviest.weight,
        seen=max(each.seen for each in inside),
    )
