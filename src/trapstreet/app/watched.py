"""What is watched: added after a first look, listed with its health, removed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from django.db.models import Min
from msgspec.structs import fields

from trapstreet.app.watch_proofs import Proof, proofs
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.core.model.urls import without_password
from trapstreet.plugins.sources import kind_named, kind_names, noticed, source_of
from trapstreet.store import watching
from trapstreet.store.leases import clock
from trapstreet.store.models import Delivery, WatchedSource
from trapstreet.watch.domain.rules import Rules
from trapstreet.watch.domain.steps import Figures

READ_ONCE = "stdin"
"""The kind that has nothing to come back to."""
HOLDING = 20
"""Objects with our data that are named for one source."""
_UNTOLD = 3_600_000_000


class Added(msgspec.Struct, frozen=True):
    """A source that is watched from now on.

    first  what its listing began with, in words; "" where it was not tried
    """

    name: str
    kind: str
    url: str
    every: int
    first: str


class Health(msgspec.Struct, frozen=True):
    """How a watched source is. Times are Unix microseconds.

    state     "new", "well", "under way", "failing" or "late": nobody looks at it
    why       why it fails; "" if it does not;  failing_since, failures  since when, how often in a row
    ended_at, whole_at  when a round, and a listing of everything, ended last;  due_at  of the next round
    objects   there, that were read;  unread  of them not, or not wholly;  found  of them holding our data
    figures   of the round under way, else of the last one
    proof     whether it proves that it would find something
    """

    name: str
    kind: str
    url: str
    every: int
    state: str
    why: str
    failing_since: int | None
    failures: int
    ended_at: int | None
    whole_at: int | None
    due_at: int
    objects: int
    unread: int
    found: int
    figures: Figures
    proof: Proof


class Holding(msgspec.Struct, frozen=True):
    """An object at a watched source that holds our data. readers  who may read it, "" where nobody knows"""

    path: str
    readers: str
    findings: int


def add(
    workspace: Workspace,
    name: str,
    kind: str,
    options: Mapping[str, object],
    *,
    every: int,
    rules: Rules,
    later: bool = False,
) -> Added:
    """Watch a source from now on, once it was looked at; `later`: untried.

    options  of the kind, as the command line has them: relative paths are the working directory's
    every    seconds between two rounds
    Raises UnusableInput for a name that is taken and for settings that do not do, and what the source raises.
    """
    if kind == READ_ONCE:
        raise UnusableInput("standard input cannot be watched", hint="pass it to trapstreet scan -")
    if WatchedSource.objects.filter(name=name).exists():
        raise UnusableInput(
            f"a source {name!r} is watched already", hint="trapstreet watch list shows it; take another name"
        )
    given = _absolute(kind, options)
    url = str(given.get("url", ""))
    if without_password(url) != url:
        raise UnusableInput(
            "the address has a password, which would be stored and shown",
            hint="leave it out, and name a file that holds it (docs/sources.md)",
        )
    first = "" if later else _first(workspace, name, kind, given)
    given |= noticed(kind, given, folder=workspace.root, where=f"watched source {name}")
    at = clock()
    WatchedSource.objects.create(
        name=name,
        kind=kind,
        options=given,
        host=_host(url),
        every=every,
        rules=msgspec.to_builtins(rules),
        added_at=at,
        due_at=at,
        figures=msgspec.to_builtins(Figures()),
    )
    return Added(name, kind, url, every, first)


def status(names: tuple[str, ...] = ()) -> list[Health]:
    """How the watched sources are, or those of some names, by name. Raises UnusableInput for other names."""
    rows = [watching.source_named(name) for name in names] or watching.sources()
    counts, at = watching.counts(), clock()
    pairs = zip(rows, proofs(rows), strict=True)
    return [_health(row, *counts.get(row.id, (0, 0)), proof, at=at) for row, proof in pairs]


def untold() -> int | None:
    """Since when messages of alerts wait that should have been sent (Unix µs): no worker runs, or its routes
    fail. None where none waits for long."""
    oldest = Delivery.objects.filter(state="waiting").aggregate(oldest=Min("created_at"))["oldest"]
    return oldest if oldest is not None and clock() - oldest > _UNTOLD else None


def holding(name: str) -> list[Holding]:
    """Objects at a source that hold our data, the newest first."""
    found = watching.holding(watching.source_named(name), most=HOLDING)
    return [Holding(*each) for each in found]


def _health(row: WatchedSource, unread: int, found: int, proof: Proof, *, at: int) -> Health:
    return Health(
        name=row.name,
        kind=row.kind,
        url=str(row.options.get("url", "")),
        every=row.every,
        state=_state(row, at),
        why=row.failing,
        failing_since=row.failing_since,
        failures=row.failures,
        ended_at=row.ended_at,
        whole_at=row.whole_at,
        due_at=row.due_at,
        objects=row.objects_there,
        unread=unread,
        found=found,
        figures=msgspec.convert(row.figures, Figures),
        proof=proof,
    )


def _state(row: WatchedSource, at: int) -> str:
    if at < row.leased_until:
        return "under way"
    if row.failures:
        return "failing"
    if watching.is_late(row, at=at):
        return "late"
    return "new" if row.ended_at is None else "well"


def _first(workspace: Workspace, name: str, kind: str, options: Mapping[str, object]) -> str:
    """What the source's listing begins with, in words."""
    source = source_of(kind, options, folder=workspace.root, where=f"watched source {name}")
    try:
        match next(source.list(""), None):
            case Ref() as ref:
                size = "" if ref.size is None else f" ({ref.size:,} bytes)"
                return f"it begins with {printable(ref.path)}{size}"
            case Unread() as unread:
                return f"it begins with {printable(unread.path)}, which cannot be read: {unread.why}"
            case Mark() | None:
                return "nothing is there so far"
    finally:
        source.close()


def _absolute(kind: str, options: Mapping[str, object]) -> dict[str, Any]:
    """The options that were given, whose paths hold wherever they are read."""
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if kind not in kind_names():
        return given
    found = kind_named(kind)
    for each in fields(found.settings):
        value = given.get(each.name)
        is_path = _holds_path(each.type) or (each.name == "url" and not found.schemes)
        if isinstance(value, str) and value and is_path and "://" not in value:
            given[each.name] = str(Path(value).absolute())
    return given


def _holds_path(wanted: Any) -> bool:
    return wanted is Path or any(map(_holds_path, get_args(wanted)))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:255] if "://" in url else ""
    except ValueError:
        return ""
