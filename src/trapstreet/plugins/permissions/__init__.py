"""Kinds of places whose permissions can be read. One file in this folder is one kind.

A kind is a module with
    title     what people call it
    schemes   how its locations begin: ("postgresql",) for postgresql://…
    rights(location)  all that the place tells of its rights, as `Rights`; changes nothing there
    rights_within(handle, label)  the same of a place whose rights are being changed; only where
              `plugins.changes` has the kind, too
A name that begins with "_" is a part that kinds share.

What a place does not tell is in `Rights.unknown`: it is never taken for "nobody". A place that cannot be
asked at all raises Unreachable, AccessDenied or UnusableInput.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.rights import Rights
from trapstreet.core.model.urls import parts_of, without_password


class Kind(Protocol):
    """A module of this folder."""

    title: str
    schemes: tuple[str, ...]

    def rights(self, location: str) -> Rights: ...
    def rights_within(self, handle: Any, label: str) -> Rights: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType(
        {name: cast(Kind, importlib.import_module(f"{__name__}.{name}")) for name in names}
    )


def rights_at(location: str) -> Rights:
    """The rights at a location. Raises UnusableInput where no kind knows it, and what the kind raises."""
    return _kind_of(location).rights(location)


def rights_within(location: str, handle: object) -> Rights:
    """The rights in one database at a location as an unfinished change of them leaves it.

    handle  what `plugins.changes` gives to who looks at a change
    """
    return _kind_of(location).rights_within(handle, without_password(location))


def _kind_of(location: str) -> Kind:
    if not location.strip():
        raise UnusableInput("no place is given", hint="give the URL of a server, or a folder: . is this one")
    scheme = parts_of(location).scheme.lower() if "://" in location else ""
    for kind in kinds().values():
        if scheme in kind.schemes:
            return kind
    known = ", ".join(f"{each}://" for kind in kinds().values() for each in kind.schemes if each)
    raise UnusableInput(
        f"nothing here reads the permissions of {scheme or 'a path'}", hint=f"give one of {known}"
    )
