"""Maps of who can read what."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from trapstreet.access import EffectiveAccess, Exposure, Reading
from trapstreet.core.model.changes import PUBLIC
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.rights import FILES, Resource
from trapstreet.core.model.words import counted, natural, printable
from trapstreet.plugins.permissions import rights_at

_LIKE, _ACCOUNTS = 3, 10
_EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Mapped:
    """One place's effective access."""

    access: EffectiveAccess

    @property
    def unknown(self) -> Sequence[str]:
        """What the place did not tell."""
        return self.access.rights.unknown

    def exposures(self) -> list[Exposure]:
        """How many can read each resource: the widest, and of those the largest, first."""
        found = [self.access.exposure(number) for number in range(len(self.access.rights.resources))]
        return sorted(
            found, key=lambda each: (-each.surely, -(each.resource.records or 0), each.resource.path)
        )

    def alike(self, exposures: Sequence[Exposure], *, most: int) -> list[Exposure]:
        """Some exposures, but of the files of one folder those together that as many can read: who they are
        differs by the owner alone, as a rule, where files belong to their makers. Where that is more than
        `most`, of all files in one part of the place."""
        found = _together(exposures, lambda each: each.path[0])
        place = self.access.rights.place
        if len(found) <= most:
            return found
        return _together(exposures, lambda each: _part_of(place, each.path[0]))

    def readers(self, name: str) -> list[tuple[Resource, list[Reading]]]:
        """Who can read what has this name, the nearest first. UnusableInput: nothing is called that."""
        resources = self.access.rights.resources
        found = self.numbers_called(name)
        return [(resources[n], sorted(self.access.readers(n), key=_nearness)) for n in found]

    def reach(self, name: str) -> list[Reading]:
        """All that one principal can read, the nearest first; of everybody (of a database server PUBLIC, too)
        all that everybody can, whoever it is. UnusableInput: nobody is called that."""
        if together := self._all_together(name):
            return sorted(self.access.reach_of_everybody(together), key=_nearness)
        return sorted(self.access.reach(self.principal_called(name)), key=_nearness)

    def _all_together(self, name: str) -> str:
        """What everybody there is called together, if that is meant and nobody is called so; "" otherwise."""
        rights, folded = self.access.rights, name.casefold()
        if any(each.name.casefold() == folded for each in rights.principals):
            return ""
        together = (_EVERYBODY,) if rights.of_files else (_EVERYBODY, PUBLIC)
        return next((each for each in together if each.casefold() == folded), "")

    def numbers_called(self, name: str) -> list[int]:
        """The numbers of the resources that have this name, or that a link of this name leads to.
        UnusableInput: nothing is called that."""
        resources, place = self.access.rights.resources, self.access.rights.place

        def called(name: str) -> list[int]:
            return [number for number, each in enumerate(resources) if each.is_called(name, place)]

        found = called(name)
        if not found and (target := self._led_to(name)) and not (found := called(target)):
            what = f"{printable(name)} leads to {printable(target)}, of which nothing is in this map"
            raise UnusableInput(what, hint=f"trapstreet access map {printable(target)}")
        if not found:
            hint = _near(name, [each.name for each in resources])
            raise UnusableInput(f"nothing is called {printable(name)} there", hint=hint)
        return found

    def _led_to(self, name: str) -> str:
        """Where a path on this system leads by links; "" where there is none on it."""
        rights = self.access.rights
        path = os.path.normpath(os.path.join(rights.place, name))  # noqa: PTH118 - a Path loses `..`
        real = os.path.realpath(path)
        return real if rights.of_files and "://" not in rights.place and real != path else ""

    def principal_called(self, name: str) -> int:
        """The number of the principal of this name; in MariaDB of the only account of that user, too.
        UnusableInput: nobody is called that, or several are."""
        names = [each.name for each in self.access.rights.principals]
        if name in names:
            return names.index(name)
        of_user = [each for each in names if each.rpartition("@")[0] == name] if self._has_hosts else []
        if len(of_user) == 1:
            return names.index(of_user[0])
        if of_user:
            hint = f"name one of {', '.join(map(printable, of_user[:_ACCOUNTS]))}"
            what = f"{len(of_user)} accounts are of the user {printable(name)}"
            raise UnusableInput(what, hint=hint)
        raise UnusableInput(f"nobody is called {printable(name)} there", hint=_near(name, names))

    @property
    def _has_hosts(self) -> bool:
        """Whether accounts are called user@host there."""
        return self.access.rights.place.startswith(("mariadb://", "mysql://"))


def map_of(location: str) -> Mapped:
    """The effective access at a location. Changes nothing there.

    Raises UnusableInput for a location that nothing here knows, Unreachable and AccessDenied where it
    cannot be asked.
    """
    return Mapped(EffectiveAccess(rights_at(location)))


def _together(exposures: Sequence[Exposure], where: Callable[[Resource], str]) -> list[Exposure]:
    """Files that lie in the same place, those together that as many can read; the widest first."""
    together: dict[object, list[Exposure]] = {}
    for each in exposures:
        of_files = each.resource.kind == FILES
        as_many = (each.at_once, each.grants_itself, each.perhaps, each.everybody)
        key = (where(each.resource), as_many) if of_files else each.resource
        together.setdefault(key, []).append(each)
    found = [_as_one(some, where(some[0].resource)) for some in together.values()]
    return sorted(found, key=lambda each: (-each.surely, -(each.resource.records or 0), each.resource.path))


def _part_of(place: str, folder: str) -> str:
    """The folder right below a place in which another one lies; the place itself."""
    inside = folder.removeprefix(place).strip("/").partition("/")[0]
    return f"{place.rstrip('/')}/{inside}" if inside else folder


def _as_one(exposures: Sequence[Exposure], where: str) -> Exposure:
    """Files in one place that as many can read."""
    first = exposures[0]
    if len(exposures) == 1:
        return first
    count = sum(each.resource.records or 0 for each in exposures)
    folders = len({each.resource.path[0] for each in exposures})
    sets = f"in {len(exposures):,} sets" if folders == 1 else f"in {folders:,} folders"
    return replace(first, resource=Resource((where, f"{counted(count, 'file')} {sets}"), FILES, count))


def _nearness(each: Reading) -> tuple[bool, int, list[tuple[int, str]], list[list[tuple[int, str]]]]:
    return not each.sure, each.level, natural(each.principal), [*map(natural, each.resource.path)]


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=_LIKE, cutoff=0.5) or names[:_LIKE]
    return f"there are: {', '.join(map(printable, close))}" if close else "nothing there can be seen"
