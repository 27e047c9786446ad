"""Groups by data: how many of each group's members can read what."""

from collections.abc import Sequence
from dataclasses import dataclass

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.access.domain.unused import UsedAccess
from trapstreet.access.domain.usage import Unused
from trapstreet.core.model.rights import Bits, Door, Level, Resource, Rows

GROUPS, HELD = 20, 12
"""Rows and columns of the heat map: the groups and the data that weigh most."""


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


def heat_map(used: UsedAccess, resources: Sequence[Unused]) -> HeatMap:
    """Which groups can read what; whoever reads everything anyway counts in none of them."""
    access, principals = used.access, used.access.rights.principals
    mighty = _mighty(access)
    logins = access.people & ~mighty
    shown = sorted(resources, key=lambda each: -_worth(used, each))[:HELD]
    able = [_able(access, used.doors_to_people(used.number_of(each.resource))) for each in shown]
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


def people_in(used: UsedAccess, unused: Unused) -> int | None:
    """How many people something is about; None: unknown."""
    holding = used.held.of(unused.resource)
    return holding.people if holding else None


def _worth(used: UsedAccess, unused: Unused) -> float:
    return unused.weight * max(1, people_in(used, unused) or unused.records or 0)


def _able(access: EffectiveAccess, doors: Sequence[Door]) -> tuple[Bits, Bits]:
    """Who surely passes any of some doors, at once or by SET ROLE; and who of them sees only a part by it."""
    whole: Bits = 0
    part: Bits = 0
    for door in doors:
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
