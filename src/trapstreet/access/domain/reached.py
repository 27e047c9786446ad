"""Who reaches what, and how nearly, thing by thing: what two states of a place are compared by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.core.model.rights import FILES, Bits, Door, Rights, Rows

Unit = tuple[str, ...]
"""What is compared: a table by its path; of files the folder, since they have no names in a map."""


class Degree(IntEnum):
    """How nearly somebody can read something."""

    PERHAPS = 1
    COULD = 2
    """After SET ROLE, or after a right is granted to oneself."""
    PART = 3
    """At once: some columns, some rows, or what a view or function shows."""
    WHOLE = 4
    """At once, all of it."""


Reach = tuple[Bits, Bits, Bits, Bits]
"""Who reaches something, by degree, those of the higher degrees included."""

NOBODY: Reach = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Files:
    """Files of one folder that the same people reach."""

    count: int
    reach: Reach


class Side:
    """One of two states of a place that are compared."""

    def __init__(self, rights: Rights) -> None:
        self.rights, self.access = rights, EffectiveAccess(rights)
        self.units: dict[Unit, list[int]] = {}
        for number, each in enumerate(rights.resources):
            self.units.setdefault(each.unit, []).append(number)
        self._raw: dict[int | None, list[Door]] = {}
        for door in rights.doors:
            self._raw.setdefault(door.resource, []).append(door)
        self._reach: dict[tuple[tuple[Bits, Bits, bool, bool, bool], ...], Reach] = {}

    @property
    def people(self) -> Bits:
        """Those who can log in."""
        return self.access.people

    @property
    def everywhere(self) -> list[Door]:
        """The doors to all things at once."""
        return self._raw.get(None, [])

    def of_files(self, unit: Unit) -> bool:
        """Whether it is a folder."""
        return self.rights.resources[self.units[unit][0]].kind == FILES

    def records(self, unit: Unit) -> int | None:
        """How many it holds, as far as that is known."""
        counts = [self.rights.resources[number].records for number in self.units[unit]]
        return None if None in counts else sum(each for each in counts if each is not None)

    def doors(self, unit: Unit) -> Iterator[Door]:
        """The doors to it, those that open for nobody among them."""
        for number in self.units[unit]:
            yield from self._raw.get(number, ())
        yield from self._raw.get(None, ())

    def likeness(self, unit: Unit) -> list[object]:
        """What is the same at two times where nothing about it changed, nor about all things."""
        found: list[object] = []
        for number in self.units[unit]:
            found.append(self.rights.resources[number].records if self.of_files(unit) else 0)
            for door in self._raw.get(number, ()):
                found.append((door.how, door.opens, door.grants, door.enters, door.rows, door.columns))
                found.append((door.sure, door.could))
        return found

    def reach(self, unit: Unit) -> Reach:
        """Who reaches it, or any file of it."""
        return joined(each.reach for each in self.files(unit))

    def files(self, unit: Unit) -> list[Files]:
        """How many of its files are reached by whom; a table is one."""
        resources = self.rights.resources
        return [
            Files((resources[number].records or 0) if self.of_files(unit) else 1, self._reached(number))
            for number in self.units[unit]
        ]

    def columns(self, unit: Unit) -> Mapping[str, tuple[Bits, Bits]]:
        """For each column that is reached by itself, who surely reaches it: at once, and in any way."""
        found: dict[str, tuple[Bits, Bits]] = {}
        for door in self.doors(unit):
            if door.columns and door.sure and door.rows != Rows.NONE:
                levels = self.access.levels(door)
                for column in door.columns:
                    at_once, ever = found.get(column, (0, 0))
                    found[column] = at_once | levels[0], ever | union(levels)
        return found

    def all_columns(self, unit: Unit) -> tuple[Bits, Bits]:
        """Who surely reaches every column, of some rows at least: at once, and in any way."""
        at_once = ever = 0
        for door in self.doors(unit):
            if door.sure and not door.columns and door.rows in (Rows.ALL, Rows.SOME):
                levels = self.access.levels(door)
                at_once, ever = at_once | levels[0], ever | union(levels)
        return at_once, ever

    def _reached(self, number: int) -> Reach:
        doors = self.access.doors_of(number)
        asked = tuple(
            (each.opens, each.enters, each.could, each.sure, each.rows == Rows.ALL and not each.columns)
            for each in doors
        )
        known = self._reach.get(asked)
        if known is None:
            known = self._reach[asked] = self._by_doors(doors)
        return known

    def _by_doors(self, doors: Sequence[Door]) -> Reach:
        perhaps = could = part = whole = 0
        for door in doors:
            levels = self.access.levels(door)
            if door.sure:
                could |= union(levels)
                part |= levels[0]
                whole |= levels[0] if door.rows == Rows.ALL and not door.columns else 0
            else:
                perhaps |= union(levels)
        people = self.people
        return (perhaps | could) & people, could & people, part & people, whole & people


def union(sets: Iterable[Bits]) -> Bits:
    """All that are in any of them."""
    found = 0
    for each in sets:
        found |= each
    return found


def joined(reaches: Iterable[Reach]) -> Reach:
    """Who reaches any of some things."""
    found = NOBODY
    for each in reaches:
        found = (found[0] | each[0], found[1] | each[1], found[2] | each[2], found[3] | each[3])
    return found


def is_in(dark: Sequence[Unit], unit: Unit, *, files: bool) -> bool:
    """Whether something lies where not all rights are known."""
    if not dark:
        return False
    if not files:
        return any(unit[: len(each)] == each for each in dark)
    folder = unit[0]
    return any(
        not each or folder == each[0] or folder.startswith(f"{each[0]}/") or _above(each[0]) == folder
        for each in dark
    )


def hidden(before: Rights, now: Rights) -> list[Unit]:
    """Where more may have been read at one of two times than at the other one. What was hidden at both in the
    same way is compared as far as it is known."""
    if set(before.unknown) == set(now.unknown):
        return sorted({*before.dark} ^ {*now.dark})
    return sorted({*before.dark, *now.dark})


def still_hidden(hidden: Sequence[Unit], dark: Sequence[Unit]) -> list[Unit]:
    """What lies in the dark at another time as well; of two places that lie in each other the inner one."""
    return sorted(
        {
            one if _lies_in(one, other) else other
            for one in hidden
            for other in dark
            if _lies_in(one, other) or _lies_in(other, one)
        }
    )


def tells_of(hidden: Sequence[Unit], dark: Sequence[Unit]) -> bool:
    """Whether a time at which some places were in the dark tells of anything that is hidden at another."""
    return any(not any(_lies_in(each, other) for other in dark) for each in hidden)


def _lies_in(inner: Unit, outer: Unit) -> bool:
    if inner[: len(outer)] == outer:
        return True
    return len(inner) == len(outer) == 1 and inner[0].startswith(f"{outer[0]}/")


def _above(path: str) -> str:
    return path.rpartition("/")[0] or "/"
