"""What `discover` has found, for all who ask what lies at a place."""

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from trapstreet.app.kept_names import moved, moved_path, names_of, real_name
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.inventories import lies_in
from trapstreet.core.model.urls import server_of

if TYPE_CHECKING:
    from trapstreet.discover import Stock


def place_of(location: str) -> str:
    """The name of the place that a location is in: a server, or a folder by its whole path without links."""
    return server_of(location) if "://" in location else os.path.realpath(location)


def resolved(location: str) -> str:
    """A location, of a folder its whole path without links: what is kept of it has the same paths, whichever
    way it is named."""
    return location if "://" in location else place_of(location)


def holdings_at(place: str) -> list[Holding]:
    """What the workspace that is open knows of a place, in the order of its paths; [] where nobody looked.

    place  as `place_of` names it. Of a folder, what was found in it when a folder above it was looked at
           counts, too.
    """
    found = {each.path: each for each in _found_at(place)}
    for above in _above(place):
        inside = (each for each in _found_at(above) if lies_in(each.path, place))
        found = {each.path: each for each in inside} | found
    return [found[path] for path in sorted(found)]


def found_in_order(place: str) -> dict[tuple[str, ...], int]:
    """A number for all that `holdings_at` knows of, by its path, of a file without what lies in it: what was
    found later has a larger one, at whatever place."""
    from trapstreet.store import holdings

    known, found = holdings.places(), dict[tuple[str, ...], int]()
    for base in [place, *_above(place)]:
        for name in names_of(base, known):
            for path, number in holdings.numbers_at(name).items():
                now = path if name == base else moved_path(path, name, base)
                found[now] = min(number, found.get(now, number))
    return found


def is_looked_at(place: str) -> bool:
    """Whether somebody has looked at all of a place, or of a folder above it."""
    from trapstreet.store import holdings

    known = holdings.places()
    return any(
        holdings.is_looked_at(name) for base in [place, *_above(place)] for name in names_of(base, known)
    )


def unlooked_at(location: str) -> list[str]:
    """What lies where a location says and could not be looked at, or not all of it, with why."""
    from trapstreet.store import holdings

    place, known = place_of(location), holdings.places()
    within = unquote(urlsplit(location).path.strip("/")) if "://" in location else place
    found = dict[str, str]()
    for base in [place, *_above(place)]:
        for name in [base] if holdings.is_looked_at(base) else names_of(base, known):
            for path, what, why in holdings.unread_at(name):
                if lies_in(path if name == base else moved_path(path, name, base), within):
                    found[what] = why
    return [f"{what}: {why}" for what, why in sorted(found.items())]


def _above(place: str) -> list[str]:
    """The folders above one that were looked at."""
    from trapstreet.store import holdings

    if "://" in place:
        return []
    looked = {real_name(each) for each in holdings.places() if "://" not in each}
    return sorted(each for each in looked if place.startswith(f"{each.rstrip('/')}/"))


def _found_at(place: str) -> list[Holding]:
    """What was found there; until it was looked at by its own name, what was found by those before, too."""
    from trapstreet.store import holdings

    found = {each.path: each for each in holdings.at_place(place)}
    if not holdings.is_looked_at(place):
        for name in names_of(place, holdings.places()):
            before = (moved(each, place) for each in holdings.at_place(name))
            found = {each.path: each for each in before} | found
    return [*found.values()]


def holdings_in(stock: "Stock") -> list[Holding]:
    """What was found where stock was taken: what weighs most, by its class times the people, first."""
    found = [each for each in holdings_at(stock.place) if lies_in(each.path, stock.within)]
    return sorted(found, key=lambda each: (-each.weight * max(1, each.people or 0), each.path))
