"""Effective access: who gets through which doors, at what level, and by which way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import pairwise
from operator import or_

from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.rights import (
    Bits,
    Door,
    How,
    Level,
    Resource,
    Rights,
    Rows,
    bits_of,
    numbers_in,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One principal's nearest access to one resource.

    sure  False: it may be that nothing can be read this way
    way   from the principal to the resource, in words
    nearer  another way, which is nearer and not sure; None: there is none, or this one is not sure itself
    """

    principal: str
    resource: Resource
    level: Level
    how: How
    rows: Rows
    columns: tuple[str, ...]
    sure: bool
    way: tuple[str, ...]
    nearer: "Reading | None" = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """How many can read a resource, of those who can log in; each is counted once, where nearest.

    everybody  whether all who have an account to log in with can, at once
    """

    resource: Resource
    at_once: int
    set_role: int
    grants_itself: int
    perhaps: int
    everybody: bool

    @property
    def surely(self) -> int:
        """How many of them it is certain of."""
        return self.at_once + self.set_role + self.grants_itself


_ROWS = (Rows.ALL, Rows.SHOWN, Rows.SOME)

_MIGHT = (How.SUPERUSER, How.PRIVILEGE, How.OWNER)
"""What tells most of why somebody reads something: it stays when grants are taken away."""


