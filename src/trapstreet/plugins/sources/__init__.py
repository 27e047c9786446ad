"""Where objects come from. One file in this folder is one kind of source, found by its presence here.

A kind is a module with
    title     what people call it
    schemes   how locations of this kind begin: ("sftp",) for sftp://…; () for paths and standard input
    settings  a msgspec Struct (frozen, forbid_unknown_fields), `Place` or a type made of it: `url` and what
              else the kind needs to know. The fields are options of `watch add`; one of the type Path is
              relative to the workspace. Secrets stand in files, never in settings
    reveals   what whoever runs the source may notice
    source(settings)  a Source; raises UnusableInput for settings that do not do, and looks at nothing yet
    noticed(settings)  where there is one: settings that are kept with those given of what is watched from now
              on, made of what is there
A name that begins with "_" is a part that kinds share.

What a source is asked for it may fail to give: `Unreachable` where it may go better later (`Later` says
when), `AccessDenied` where somebody has to let us in, `UnusableInput` where somebody has to mend settings.
Errors name hosts and paths, never a secret and nothing that the other side wrote.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Protocol, cast
from urllib.parse import urlsplit

import msgspec

from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, SourceObject, Unread
from trapstreet.core.model.sections import read_section
from trapstreet.core.model.urls import without_password
from trapstreet.core.ports import Source


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings that every kind has."""

    url: Annotated[
        str,
        msgspec.Meta(description="where it is, without a password", extra_json_schema={"metavar": "URL"}),
    ]


class Later(Unreachable):
    """The source asks to be left alone for so many seconds (429, Retry-After), or has banned us."""

    def __init__(self, message: str, *, hint: str = "", seconds: float) -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds


class Changed(OSError):
    """An object is not what was listed any more; the next listing has it as it is then."""


class Kind(Protocol):
    """A module of this folder."""

    title: str
    schemes: tuple[str, ...]
    settings: type[Place]
    reveals: str

    def source(self, settings: Any) -> Source: ...


@cache
def kind_names() -> tuple[str, ...]:
    """The names of all kinds, in order; none is loaded."""
    return tuple(
        sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    )


def kind_named(name: str) -> Kind:
    """One kind, by a name that there is."""
    return cast(Kind, importlib.import_module(f"{__name__}.{name}"))


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names: 0.1 s the first time."""
    return MappingProxyType({name: kind_named(name) for name in kind_names()})


def kind_of(location: str) -> str:
    """The name of the kind that a location is of. Raises UnusableInput where none knows it."""
    if location == "-":
        return "stdin"
    scheme = urlsplit(location).scheme if "://" in location else ""
    if not scheme:
        return "directory"
    for name, kind in kinds().items():
        if scheme.lower() in kind.schemes:
            return name
    known = ", ".join(f"{each}://" for kind in kinds().values() for each in kind.schemes)
    raise UnusableInput(
        f"no kind of source knows {scheme}://", hint=f"give a file, a directory, - for stdin, or {known}"
    )


def source_of(kind: str, options: Mapping[str, object], *, folder: Path, where: str) -> Source:
    """The source that some settings describe.

    options  the settings as TOML or JSON has them;  folder  what paths are relative to
    where    stands for the settings in errors
    Raises UnusableInput for a kind that there is not, and for settings that do not do; AccessDenied for a
    secret's file that may not be read.
    """
    if kind not in kind_names():
        raise UnusableInput(
            f"{where}: no kind of source is called {kind!r}", hint=f"kinds: {', '.join(kind_names())}"
        )
    found = kind_named(kind)
    settings = read_section(dict(options), found.settings, where=where, hint="docs/sources.md", folder=folder)
    return found.source(settings)


def noticed(kind: str, options: Mapping[str, object], *, folder: Path, where: str) -> Mapping[str, object]:
    """What a kind notices of a source that is watched from now on: settings that are kept with the others.

    As `source_of`, and raises as it does.
    """
    look = getattr(kind_named(kind), "noticed", None)
    if look is None:
        return {}
    wanted = kind_named(kind).settings
    found: Mapping[str, object] = look(
        read_section(dict(options), wanted, where=where, hint="docs/sources.md", folder=folder)
    )
    return found


def objects(location: str) -> Iterator[SourceObject | Unread]:
    """The objects at a location in a stable order, and what there is that cannot be opened.

    Call it for every location before reading the first: a location that cannot be reached raises here, not in
    the middle of a scan. Raises Unreachable, AccessDenied, UnusableInput.
    """
    return _objects(*listed(location))


def at_location(location: str) -> Source:
    """The source of a location. Raises UnusableInput, or AccessDenied."""
    shown = shown_location(location)
    return source_of(kind_of(location), {"url": location}, folder=Path(), where=shown)


def shown_location(location: str) -> str:
    """A location as it may be printed: a URL without its password."""
    return without_password(location) if "://" in location else location


def listed(location: str) -> tuple[str, Source, Iterator[Ref | Unread]]:
    """A location as it may be printed, its source, which the caller closes, and what lies there.

    A listing that breaks off ends with an Unread that says so. Raises as `objects`.
    """
    shown, source = shown_location(location), at_location(location)
    rest = source.list("")
    first = next(rest, None)  # what cannot be reached raises now
    return shown, source, _listed(shown, first, rest)


def _listed(
    location: str, first: Ref | Unread | Mark | None, rest: Iterator[Ref | Unread | Mark]
) -> Iterator[Ref | Unread]:
    each = first
    while each is not None:
        if not isinstance(each, Mark):
            yield each
        try:
            each = next(rest, None)
        except TrapstreetError as error:
            yield Unread(location, f"its listing broke off: {error.message}", partly=True)
            return


def _objects(location: str, source: Source, found: Iterator[Ref | Unread]) -> Iterator[SourceObject | Unread]:
    try:
        for each in found:
            if isinstance(each, Unread):
                yield each
            else:
                yield object_at(location, source, each)
    finally:
        source.close()


def object_at(location: str, source: Source, ref: Ref) -> SourceObject:
    """What a source listed, as an object to be read."""
    return SourceObject(location, ref.path, ref.size, partial(source.open, ref))
