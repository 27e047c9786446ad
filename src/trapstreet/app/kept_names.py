"""Under which names the registry has what is known of a place.

A folder is called by its whole path without links. What was kept while one was called by a link to it counts
as its own, for as long as the link leads there.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from trapstreet.core.model.holdings import Holding

if TYPE_CHECKING:
    from trapstreet.store.models import LogImport


def names_of(place: str, known: Iterable[str]) -> list[str]:
    """Those of some names that stand for a place, as `place_of` names it; its own first."""
    return sorted((each for each in known if real_name(each) == place), key=lambda each: each != place)


def real_name(name: str) -> str:
    """The name that a place has now."""
    return name if "://" in name else os.path.realpath(name)


def imports_of(place: str) -> list["LogImport"]:
    """The imports of a place's logs, in their order. What was taken in under two of its names, up to the same
    line, counts once; where it cannot be told whether two are of one log, both count: no use may be lost."""
    from trapstreet.store import imports

    rows = [row for name in names_of(place, imports.places()) for row in imports.of_place(name)]
    logs: dict[str, list[LogImport]] = {}
    for row in rows:
        logs.setdefault(row.log, []).append(row)
    counted: set[tuple[int, str]] = set()  # beginnings of logs: up to which byte, and their digests
    known: dict[str, int] = {}
    for name, log in logs.items():
        known[name] = max((row.size for row in log if (row.size, row.digest) in counted), default=0)
        counted |= {(row.size, row.digest) for row in log}
    return [row for row in rows if row.size > known[row.log]]


def re_rooted(path: str, before: str, now: str) -> str:
    """A path of a folder, or within it, by the name that this has now; any other as it is."""
    inside = path.removeprefix(before.rstrip("/"))
    if inside == path or not f"{inside}/".startswith("/"):
        return path
    return f"{now.rstrip('/')}{inside}" or "/"


def moved(holding: Holding, place: str) -> Holding:
    """What lies in a folder, or is a file, that was called by a link, by the name that this has."""
    return replace(holding, place=place, path=moved_path(holding.path, holding.place, place))


def moved_path(path: tuple[str, ...], before: str, now: str) -> tuple[str, ...]:
    """The same of its path."""
    folder, name, *inside = path
    moved = re_rooted(f"{folder.rstrip('/')}/{name}", before, now)
    folder, _, name = moved.rpartition("/")
    return (folder or "/", name, *inside)