class EffectiveAccess:
    """The rights of a place, evaluated.

    A door is passed by whom it opens for; by those who can become one of them; and by those who can make
    themselves one of them.
    """

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        members, count = rights.memberships, len(rights.principals)
        self._has = Closure(count, edges_of(members, lambda each: each.inherits))
        self._becomes = Closure(count, edges_of(members, lambda each: each.becomes))
        takes = edges_of(members, lambda each: each.becomes or each.inherits or each.admits)
        for who, of_whom, _ in rights.makes:
            for each in numbers_in(who):
                takes.setdefault(each, []).extend(numbers_in(of_whom))
        self._takes = Closure(count, takes)
        self._passing: dict[tuple[Bits, Bits, bool], tuple[Bits, Bits, Bits]] = {}

    @cached_property
    def people(self) -> Bits:
        """Those who can log in."""
        return bits_of(n for n, each in enumerate(self.rights.principals) if each.logs_in)

    @cached_property
    def accounts(self) -> Bits:
        """Those who can log in, by an account."""
        return self.people & ~self.rights.guests

    @cached_property
    def _doors(self) -> dict[int | None, list[Door]]:
        doors: dict[int | None, list[Door]] = {}
        for each in self.rights.doors:
            if each.rows != Rows.NONE and each.opens:
                doors.setdefault(each.resource, []).append(each)
        return doors

    def arriving(self, at: Bits) -> Bits:
        """All who can come to act as some principals, in whatever way, these included."""
        return self._takes.arriving(at)

    def doors_of(self, resource: int) -> list[Door]:
        """The doors that lead to a resource, those to everything among them."""
        return [*self._doors.get(resource, ()), *self._doors.get(None, ())]

    def levels(self, door: Door) -> tuple[Bits, Bits, Bits]:
        """Who passes a door at each level, each in the first that applies; whether they log in or not."""
        asked = (door.opens, door.enters, door.could)
        known = self._passing.get(asked)
        if known is None:
            known = self._passing[asked] = self._levels(door)
        return known

    def _levels(self, door: Door) -> tuple[Bits, Bits, Bits]:
        takes = self._takes.arriving(door.opens) & door.enters
        if door.could:
            return 0, 0, takes
        now = door.opens & door.enters
        becomes = self._becomes.arriving(door.opens) & door.enters & ~now
        return now, becomes, takes & ~now & ~becomes

    def exposure(self, number: int, doors: list[Door] | None = None) -> Exposure:
        """How many can read a resource, by some of the doors to it or by all."""
        sure: list[Bits] = [0] * len(Level)
        perhaps: Bits = 0
        for door in self.doors_of(number) if doors is None else doors:
            levels = self.levels(door)
            if door.sure:
                sure = [before | more for before, more in zip(sure, levels, strict=True)]
            else:
                perhaps |= levels[0] | levels[1] | levels[2]
        counts, seen = [], 0
        for each in sure:
            counts.append((each & self.people & ~seen).bit_count())
            seen |= each
        return Exposure(
            self.rights.resources[number],
            at_once=counts[0],
            set_role=counts[1],
            grants_itself=counts[2],
            perhaps=(perhaps & self.people & ~seen).bit_count(),
            everybody=self.accounts.bit_count() > 1 and not self.accounts & ~sure[Level.AT_ONCE],
        )

    def readers(self, number: int) -> Iterator[Reading]:
        """Who of those who can log in can read a resource; the nearest way of each."""
        doors, can = self.doors_of(number), 0
        for door in doors:
            for passing in self.levels(door):
                can |= passing
        for each in numbers_in(can & self.people):
            if reading := self.nearest(each, number, doors):
                yield reading

    def reach(self, principal: int) -> Iterator[Reading]:
        """All that a principal can read, the nearest way to each."""
        for number in range(len(self.rights.resources)):
            if reading := self.nearest(principal, number):
                yield reading

    def reach_of_everybody(self, name: str) -> Iterator[Reading]:
        """What all can read at once, and the way of most of them; `name` is what they are called together.

        In databases all principals, so that who comes new can, too; of files those who have an account: a
        mode's others are all but the owner and the group.
        """
        all_ = self.accounts if self.rights.of_files else (1 << len(self.rights.principals)) - 1
        for number, resource in enumerate(self.rights.resources):
            doors = [each for each in self.doors_of(number) if each.sure]
            passing = [self.levels(each)[Level.AT_ONCE] for each in doors]
            if all_ & ~reduce(or_, passing, 0):
                continue
            _, door = max(zip(passing, doors, strict=True), key=lambda each: each[0].bit_count())
            way = tuple(grant.what for grant in door.grants)
            yield Reading(
                name, resource, Level.AT_ONCE, door.how, door.rows, door.columns, sure=True, way=way
            )

    def nearest(self, principal: int, number: int, doors: list[Door] | None = None) -> Reading | None:
        """A principal's nearest access to a resource; None: there is none that the rights tell of."""
        doors = self.doors_of(number) if doors is None else doors
        best = self._best(principal, number, [each for each in doors if each.sure])
        if best is None:
            return self._best(principal, number, [each for each in doors if not each.sure])
        if best.level == Level.AT_ONCE:
            return best
        other = self._best(principal, number, [each for each in doors if not each.sure])
        return replace(best, nearer=other) if other and other.level < best.level else best

    def _best(self, principal: int, number: int, doors: Sequence[Door]) -> Reading | None:
        """The nearest of some ways, all of which are sure, or none."""
        best: tuple[tuple[Level, int, bool, int], Door] | None = None
        for door in doors:
            for level, passing in zip(Level, self.levels(door), strict=True):
                if passing >> principal & 1:
                    rows, columns = _ROWS.index(door.rows), bool(door.columns)
                    rank = (level, rows, columns, self._vague(door) if door.sure else 0)
                    if best is None or rank < best[0]:
                        best = rank, door
        if best is None:
            return None
        (level, *_), door = best
        return Reading(
            principal=self.rights.principals[principal].name,
            resource=self.rights.resources[number],
            level=level,
            how=door.how,
            rows=door.rows,
            columns=self._columns(principal, number, door, level),
            sure=door.sure,
            way=tuple(self._way(principal, door, level)),
        )

    def _vague(self, door: Door) -> int:
        """How little a door tells of why somebody passes: least one that opens for everybody."""
        if door.how in _MIGHT:
            return _MIGHT.index(door.how)
        if door.resource is None and door.how == How.GRANT:
            return _MIGHT.index(How.PRIVILEGE)
        everybody = (1 << len(self.rights.principals)) - 1
        to_all = door.how in (How.GRANT, How.COLUMNS) and door.grants and door.grants[-1].to == everybody
        return len(_MIGHT) + bool(to_all)

    def _columns(self, principal: int, number: int, door: Door, level: Level) -> tuple[str, ...]:
        """All columns that a principal sees at a level, where it sees some of them through several doors."""
        if not door.columns:
            return ()
        columns: dict[str, None] = {}
        for each in self.doors_of(number):
            if each.columns and any(passing >> principal & 1 for passing in self.levels(each)[: level + 1]):
                columns |= dict.fromkeys(each.columns)
        return tuple(columns)

    def _way(self, start: int, door: Door, level: Level) -> Iterator[str]:
        """The steps from a principal through a door."""
        names, acting = self.rights.principals, start
        if level != Level.AT_ONCE:
            closure = self._becomes if level == Level.SET_ROLE else self._takes
            path = closure.path(start, door.opens) or [start]
            for member, group in pairwise(path):
                yield f"{self._turn(member, group, level)} {names[group].name}"
            acting = path[-1]
        said = {acting}
        for grant in door.grants:
            for group in self._has.path(acting, grant.to) or ():
                if group not in said:
                    said.add(group)
                    yield f"member of {names[group].name}"
            yield grant.what

    def _turn(self, member: int, group: int, level: Level) -> str:
        if level == Level.SET_ROLE:
            return "SET ROLE"
        for each in self.rights.memberships:
            if each.member == member and each.group == group and (each.becomes or each.inherits):
                return "member of"
        for who, of_whom, what in self.rights.makes:
            if who >> member & 1 and of_whom >> group & 1:
                return f"{what}: can make itself a member of"
        return "ADMIN OPTION: can make itself a member of"
