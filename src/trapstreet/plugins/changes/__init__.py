"""Kinds of places whose rights can be changed. One file in this folder is one kind.

A kind is a module with
    title     what people call it
    schemes   how its locations begin: ("postgresql",) for postgresql://…
    opened(location)  a context manager that gives a `Place`
    suffix, script(head, steps)  how its scripts' files end, and a script of steps under lines of comment
    clones    True where changes are tried out on another, empty server: opened(location, clone) is given that
A name that begins with "_" is no kind: a part that kinds share, or the folder of one kind's parts.

Nothing is changed at a place but by `make` and `take_back`, and those change everything they are asked to or
nothing. Whatever else is tried out there is undone, keeps nobody waiting for long, and runs no statement of
anybody's.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from types import MappingProxyType
from typing import Protocol, cast

from trapstreet.core.model.changes import Place, Step
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import parts_of


class Kind(Protocol):
    """A module of this folder."""

    title: str
    schemes: tuple[str, ...]
    suffix: str

    def opened(self, location: str) -> AbstractContextManager[Place]: ...
    def script(self, head: Sequence[str], steps: Sequence[Step]) -> str: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType(
        {name: cast(Kind, importlib.import_module(f"{__name__}.{name}")) for name in names}
    )


class Cloning(Kind, Protocol):
    """A module of this folder with `clones`."""

    def opened(self, location: str, clone: str = "") -> AbstractContextManager[Place]: ...


def place_at(location: str, clone: str = "") -> AbstractContextManager[Place]:
    """A place, opened.

    clone  the URL of an empty server on which changes are tried out; "" they are tried out at the place
    Raises UnusableInput where no kind knows it, or the kind needs no clone, and what the kind raises.
    """
    kind = kind_of(location)
    if not clone:
        return kind.opened(location)
    if not getattr(kind, "clones", False):
        raise UnusableInput("no clone is needed there", hint="leave out --clone")
    return cast(Cloning, kind).opened(location, clone)


def kind_of(location: str) -> Kind:
    """The kind that knows a location. Raises UnusableInput where none does."""
    scheme = parts_of(location).scheme.lower() if "://" in location else ""
    for kind in kinds().values():
        if scheme in kind.schemes:
            return kind
    known = ", ".join(f"{each}://" for kind in kinds().values() for each in kind.schemes if each)
    raise UnusableInput(
        f"nothing here changes the rights of {scheme + '://' if scheme else 'files'}",
        hint=f"give one of {known}",
    )
