"""What changed in the rights of a place since they were looked at last: kept, and told where it matters."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from trapstreet.access import Drifted
from trapstreet.access.domain.drift import Drift, drift
from trapstreet.access.domain.drifted import Held
from trapstreet.access.domain.kept_rights import bytes_of, text_of
from trapstreet.access.domain.reached import Unit, hidden, still_hidden, tells_of
from trapstreet.app.discovered import holdings_at, place_of, resolved
from trapstreet.app.drift_alerts import raised
from trapstreet.app.drift_copies import Arrived
from trapstreet.app.drift_elsewhere import server_or_folders
from trapstreet.app.drift_kept import kept, looks_at
from trapstreet.app.kept_names import names_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.rights import Rights
from trapstreet.core.model.urls import server_of, without_password
from trapstreet.plugins.permissions import rights_at
from trapstreet.store import cases, rights
from trapstreet.store.leases import clock
from trapstreet.store.models import Alert, RightsPlace

_LONGEST = 500
"""Characters of a place's name."""

_MOST_FRESH = 10_000
"""Things that are new, of which `discover` has still to tell what is in them."""


class Told(msgspec.Struct, frozen=True):
    """A change, between which times it came about (Unix µs), and the alert that it raised, "" for none."""

    since: int
    at: int
    change: Drifted
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """A look at a place's rights.

    since     when they were looked at before; None: never, and they were kept
    unknown   what could not be read now;  hidden  where that, or what could not be read before, kept
              something from being compared
    """

    place: str
    edition: str
    since: int | None
    at: int
    changes: tuple[Told, ...]
    unknown: tuple[str, ...]
    hidden: tuple[Unit, ...]


def label_of(location: str) -> str:
    """What a place is called, whoever asks it: without user, password and options. Raises UnusableInput for
    one that is too long."""
    if "://" in location:
        name = f"{server_of(without_password(location))}/{urlsplit(location).path.strip('/')}".rstrip("/")
    else:
        name = resolved(location)
    name = os.fsencode(name).decode("utf-8", "backslashreplace")
    if len(name) > _LONGEST:
        raise UnusableInput(
            f"{name[:40]}… has more than {_LONGEST} characters", hint="give a folder further up"
        )
    return name


def compare(workspace: Workspace, location: str) -> Compared:
    """Look at a place's rights, and keep them: what changed since the last look is on record, with its
    alerts, all of it or nothing.

    Raises what `rights_at` raises; then nothing is kept, but that it failed.
    """
    place = rights.place_named(label_of(location))
    while True:
        try:
            now = rights_at(resolved(location))
        except TrapstreetError as error:
            rights.failed(place, error.message, at=clock())
            raise
        look = _Look(workspace, place, now)
        with cases.raising():
            if rights.newest(place) == look.newest:  # else somebody was quicker
                return look.kept()


def history(workspace: Workspace, location: str, *, since: int) -> list[Told]:
    """The changes that were seen at a place from a time on (Unix µs), in order; the place is not asked."""
    names = names_of(label_of(location), rights.places())
    places = [place for name in names if (place := rights.place_if_known(name))]
    changes = [
        each for place in places for each in rights.changes_of(place, since=since, ring=workspace.ring)
    ]
    return [
        Told(
            each.since,
            each.at,
            msgspec.msgpack.decode(each.content, type=Drifted),
            f"a{each.alert}" if each.alert else "",
        )
        for each in sorted(changes, key=lambda each: each.at)
    ]


def taken_away(workspace: Workspace, location: str, taken: Iterable[tuple[str, Unit]]) -> None:
    """Rights were taken away on purpose: if they come back, people are told.

    taken  from whom (PUBLIC is everybody), and what: the path of a table, a schema or a database, or (group,)
    """
    content = msgspec.msgpack.encode([(bytes_of(who), tuple(map(bytes_of, unit))) for who, unit in taken])
    place = rights.place_named(place_of(label_of(location)))
    rights.take(place, content, ring=workspace.ring, at=clock())


