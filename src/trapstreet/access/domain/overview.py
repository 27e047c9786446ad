"""Everything on one page: what lies open to most people, what that costs, and which groups can read what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trapstreet.access.domain.advice import Advice
from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.access.domain.unused import UsedAccess
from trapstreet.access.domain.usage import Unused, Window
from trapstreet.core.model.changes import MEMBERSHIP, Change
from trapstreet.core.model.rights import FILES, Bits, Door, How, Level, Resource, Rows, numbers_in

WIDEST = 10
"""Exposures that are shown."""
GROUPS, HELD = 20, 12
"""Rows and columns of the heat map: the groups and the data that weigh most."""
_OPENS = 3
"""Grants by which most people get to something, that are named."""
_NAMED = 3
"""Those to whom one was given, that are named."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a page rests on.

    window      the days that logs cover; None where none was imported
    classified  whether anybody looked there for what is about people
    advice      what can be taken away, with its proof; None where nobody could say: `unadvised` says why
    unknown     what the place did not tell
    """

    window: Window | None
    classified: bool
    advice: Advice | None
    unadvised: str
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """What can be done about an exposure.

    changes  rights that can be taken away from it without keeping anybody from what he did in the past
    keeps    rights on it that stay, since past uses need them
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
class Cell:
    """How many of a group's members can read something; `part`: some of them only a part of it."""

    can: int
    members: int
    part: bool


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Groups by data: cells[group][data]. The heaviest of both come first.

    left_out  groups and data that are not shown
    """

    groups: tuple[str, ...]
    held: tuple[Resource, ...]
    weights: tuple[float, ...]
    cells: tuple[tuple[Cell, ...], ...]
    left_out: tuple[int, int]


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
    resources = [each for each in used.resources() if not used.held or each.sensitivity]
    everybody = [each for each in resources if access.exposure(used.number_of(each.resource)).everybody]
    people = [_people(used, each) or 0 for each in everybody]
    return Overview(
        place=rights.place,
        edition=rights.edition,
        what=rights.what,
        made_at=made_at,
        basis=basis,
        logins=access.people.bit_count(),
        to_all=len(everybody),
        people_to_all=max(people, default=0),
        widest=tuple(_wide(used, each, basis.advice) for each in resources[:WIDEST] if each.can),
        heat=heat_map(used, [each for each in resources if each.can]),
    )


def heat_map(used: UsedAccess, resources: Sequence[Unused]) -> HeatMap:
    """Which groups can read what; whoever reads everything anyway counts in none of them."""
    access, principals = used.access, used.access.rights.principals
    mighty = _mighty(access)
    logins = access.people & ~mighty
    shown = sorted(resources, key=lambda each: -_worth(used, each))[:HELD]
    able = [_able(access, used.number_of(each.resource)) for each in shown]
    groups: dict[str, Bits] = {}
    for number, each in enumerate(principals):
        members = access.arriving(1 << number) & logins & ~(1 << number)
        if members.bit_count() > 1:
            groups[each.name] = members
    alone = logins
    for members in groups.values():
        alone &= ~members
    if alone:
        groups["(in no group)"] = alone
    heaviest = sorted(
        groups.items(),
        key=lambda item: (
            -sum(
                _worth(used, each) * (can & item[1]).bit_count()
                for each, (can, _) in zip(shown, able, strict=True)
            )
        ),
    )
    kept = heaviest[:GROUPS]
    return HeatMap(
        groups=tuple(name for name, _ in kept),
        held=tuple(each.resource for each in shown),
        weights=tuple(each.weight for each in shown),
        cells=tuple(
            tuple(
                Cell((can & members).bit_count(), members.bit_count(), part=bool(part & members))
                for can, part in able
            )
            for _, members in kept
        ),
        left_out=(len(heaviest) - len(kept), len(resources) - len(shown)),
    )


def _wide(used: UsedAccess, unused: Unused, advice: Advice | None) -> Wide:
    number, path = used.number_of(unused.resource), unused.resource.path
    return Wide(
        unused=unused,
        everybody=used.access.exposure(number).everybody,
        people=_people(used, unused),
        opened_by=tuple(_openings(used.access, number)),
        fix=Fix(
            changes=tuple(each for each in advice.changes if _is_about(each, path)),
            keeps=sum(each.change.on == path for each in advice.needed),
            proved=True,
        )
        if advice
        else Fix((), 0, proved=False),
    )


def _is_about(change: Change, path: tuple[str, ...]) -> bool:
    """Whether a change takes a right away on this, or on what it lies in."""
    return change.kind != MEMBERSHIP and path[: len(change.on)] == change.on


def _openings(access: EffectiveAccess, number: int) -> Iterable[tuple[str, int]]:
    """What lets people in to a resource, the widest first."""
    found: dict[str, int] = {}
    for door in access.doors_of(number):
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
    if door.how not in (How.GRANT, How.COLUMNS) or of_files or len(to) == len(access.rights.principals):
        return grant.what
    names = [access.rights.principals[each].name for each in to[:_NAMED]]
    more = f" and {len(to) - _NAMED:,} more" if len(to) > _NAMED else ""
    return f"{grant.what} to {', '.join(names)}{more}"


def _able(access: EffectiveAccess, number: int) -> tuple[Bits, Bits]:
    """Who can surely read a resource, at once or by SET ROLE; and who of them only a part of it."""
    whole: Bits = 0
    part: Bits = 0
    for door in access.doors_of(number):
        if door.sure:
            levels = access.levels(door)
            able = levels[Level.AT_ONCE] | levels[Level.SET_ROLE]
            if door.rows == Rows.ALL and not door.columns:
                whole |= able
            else:
                part |= able
    return whole | part, part & ~whole


def _mighty(access: EffectiveAccess) -> Bits:
    """Who reads everything, by no grant on anything."""
    bits: Bits = 0
    for door in access.rights.doors:
        if door.resource is None and door.sure:
            bits |= door.opens
    return bits


def _people(used: UsedAccess, unused: Unused) -> int | None:
    holding = used.held.of(unused.resource)
    return holding.people if holding else None


def _worth(used: UsedAccess, unused: Unused) -> float:
    return unused.weight * max(1, _people(used, unused) or unused.records or 0)
