"""All field kinds, found by their files in `kinds/`."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from trapstreet.core.fields import kinds as family
from trapstreet.core.fields.kind import FieldKind, Kind


@cache
def kinds() -> Mapping[Kind, FieldKind]:
    """Every kind that is fingerprinted, by its name; TEXT has no entry."""
    modules = (import_module(f"{family.__name__}.{found.name}") for found in iter_modules(family.__path__))
    fields: list[FieldKind] = [module.FIELD for module in modules]
    return MappingProxyType({field.kind: field for field in fields})
