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
    """The imports of a place's logs, in their order. What was taken in under two of its names counts once."""
    from trapstreet.store import imports

    rows = [row for name in names_of(place, imports.places()) for row in imports.of_place(name)]
    own = [row for row in rows if row.place == place]
    return [row for row in rows if row.place == place or not any(_has(each, row) for each in own)]


def _has(own: "LogImport", other: "LogImport") -> bool:
    """Whether a log was taken in once more, from its beginning, as far as under another name."""
    return own.head == other.head and own.log != other.log and own.size >= other.size


def moved(holding: Holding, place: str) -> Holding:
    """What lies in a folder, or is a file, that was called by a link, by the name that this has."""
    folder, name, *inside = holding.path
    inner = f"{folder.rstrip('/')}/{name}".removeprefix(holding.place.rstrip("/"))
    folder, _, name = f"{place.rstrip('/')}{inner}".rpartition("/")
    return replace(holding, place=place, path=(folder or "/", name, *inside))