def given_back(workspace: Workspace, location: str, taken: Iterable[tuple[str, Unit]]) -> None:
    """What was taken away, as `taken_away` was told, was given back on purpose."""
    given = {(bytes_of(who), tuple(map(bytes_of, unit))) for who, unit in taken}
    there = rights.taken_at(server_or_folders(label_of(location)), workspace.ring)
    rights.forget_taken([each.id for each in there if given.issuperset(_decoded(each.content))])


def held_at(label: str, rights: Rights) -> Mapping[Unit, Held] | None:
    """What is known to be in the tables and folders of a place; None where nobody looked."""
    folders = rights.of_files
    held: dict[Unit, Held] = {}
    for each in holdings_at(place_of(label)):
        unit = each.path[:1] if folders else each.path
        if unit not in held or each.weight > held[unit].weight:
            held[unit] = Held(each.weight, each.sensitivity)
    return held or None


class _Look:
    """One look, compared with those before it; `newest` was the last of its own that is kept."""

    def __init__(self, workspace: Workspace, place: RightsPlace, now: Rights) -> None:
        self._workspace, self._place, self._now = workspace, place, now
        self._since: int | None = None
        self._instead: list[int] = []
        self._changes: list[tuple[int, Drifted]] = []
        self._hidden: list[Unit] = []
        fresh: list[Unit] = []
        self.newest = found_then = 0
        within: list[Unit] | None = None
        left = list(now.dark)  # what the look itself does not tell
        for then in looks_at(place, workspace.ring):
            before = then.rights
            self.newest = self.newest or then.id
            if within is None or within:
                found = self._compared(before, within)
                self._changes += [(then.at, each) for each in found.changes]
                fresh += found.fresh
            if within is None:
                self._since, found_then = then.at, then.found
                fresh += then.fresh
                within = [each for each in before.dark if each not in now.dark]
                self._hidden = [each for each in hidden(before, now) if each in now.dark]
            else:
                within = still_hidden(within, before.dark)
            if tells_of(left, before.dark):
                left = still_hidden(left, before.dark)
            elif then.id:
                self._instead.append(then.id)
        self._hidden += within or []
        there: set[Unit] = {each.unit for each in now.resources}
        new = [each for each in dict.fromkeys(fresh) if each in there]
        self._arrived = Arrived(place.name, now, fresh=new, last=found_then)
        copies = [(self._since or 0, each) for each in self._arrived.copies()]
        self._changes[:0] = copies

    def kept(self) -> Compared:
        """What came of it, after it was written down. Within `cases.raising`."""
        at, ring = clock(), self._workspace.ring
        told = [
            Told(since, at, change, alert)
            for since, change, alert in raised(self._workspace, self._place.name, self._changes, at=at)
        ]
        content = kept(self._now, self._arrived.unseen[:_MOST_FRESH], found=self._arrived.last)
        rights.keep(self._place, content, instead=self._instead, ring=ring, at=at)
        for each in told:
            rights.enter(
                self._place,
                msgspec.msgpack.encode(each.change),
                since=each.since,
                at=at,
                alert=Alert.objects.filter(id=int(each.alert[1:])).first() if each.alert else None,
                ring=ring,
            )
        return Compared(
            self._place.name,
            self._now.edition,
            self._since,
            at,
            tuple(told),
            tuple(self._now.unknown),
            tuple(self._hidden),
        )

    def _compared(self, before: Rights, within: Sequence[Unit] | None) -> Drift:
        return drift(
            before, self._now, within=within, taken=self._taken(), held=held_at(self._place.name, self._now)
        )

    def _taken(self) -> Mapping[Unit, Collection[str]]:
        found: dict[Unit, set[str]] = {}
        for each in rights.taken_at(server_or_folders(self._place.name), self._workspace.ring):
            for who, unit in _decoded(each.content):
                found.setdefault(tuple(map(text_of, unit)), set()).add(text_of(who))
        return found


def _decoded(content: bytes) -> list[tuple[bytes, tuple[bytes, ...]]]:
    return msgspec.msgpack.decode(content, type=list[tuple[bytes, tuple[bytes, ...]]])
