"""Maps of who can read what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trapstreet.access import EffectiveAccess, Exposure, Reading
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.rights import Resource
from trapstreet.core.model.words import printable
from trapstreet.plugins.permissions import rights_at
from trapstreet.render.access import name_of

_LIKE = 3


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

    def readers(self, name: str) -> tuple[Resource, list[Reading]]:
        """Who can read one resource, the nearest first. UnusableInput: it is not found, or twice."""
        number = self._resource(name)
        readers = sorted(self.access.readers(number), key=_nearness)
        return self.access.rights.resources[number], readers

    def reach(self, name: str) -> list[Reading]:
        """All that one principal can read, the nearest first. UnusableInput: nobody is called that."""
        names = [each.name for each in self.access.rights.principals]
        if name not in names:
            raise UnusableInput(f"nobody is called {printable(name)} there", hint=_near(name, names))
        return sorted(self.access.reach(names.index(name)), key=_nearness)

    def _resource(self, name: str) -> int:
        resources = self.access.rights.resources
        found = [n for n, each in enumerate(resources) if name in _names(each)]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(name_of(resources[n]) for n in found[:_LIKE])
            raise UnusableInput(f"several are called {printable(name)}", hint=f"say which: {several}")
        raise UnusableInput(
            f"nothing is called {printable(name)} there",
            hint=_near(name, [*map(name_of, resources)]),
        )


def map_of(location: str) -> Mapped:
    """The effective access at a location. Changes nothing there.

    Raises UnusableInput for a location that nothing here knows, Unreachable and AccessDenied where it
    cannot be asked.
    """
    return Mapped(EffectiveAccess(rights_at(location)))


def _names(resource: Resource) -> Iterator[str]:
    for start in range(len(resource.path)):
        yield ".".join(resource.path[start:])


def _nearness(each: Reading) -> tuple[bool, int, str, tuple[str, ...]]:
    return not each.sure, each.level, each.principal, each.resource.path


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=_LIKE, cutoff=0.5) or names[:_LIKE]
    return f"there are: {', '.join(map(printable, close))}" if close else "nothing there can be seen"
