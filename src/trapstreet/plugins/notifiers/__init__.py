"""How people and their systems are told. One file in this folder is one kind, found by its presence here.

A kind is a module with
    title     what people call it
    settings  a msgspec Struct (frozen, forbid_unknown_fields): the keys of a section [notify.NAME] that are
              the kind's own. A field of the type Path is read relative to the workspace
    reveals   what leaves the house, and to whom
    notifier(settings)  what tells; raises UnusableInput for settings and files that do not do
A name that begins with "_" is a part that kinds share: `_http` posts, `_words` puts an alert in words,
`_syslog` sends to collectors.

Secrets stand in files of their own, never in settings, and in no error. What a receiver answers is never
shown: errors name its status alone.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, Protocol, cast, runtime_checkable

import msgspec

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.notice import Notice
from trapstreet.core.model.sections import read_section, within


class Later(Unreachable):
    """The receiver asks to be left alone for so many seconds (Retry-After)."""

    def __init__(self, message: str, *, hint: str = "", seconds: float) -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds


class Partly(Unreachable):
    """Some of the recipients have the message; the others may take it later. Raised by `Several` alone.

    done  who is done with, by the key of the route's section that names them: as `without` takes them. Kept
          sealed
    """

    def __init__(self, message: str, *, hint: str = "", done: Mapping[str, Sequence[str]]) -> None:
        super().__init__(message, hint=hint)
        self.done = done


class Notifier(Protocol):
    """Tells by one route. Keeps nothing between calls; several threads may use one."""

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        """Give one message for one or more notices to the receiver; it has it when this returns.

        key  names the message, in printable ASCII without spaces: each attempt has the same one, and the
             receiver gets the same ids
        Returns within a minute. Raises Unreachable where it may go better later (`Later` says when, `Partly`
        for whom), and UnusableInput or AccessDenied where the receiver refuses: somebody has to mend
        something there, or in the settings. After an error some receivers may have the message all the same.
        """
        ...


@runtime_checkable
class Several(Notifier, Protocol):
    """A notifier that tells several recipients, of whom some may take a message and others not."""

    def without(self, done: Mapping[str, Sequence[str]]) -> Notifier | None:
        """The same for those of its recipients who are not done with; None where nobody is left."""
        ...


class Kind(Protocol):
    """A module of this folder."""

    title: str
    settings: type[msgspec.Struct]
    reveals: str

    def notifier(self, settings: Any) -> Notifier: ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of names."""
    names = sorted(found.name for found in iter_modules(__path__) if not found.name.startswith("_"))
    return MappingProxyType({name: cast(Kind, import_module(f"{__name__}.{name}")) for name in names})


def notifier_of(kind: str, options: Mapping[str, object], *, folder: Path, where: str) -> Notifier:
    """What tells as a section [notify.NAME] says.

    options  the keys of the section that are the kind's own, as TOML has them
    folder   what paths are relative to;  where  the section, for errors
    Raises UnusableInput for a kind that there is not, and for settings and files that do not do.
    """
    if kind not in kinds():
        raise UnusableInput(
            f"{where}: no kind is called {kind!r}", hint=f"the kinds are {', '.join(kinds())}"
        )

    with within(where):
        settings = read_section(
            dict(options),
            kinds()[kind].settings,
            where="",
            hint=f"docs/notifiers.md has the keys of {kind}",
            folder=folder,
        )
        return kinds()[kind].notifier(settings)
