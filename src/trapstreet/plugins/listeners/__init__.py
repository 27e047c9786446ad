"""Where uses of breadcrumbs are heard. One file in this folder is one kind, found by its presence here.

A kind is a module with
    title     what people call it
    settings  a msgspec Struct (frozen, forbid_unknown_fields): its section of trap.toml, every field with a
              value of its own. A field of the type Path is read relative to the folder of trap.toml
    reveals   what somebody who looks at it from outside may notice
    async listen(settings, hear, now)  opens its ports and returns what closes them
A kind that has `pulls = True` fetches what it hears from where it waits: that is no flood however fast it
comes, and each hit is kept by itself.
A name that begins with "_" is a part that kinds share: `_ports` reads addresses to listen at and knows
proxies, `_tls` certificates and what a handshake shows, `_connections` bounds how many stay open.

Nothing here knows which names are breadcrumbs: every hit is heard, and a name that nobody planted gets the
same answer in the same time. Settings that do not do and ports that cannot be opened are UnusableInput; it
names neither file nor section, which whoever opens it does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, Protocol, cast

import msgspec

from trapstreet.core.model.hit import Hit

Done = asyncio.Future[bool]


class Hear(Protocol):
    """Told of a hit."""

    def __call__(self, hit: Hit, *, forgeable: bool = False) -> Done:
        """Done when the hit is kept for good, which is before its client gets an answer: True if by itself,
        False if it was counted, since hits came faster than each can be kept (up to a second later then).

        forgeable  whoever sent it may have written any address: nothing that went there came back
        Fails with OSError where it cannot be kept (the client is then asked to come again). The future
        belongs to the caller: cancelling it hurts nobody else.
        """
        ...


Now = Callable[[], int]
"""The time in Unix microseconds, for `Hit.at`; it does not follow a wall clock that jumps."""


class Listening(Protocol):
    """Ports that are open."""

    @property
    def ports(self) -> Mapping[str, int]:
        """Which they are, by what they are for: "http", "https", "smtp", "dns/udp", "dns/tcp". One that
        only reads what lies elsewhere has none."""
        ...

    @property
    def trouble(self) -> str:
        """What keeps it from hearing, in a line; "" while nothing does."""
        ...

    def close(self) -> Awaitable[None]:
        """Take no more; done when what was begun has been answered or given up, within some seconds."""
        ...


class Kind(Protocol):
    """A module of this folder."""

    title: str
    settings: type[msgspec.Struct]
    reveals: str

    async def listen(self, settings: Any, hear: Hear, now: Now) -> Listening: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType({name: cast(Kind, import_module(f"{__name__}.{name}")) for name in names})
