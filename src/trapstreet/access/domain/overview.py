"""Everything on one page: what lies open to most people, what that costs, and which groups can read what."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from trapstreet.access.domain.advice import Advice
from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.access.domain.folded import Parts
from trapstreet.access.domain.heat import HeatMap, heat_map, people_in
from trapstreet.access.domain.unused import UsedAccess
from trapstreet.access.domain.usage import Unused, Window
from trapstreet.core.model.changes import FOLDER, MEMBERSHIP, Change
from trapstreet.core.model.rights import FILES, Door, How, Resource, numbers_in

WIDEST = 10
"""Exposures that are shown."""
_OPENS = 3
"""Grants by which most people get to something, that are named."""
_NAMED = 3
"""Those to whom one was given, that are named."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a page rests on.

    window      the days that logs cover; None where none was imported
    classified  whether anybody looked there for what is about people
    advice      what can be taken away, with its proof; None where nobody could say: `unadvised` says why,
                and `hint` what to do about it, if that is known
    unknown     what the place did not tell
    unlooked    tables and files of which nobody knows whether they are about people
    closed      paths of what somebody reads no longer once all that the advice names is taken away
    parts       what files that stand as one were
    """

    window: Window | None
    classified: bool
    advice: Advice | None
    unadvised: str
    unknown: tuple[str, ...]
    closed: frozenset[tuple[str, ...]] = frozenset()
    unlooked: int = 0
    hint: str = ""
    parts: Parts = field(default_factory=dict)

    def paths(self, what: Resource) -> frozenset[tuple[str, ...]]:
        """The paths of something in the advice: of files that were put together those of their sets."""
        return self.parts.get(what.path, frozenset({what.path}))


@dataclass(frozen=True, slots=True)
class Fix:
    """What can be done about an exposure.

    changes  rights that can be taken away from it without keeping anybody from what he did in the past
    keeps    rights on it, on tables of which it is one, or handed down to it by a folder, that stay since
             past uses need them
    proved   whether past uses were asked about at all
    """

    changes: tuple[Change, ...]
    keeps: int
    proved: bool


@dataclass(frozen=True, slots=True)
class Wide:
    """One exposure.

    unused     how much of the access to it is used;  everybody  whether all who can log in can read it
    people     how many people it is about; None: unknown
    opened_by  what lets most of its readers in, in words, with how many
    """

    unused: Unused
    everybody: bool
    people: int | None
    opened_by: tuple[tuple[str, int], ...]
    fix: Fix

    @property
    def idle(self) -> int:
        """How many can read it and did not."""
        return self.unused.stale + self.unused.never


@dataclass(frozen=True, slots=True)
class Overview:
    """One page about a place.

    place, edition, what  as `Rights` has them;  made_at  Unix microseconds
    logins                how many can log in
    to_all                how many tables or files about people everybody can read
    people_to_all         how many people the largest of them is about
    widest                the exposures that cost most
    """

    place: str
    edition: str
    what: tuple[str, str]
    made_at: int
    basis: Basis
    logins: int
    to_all: int
    people_to_all: int
    widest: tuple[Wide, ...]
    heat: HeatMap


def overview(used: UsedAccess, basis: Basis, *, made_at: int) -> Overview:
    """The page of a place from its rights beside their uses and what it holds, and what can be taken away.

    Where nobody looked what lies there, everything that holds records counts.
    """
    access, rights = used.access, used.access.rights
    there = used.resources(of_people=True)
    resources = [each for each in there if not used.held or each.sensitivity]
    everybody = [each for each in resources if _to_all(used, each.resource)]
    people = [people_in(used, each) or 0 for each in everybody]
    return Overview(
        place=rights.place,
        edition=rights.edition,
        what=rights.what,
        made_at=made_at,
        basis=basis,
        logins=access.accounts.bit_count(),
        to_all=len(everybody),
        people_to_all=max(people, default=0),
        widest=tuple(_wide(used, each, basis) for each in resources[:WIDEST] if each.can),
        heat=heat_map(used, [each for each in resources if each.can]),
    )


def _to_all(used: UsedAccess, what: Resource) -> bool:
    number = used.number_of(what)
    return used.access.exposure(number, used.doors_to_people(number)).everybody


def _wide(used: UsedAccess, unused: Unused, basis: Basis) -> Wide:
    what, advice = unused.resource, basis.advice
    return Wide(
        unused=unused,
        everybody=_to_all(used, what),
        people=people_in(used, unused),
        opened_by=tuple(_openings(used.access, used.doors_to_people(used.number_of(what)))),
        fix=Fix(
            changes=tuple(each for each in advice.changes if _closes(each, what, basis)),
            keeps=sum(_is_on(each.change, what, basis) for each in advice.needed),
            proved=True,
        )
        if advice
        else Fix((), 0, proved=False),
    )


def _closes(change: Change, what: Resource, basis: Basis) -> bool:
    """Whether a change takes a right away on this, or on what it lies in: of folders further up it counts
    where somebody loses something by it."""
    if change.kind == MEMBERSHIP:
        return False
    if change.kind == FOLDER and change.is_around(what.path):
        return _is_on(change, what, basis) or not basis.closed.isdisjoint(basis.paths(what))
    return _is_on(change, what, basis) or what.path[: len(change.on)] == change.on


def _is_on(change: Change, what: Resource, basis: Basis) -> bool:
    """Whether a right is one on this, on several of which it is one, or on the folder that it lies in."""
    if change.on in basis.paths(what) or what.path in change.covers:
        return True
    if change.kind == FOLDER and change.on == what.path[:1]:
        return True
    return change.kind == FILES and change.on[0] == what.path[0] and change.on[-1] in what.names


def _openings(access: EffectiveAccess, doors: Iterable[Door]) -> Iterable[tuple[str, int]]:
    """What lets people in through some doors to a resource, the widest first."""
    found: dict[str, int] = {}
    for door in doors:
        if door.sure and door.resource is not None:
            now, becomes, _ = access.levels(door)
            count = ((now | becomes) & access.people).bit_count()
            what = _given(access, door) if door.grants else str(door.how)
            found[what] = max(count, found.get(what, 0))
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return [(what, count) for what, count in ranked if count][:_OPENS]


def _given(access: EffectiveAccess, door: Door) -> str:
    """The right that opens a door, with the names of those to whom a table's is given."""
    grant = door.grants[-1]
    number, to = door.resource, [*numbers_in(grant.to)]
    of_files = number is not None and access.rights.resources[number].kind == FILES
    if of_files:
        name = access.rights.principals[to[0]].name if len(to) == 1 else ""
        said = not name or grant.what == name or grant.what.startswith(f"{name} ")
        return grant.what if said else f"{grant.what} ({name})"
    if door.how not in (How.GRANT, How.COLUMNS) or len(to) == len(access.rights.principals):
        return grant.what
    names = [access.rights.principals[each].name for each in to[:_NAMED]]
    more = f" and {len(to) - _NAMED:,} more" if len(to) > _NAMED else ""
    return f"{grant.what} to {', '.join(names)}{more}"
