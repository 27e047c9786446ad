"""Why somebody reaches something that was out of reach at another time: what of the way there is new."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from trapstreet.access.domain.reached import Side, Unit, union
from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows, numbers_in


@dataclass(frozen=True, slots=True)
class Cause:
    """What changed, so that some people reach something.

    what   in words: "SELECT on table customers"
    to     to whom it was given, 0 where it was not given to anybody
    scope  where it holds: a schema, or () for the whole place
    alike  what is given to the same ones in the same place for like reasons is told together
    """

    what: str
    to: Bits = 0
    scope: Unit = ()
    alike: bool = False

    @property
    def key(self) -> tuple[str, Bits, Unit]:
        """The same for what is told together."""
        return "" if self.alike else self.what, self.to, self.scope


class Causes:
    """What is there on one side and not on the other one; both number principals alike."""

    def __init__(self, here: Side, there: Side) -> None:
        self._here, self._there = here, there
        self._known: dict[tuple[Bits, tuple[Bits, ...]], list[tuple[Cause, Bits]]] = {}

    def of(self, unit: Unit, who: Bits) -> Iterator[tuple[Cause, Bits]]:
        """The causes by which some people reach something here and not there, each with whom it explains."""
        if self._here.of_files(unit):
            yield Cause(self._of_files(unit)), who
            return
        given = self._given(unit)
        doors = [each for each in self._here.doors(unit) if each.rows != Rows.NONE and each.opens]
        for door in doors:
            passing = union(self._here.access.levels(door)) & who
            for cause, those in self._granted(unit, door, given) if passing else ():
                if found := those & passing:
                    who, passing = who & ~found, passing & ~found
                    yield cause, found
        for door in doors:
            passing = union(self._here.access.levels(door)) & who
            for cause, those in self._joined(door, passing) if passing else ():
                who &= ~those
                yield cause, those
        if who:
            yield self._else(unit, who), who

    def _of_files(self, unit: Unit) -> str:
        """Which modes are there on this side alone; else it was something that a map does not tell apart."""
        modes, before = (
            dict.fromkeys(side.rights.resources[number].path[-1].rpartition(" ")[2] for number in numbers)
            for side in (self._here, self._there)
            for numbers in [side.units.get(unit, [])]
        )
        new = [each for each in modes if each not in before and _MODE.fullmatch(each)]
        return f"mode {' and '.join(new)}" if new else "its owner, group, access list, or a folder above"

    def _given(self, unit: Unit) -> dict[str, Bits]:
        """To whom each right on it is given there."""
        found: dict[str, Bits] = {}
        for door in self._there.doors(unit) if unit in self._there.units else ():
            for grant in door.grants:
                what = plainly(grant.what)
                found[what] = found.get(what, 0) | grant.to
        return found

    def _granted(self, unit: Unit, door: Door, given: dict[str, Bits]) -> Iterator[tuple[Cause, Bits]]:
        """Rights that lead through a door and are given here alone: the last ones first, which are nearest to
        the thing itself."""
        for at, grant in reversed([*enumerate(door.grants)]):
            to = grant.to & ~given.get(plainly(grant.what), 0)
            if not to:
                continue
            of_schema = at == 0 and len(door.grants) > 1
            if door.how in _SHOWING and at == len(door.grants) - 1:
                yield Cause(grant.what, 0, unit[:-1]), self._takes(to)
            elif door.resource is None or of_schema:
                yield (
                    Cause(plainly(grant.what), self._named(grant, to), unit[: int(of_schema)]),
                    self._takes(to),
                )
            else:
                cause = Cause(plainly(grant.what), self._named(grant, to), unit[:-1], alike=True)
                yield cause, self._takes(to)

    def _named(self, grant: Grant, new: Bits) -> Bits:
        """To whom it was given: everybody, or those who have not got it on the other side."""
        return grant.to if not self._here.people & ~grant.to else new

    def _joined(self, door: Door, passing: Bits) -> list[tuple[Cause, Bits]]:
        """Memberships that are there on this side alone and lead through a door."""
        asked = (passing, tuple(each.to for each in door.grants))
        if asked not in self._known:
            self._known[asked] = list(self._joined_anew(door, passing))
        return self._known[asked]

    def _joined_anew(self, door: Door, passing: Bits) -> Iterator[tuple[Cause, Bits]]:
        leads = self._takes(union(each.to for each in door.grants) | door.opens)
        for member, group in self._new_edges:
            if leads >> group & 1 and (those := self._takes(1 << member) & passing):
                passing &= ~those
                yield Cause(f"{MEMBER}{self._here.rights.principals[group].name}", 1 << member), those

    @cached_property
    def _new_edges(self) -> list[tuple[int, int]]:
        before = {
            (each.member, each.group, each.inherits, each.becomes, each.admits)
            for each in self._there.rights.memberships
        }
        return [
            (each.member, each.group)
            for each in self._here.rights.memberships
            if (each.member, each.group, each.inherits, each.becomes, each.admits) not in before
        ]

    def _else(self, unit: Unit, who: Bits) -> Cause:
        if unit in self._there.units:
            there = [*self._there.doors(unit)]
            if (
                who
                & ~union(each.enters for each in there)
                & union(each.enters for each in self._here.doors(unit))
            ):
                return Cause(f"CONNECT on database {unit[0]}", who, unit[:1])
            if any(each.rows in (Rows.SOME, Rows.NONE) for each in there):
                return Cause(ROW_SECURITY)
        return Cause("other rights")

    def _takes(self, who: Bits) -> Bits:
        """All who can act as some of them, in any way, they themselves included."""
        return self._here.access.arriving(who)


ROW_SECURITY = "row security"
"""The cause where it holds somebody back on one side alone."""

MEMBER = "member of "
"""What a cause begins with that is a membership."""

_MODE = re.compile(r"[r-][w-][x-][r-][w-][x-][r-][w-][x-]\+?")

_SHOWING = (How.VIEW, How.COPY, How.PARENT)


def plainly(what: str) -> str:
    """What is given, whoever has it."""
    return what.removesuffix(" to PUBLIC")


def names_of(side: Side, who: Bits) -> list[str]:
    """What some principals are called."""
    return [side.rights.principals[number].name for number in numbers_in(who)]
