"""Where objects come from. One file per kind of source; a file is found by its presence here.

A kind is a module with
    claims(location)   True if it is this kind's; the kinds are asked in the order of their names
    objects(location)  checks the location at once, then yields what it holds
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Protocol, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import SourceObject, Unread


class Source(Protocol):
    """A module of this folder."""

    def claims(self, location: str) -> bool: ...
    def objects(self, location: str) -> Iterator[SourceObject | Unread]: ...


def objects(location: str) -> Iterator[SourceObject | Unread]:
    """The objects at a location in a stable order, and what there is that cannot be opened.

    Call it for every location before reading the first: a location that cannot be reached raises here, not in
    the middle of a scan. Raises Unreachable, AccessDenied, UnusableInput.
    """
    for kind in _kinds():
        if kind.claims(location):
            return kind.objects(location)
    raise UnusableInput(
        "no kind of source knows this location", hint="give a file, a directory, or - for stdin"
    )


@cache
def _kinds() -> tuple[Source, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(cast(Source, importlib.import_module(f"{__name__}.{name}")) for name in names)
