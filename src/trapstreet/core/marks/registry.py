"""All marks, found by their files in `kinds/`, and the columns that they may be set on."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from trapstreet.core.fields import Column, Kind
from trapstreet.core.fields import kinds as field_kinds
from trapstreet.core.marks import kinds as family
from trapstreet.core.marks.mark import NAMES, Mark
from trapstreet.core.model.errors import UnusableInput


@cache
def marks() -> Mapping[str, Mark]:
    """Every mark by its name, in the order of names."""
    modules = (import_module(f"{family.__name__}.{found.name}") for found in iter_modules(family.__path__))
    found: list[Mark] = [module.MARK for module in modules]
    return MappingProxyType({mark.name: mark for mark in sorted(found, key=lambda mark: mark.name)})


def mark_named(name: str) -> Mark:
    """The mark of a name. Raises UnusableInput that lists the names."""
    if name not in marks():
        raise UnusableInput(f"no mark is named {name}", hint=f"the marks are {', '.join(marks())}")
    return marks()[name]


def allowed_on(mark: Mark, column: Column, *, key: bool, names: bool = False) -> str:
    """Why the mark may not be set on the column, in one sentence; "" where it may.

    key    the column is one of those that identify a record
    names  marks on names of persons are asked for
    """
    if key:
        return f"{column.name} is a key column: its cells say which record a row is"
    if column.kind not in mark.suits:
        suited = ", ".join(sorted(_title(kind) for kind in mark.suits))
        return f"{mark.name} is for columns of kind {suited}; {column.name} is of kind {_title(column.kind)}"
    if column.kind in NAMES and not names:
        return f"{column.name} holds names of persons, which are marked only if that is asked for"
    return ""


def _title(kind: Kind) -> str:
    return "text" if kind is Kind.TEXT else field_kinds()[kind].title
