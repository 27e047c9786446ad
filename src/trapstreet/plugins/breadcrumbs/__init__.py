"""Breadcrumbs that are no table rows: addresses, names, files and logins that nobody has honest use for.

One file in this folder is one kind, found by its presence here; a file whose name begins with "_" is a part
that kinds share. A kind is a module with
    title     what people call it
    settings  a msgspec Struct: its fields, with their descriptions, are the options of the command line
    needs     which of the owner's resources it takes: "domains", "urls", "zones"
    reveals   what somebody who meets or uses it may notice
    channels  where a use of it is heard: "http", "smtp", "dns", "login"
    make(settings, resources, draws)
A kind that takes a template of the owner's has `suffixes`, too: those of the files that it can be made from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, cast
from urllib.parse import urlsplit

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.sections import as_option


class Token(NamedTuple):
    """What a use is recognised by.

    channel  "http": host and path of an address, without scheme, port and query, the host in lower case
             "smtp": an address in lower case · "dns": a name in lower case, with no dot at its end
             "login": a user name, a key or a key id that somebody presents, as it is
    """

    channel: str
    value: str


@dataclass(frozen=True, slots=True)
class Made:
    """One breadcrumb.

    text    what it is, where to place it, and what the owner has to see to
    tokens  by which a use of it is recognised
    files   what is to be placed: relative names and contents
    owner   what is the owner's alone and is never placed
    """

    text: str = field(repr=False)
    tokens: tuple[Token, ...] = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    owner: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Resources:
    """What belongs to the owner and reaches nobody else, from `trapstreet.toml`.

    domains  mail domains                             [decoys] domains
    urls     addresses below which the trap answers   [trap] urls
    zones    DNS zones that the trap answers for      [trap] zones
    today    dates that are made up lie before it
    """

    domains: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    today: date = field(default_factory=date.today)

    def domain(self, draws: KeyedDraws) -> str:
        """One of the mail domains. Raises UnusableInput where there is none."""
        return self._one(self.domains, draws, "a mail domain of yours", "domains under [decoys]").lower()

    def url(self, draws: KeyedDraws) -> str:
        """One of the addresses, with a slash at its end. Raises UnusableInput where there is none."""
        url = self._one(self.urls, draws, "a web address of your trap", "urls under [trap]")
        return f"{url.rstrip('/')}/"

    def zone(self, draws: KeyedDraws) -> str:
        """One of the zones. Raises UnusableInput where there is none."""
        return (
            self._one(self.zones, draws, "a DNS zone of your trap", "zones under [trap]").strip(".").lower()
        )

    def _one(self, choice: tuple[str, ...], draws: KeyedDraws, what: str, setting: str) -> str:
        if not choice:
            raise UnusableInput(
                f"this kind of breadcrumb needs {what}", hint=f"set {setting} in trapstreet.toml"
            )
        return draws.choice(choice)


class Kind(Protocol):
    """A module of this folder."""

    title: str
    settings: type[msgspec.Struct]
    needs: tuple[str, ...]
    reveals: str
    channels: tuple[str, ...]

    def make(self, settings: Any, resources: Resources, draws: KeyedDraws) -> Made: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType({name: cast(Kind, import_module(f"{__name__}.{name}")) for name in names})


def make(kind: str, options: Mapping[str, object], resources: Resources, draws: KeyedDraws) -> Made:
    """A breadcrumb of a kind, drawn under a key: the same key and options make the same one.

    options  values of the kind's settings by their names; None where one is not given
    Whoever keeps the tokens makes another one where a token is known already: addresses that people type
    are words, and words repeat. Raises UnusableInput for options, resources and templates that do not do;
    Unreachable and AccessDenied where a template cannot be read; PluginFailed where a parser fails.
    """
    found = kind_named(kind)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = msgspec.convert(given, found.settings, strict=False)
    except msgspec.ValidationError as error:
        raise UnusableInput(as_option(str(error)), hint=f"see the options of {kind}") from error
    made = found.make(settings, resources, draws)
    for name in (*made.files, *made.owner):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise UnusableInput(f"{name!r} leaves the folder", hint="give a name without ..")
    return made


def kind_named(name: str) -> Kind:
    """The kind of a name. Raises UnusableInput that lists the names."""
    if name not in kinds():
        raise UnusableInput(
            f"no breadcrumb is of the kind {name!r}", hint=f"the kinds are {', '.join(kinds())}"
        )
    return kinds()[name]


def http_token(url: str) -> Token:
    """What a request for an address is recognised by."""
    parts = urlsplit(url)
    return Token("http", f"{(parts.hostname or '').lower()}{parts.path or '/'}")
