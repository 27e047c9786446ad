"""Kinds of places that know accounts. One file in this folder is one kind.

A kind is a module with
    title       what people call it
    schemes     how its locations begin: ("ldaps",) for ldaps://…; () for files
    recognises(head)  whether a file that begins like this is of the kind; only those with files need it
    identities(location, *, verifiers)  all that the place tells of its accounts, as `Identities`
A name that begins with "_" is a part that kinds share.

verifiers: also what is kept of passwords, to try some against it; else no hash leaves the place.
Nothing is changed anywhere. What a place does not tell is in `Identities.unknown` or `untold`. A place that
cannot be asked at all raises Unreachable, AccessDenied or UnusableInput.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

from trapstreet.core.model.accounts import Identities
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.urls import parts_of

_HEAD = 16_384


class Kind(Protocol):
    """A module of this folder."""

    title: str
    schemes: tuple[str, ...]

    def identities(self, location: str, *, verifiers: bool) -> Identities: ...


class FileKind(Kind, Protocol):
    """A module of this folder that reads files."""

    def recognises(self, head: str) -> bool: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType(
        {name: cast(Kind, importlib.import_module(f"{__name__}.{name}")) for name in names}
    )


def identities_at(location: str, *, verifiers: bool = False) -> Identities:
    """What a place tells of its accounts. Raises UnusableInput where no kind knows it, and what the kind
    raises."""
    if "://" in location:
        scheme = parts_of(location).scheme.lower()
        for kind in kinds().values():
            if scheme in kind.schemes:
                return kind.identities(location, verifiers=verifiers)
        known = ", ".join(f"{each}://" for kind in kinds().values() for each in kind.schemes)
        raise UnusableInput(
            f"nothing here reads the accounts of {scheme}", hint=f"give a file, or one of {known}"
        )
    head = _head(location)
    for kind in kinds().values():
        if not kind.schemes and cast(FileKind, kind).recognises(head):
            return kind.identities(location, verifiers=verifiers)
    files = "; ".join(kind.title for kind in kinds().values() if not kind.schemes)
    raise UnusableInput(f"{location} is no list of accounts", hint=f"there are: {files}")


def text_of(data: bytes) -> str:
    """A file's text: UTF-16 with its mark, else UTF-8, else Windows-1252; what fits none is replaced."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3:  # cut within a character
            return data[: error.start].decode("utf-8-sig")
        return data.decode("cp1252", errors="replace")


def contents(location: str) -> bytes:
    """All of a file. Raises UnusableInput, Unreachable and AccessDenied."""
    return _opened(location, -1)


def _head(location: str) -> str:
    return text_of(_opened(location, _HEAD))


def _opened(location: str, size: int) -> bytes:
    try:
        with Path(location).open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        hint = "give the URL of a server, or a file"
        raise Unreachable(f"{location}: there is no such file", hint=hint) from None
    except PermissionError:
        raise AccessDenied(f"not allowed to read {location}", hint="run as somebody who may") from None
    except OSError as error:
        raise UnusableInput(
            f"{location} cannot be read: {(error.strerror or 'no file').lower()}",
            hint="give the URL of a server, or a file",
        ) from None
