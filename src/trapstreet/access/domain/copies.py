"""New tables and files that look like ones that are known."""

from collections.abc import Iterable

from trapstreet.access.domain.changes import NAMED, Change, Sort
from trapstreet.access.domain.reached import Degree, Side, Unit
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import FILES, Rights, numbers_in
from trapstreet.core.model.words import printable

_LEAST, _SHARE = 2, 0.8
"""Columns about people that both have by name and kind: so many, and such a share of the new one's."""
_SMALLEST, _LARGEST = 0.02, 1.5
"""What a copy may have of the people of what it is a copy of: a part of them, or some more by now."""


def copied(new: Holding, known: Iterable[Holding]) -> Holding | None:
    """What a new table or file looks like a copy of: the likest; None where it is like nothing known."""
    columns = _about_people(new)
    best: tuple[float, Holding] | None = None
    for each in known:
        common = columns & _about_people(each)
        if len(common) < _LEAST or len(common) < _SHARE * len(columns):
            continue
        size = _size(new, each)
        if size is not None and not _SMALLEST <= size <= _LARGEST:
            continue
        likeness = len(common) / len(columns | _about_people(each)) - abs(1 - (size or 1)) / 10
        if best is None or likeness > best[0]:
            best = likeness, each
    return best[1] if best else None


def copy_of(rights: Rights, new: Holding, like: Holding) -> Change:
    """The change that a copy is, with who can read it at once."""
    side = Side(rights)
    unit: Unit = new.path
    if unit not in side.units and any(each.kind == FILES for each in rights.resources):
        unit = new.path[:1]
    who = side.reach(unit)[Degree.PART - 1] if unit in side.units else 0
    names = [side.rights.principals[number].name for number in numbers_in(who)]
    return Change(
        Sort.COPIED,
        who=tuple(map(printable, names[:NAMED])),
        people=len(names),
        of=side.people.bit_count(),
        everybody=side.people.bit_count() > 1 and not side.people & ~who,
        what=(tuple(map(printable, new.path)),),
        things=1,
        kind=new.kind,
        records=new.records,
        weight=new.weight,
        sensitivity=new.sensitivity,
        like=tuple(map(printable, like.path)),
    )


def _about_people(holding: Holding) -> set[tuple[str, str]]:
    return {(each.name.lower(), each.kind) for each in holding.columns if each.sensitivity}


def _size(new: Holding, known: Holding) -> float | None:
    """How large it is beside the other one; None where that is not known."""
    for one, other in ((new.people, known.people), (new.records, known.records)):
        if one is not None and other:
            return one / other
    return None
