"""What others' services tell of a use: a telephone provider, a mail provider, Canarytokens. Requests to an
address of the trap's web server, which keeps them like any other; the worker reads them here.

One file in this folder is one kind, found by its presence here. A kind is a module with
    title     what people call it
    settings  a msgspec Struct (frozen, forbid_unknown_fields): the keys of a section [callback.NAME] that are
              the kind's own
    needs_secret  whether it signs what it sends: "always", "can" or "never"
    reveals   what the service gets to know
    called(settings, secret, request)  what a request tells, None for one that is no call of the kind
A name that begins with "_" is a part that kinds share.

A request is proven by its signature, or, where the service signs nothing, by an address that nobody else
knows. What is not proven is told as well, and says so: it is never taken for a call.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, Protocol, cast
from urllib.parse import unquote, urlsplit

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.sections import read_section, within
from trapstreet.plugins._secrets import secret

_UNGUESSABLE = 22
"""Characters of the last part of an address that proves who calls it: 128 bits in letters and digits."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent.

    url      as the service has it, with the query that came;  method  of HTTP
    headers  values by their names in lower case, the last of each
    body     its beginning;  whole  that is all of it
    """

    url: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    whole: bool


@dataclass(frozen=True, slots=True)
class Called:
    """What a request tells of a use. Everything in it is whatever its client sent.

    channel  "phone", "mail" or "canarytokens"
    names    what was used: numbers as the service writes them, mail addresses in lower case, or texts with a
             planting's id
    facts    as of a hit: "caller" who it was; "text" what was said or written; "header" and "body" of a mail
    id       what tells this request from all others: sent again it is the same
    signed   whether its signature is right; None where there is none to look at
    address  from where the decoy was used, "" where that is not told
    """

    channel: str
    names: tuple[str, ...]
    facts: tuple[tuple[str, bytes], ...] = field(repr=False)
    id: bytes
    signed: bool | None
    address: str = ""


class Kind(Protocol):
    """A module of this folder."""

    title: str
    settings: type[msgspec.Struct]
    needs_secret: str
    reveals: str

    def called(self, settings: Any, secret: bytes, request: Request) -> Called | None: ...


@dataclass(frozen=True, slots=True)
class Callback:
    """A section [callback.NAME], ready to read requests.

    visited  host and path by which the trap names requests to it
    """

    name: str
    visited: str
    _kind: Kind
    _settings: msgspec.Struct
    _url: str
    _secret: bytes = field(repr=False)

    def called(
        self, *, method: str, target: str, headers: Mapping[str, str], body: bytes, whole: bool
    ) -> Called | None:
        """What a request to it tells; None where it is no call. target: path and query as they came."""
        query = target.partition("?")[2]
        url = f"{self._url}?{query}" if query else self._url
        return self._kind.called(self._settings, self._secret, Request(url, method, headers, body, whole))


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType({name: cast(Kind, import_module(f"{__name__}.{name}")) for name in names})


def callback_of(name: str, options: Mapping[str, Any], *, folder: Path, where: str) -> Callback:
    """What reads requests as a section [callback.NAME] says: `kind`, `url`, `secret_file`, the kind's own.

    folder  what `secret_file` is relative to;  where  the section, for errors
    Raises UnusableInput for settings and files that do not do, AccessDenied for files that may not be read.
    """
    own = dict(options)
    kind, url, file = (own.pop(key, "") for key in ("kind", "url", "secret_file"))
    if kind not in kinds():
        raise UnusableInput(
            f"{where}: no kind is called {kind!r}", hint=f"the kinds are {', '.join(kinds())}"
        )
    found = kinds()[kind]
    if not isinstance(url, str) or not re.fullmatch(r"https?://[^\s/?#]+/[^\s?#]*", url):
        raise UnusableInput(
            f"{where}: url is no address", hint="the one that the service calls, without a query"
        )
    if not isinstance(file, str):
        raise UnusableInput(
            f"{where}: secret_file is no text", hint='write it like secret_file = "calls.secret"'
        )
    if found.needs_secret == "always" and not file:  # noqa: S105
        raise UnusableInput(f"{where}: secret_file is missing", hint=f"{found.title} signs what it sends")
    if found.needs_secret == "never" and file:  # noqa: S105
        raise UnusableInput(f"{where}: {found.title} signs nothing", hint="leave out secret_file")
    if not file and len(url.rstrip("/").rpartition("/")[2]) < _UNGUESSABLE:
        raise UnusableInput(
            f"{where}: whoever guesses this url can make up calls",
            hint=f"end it in {_UNGUESSABLE} characters and more, drawn by: openssl rand -hex 16",
        )
    with within(where):
        settings = read_section(
            own, found.settings, where="", hint=f"docs/callbacks.md has the keys of {kind}"
        )
        key = secret(folder / file, what="the secret").reveal().encode() if file else b""
    parts = urlsplit(url)
    visited = f"{(parts.hostname or '').lower()}{unquote(parts.path)}"
    return Callback(name, visited, found, settings, url, key)
