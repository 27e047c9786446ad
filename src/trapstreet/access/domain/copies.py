"""New tables and files that look like ones that are known."""

from collections.abc import Iterable

from trapstreet.access.domain.drifted import NAMED, Drifted, Sort
from trapstreet.access.domain.reached import Degree, Side, Unit
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import numbers_in
from trapstreet.core.model.words import printable

_Columns = frozenset[tuple[str, str]]
_Names = frozenset[str]

_LEAST, _SHARE = 2, 0.8
"""Columns about people that both have by name and kind: so many, and such a share of the new one's."""
_SMALLEST, _LARGEST = 0.02, 1.5
"""What a copy may have of the people of what it is a copy of: a part of them, or some more by now."""


class Likeness:
    """Tables that are known, and which of them another one looks like. A text is like none."""

    def __init__(self, known: Iterable[Holding]) -> None:
        self._alike: dict[tuple[_Columns, _Names], list[Holding]] = {}
        for each in known:
            columns = _about_people(each)
            if len(columns) >= _LEAST:
                self._alike.setdefault((columns, _names(each)), []).append(each)

    def of(self, new: Holding) -> Holding | None:
        """The likest, by the names of all columns and by size; of several the first; None where it is like
        nothing known."""
        columns, names = _about_people(new), _names(new)
        best: tuple[float, Holding] | None = None
        for (others, named), known in self._alike.items():
            common = columns & others
            if len(common) < _LEAST or len(common) < _SHARE * len(columns):
                continue
            for each in known:
                size = _size(new, each)
                if size is not None and not _SMALLEST <= size <= _LARGEST:
                    continue
                likeness = len(names & named) / len(names | named) - abs(1 - (size or 1)) / 10
                if best is None or likeness > best[0]:
                    best = likeness, each
        return best[1] if best else None


def copy_of(side: Side, new: Holding, like: Holding) -> Drifted:
    """The change that a copy is, with who can read it at once; of a file, who can read any of its folder."""
    unit: Unit = new.path
    if unit not in side.units and side.rights.of_files:
        unit = new.path[:1]
    who = side.reach(unit)[Degree.PART - 1] if unit in side.units else 0
    names = [side.rights.principals[number].name for number in numbers_in(who)]
    return Drifted(
        Sort.COPIED,
        who=tuple(map(printable, names[:NAMED])),
        people=len(names),
        of=side.people.bit_count(),
        everybody=side.people.bit_count() > 1 and not side.people & ~who,
        what=(_told(new),),
        things=1,
        kind=new.kind,
        records=new.records,
        weight=new.weight,
        sensitivity=new.sensitivity,
        like=_told(like),
    )


def _told(holding: Holding) -> Unit:
    """Its path, safe to print; of a file in one text, with what lies in the file behind "!"."""
    folder, *rest = map(printable, holding.path)
    return (f"{folder.rstrip('/')}/{'!'.join(rest)}",) if "/" in folder else (folder, *rest)


def _names(holding: Holding) -> _Names:
    return frozenset(each.name.lower() for each in holding.columns)


def _about_people(holding: Holding) -> _Columns:
    if holding.kind == "text":
        return frozenset()
    return frozenset((each.name.lower(), each.kind) for each in holding.columns if each.sensitivity)


def _size(new: Holding, known: Holding) -> float | None:
    """How large it is beside the other one; None where that is not known."""
    for one, other in ((new.people, known.people), (new.records, known.records)):
        if one is not None and other:
            return one / other
    return None
