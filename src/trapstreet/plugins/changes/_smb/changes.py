"""Changes of lists of rights on shares: which there are, and their statements, to be made and taken back.

A statement takes away one entry or gives one, as `-2 (A;OICI;0x1200a9;;;S-1-1-0) \\\\server\\share\\folder`:
the third of the thing's own entries. An entry that is given comes where one was taken away.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from trapstreet.core.model.changes import FOLDER, Change
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.rights import FILES, Bits
from trapstreet.core.model.words import counted
from trapstreet.plugins._smb.descriptors import (
    ALLOWED,
    ONLY_BELOW,
    Descriptor,
    Entry,
)
from trapstreet.plugins._smb.judging import READ, all_of, steps
from trapstreet.plugins._smb.lists import CREATOR_GROUP, CREATOR_OWNER, entry_of, entry_text, specific
from trapstreet.plugins._smb.people import ADMINISTRATORS, BACKUP_OPERATORS, EVERYONE, OWNER_RIGHTS, People
from trapstreet.plugins.changes._smb.things import Edit, Thing, Things

READS_ALONE = 0x1200A9
"""Reading, listing, executing, and what comes with them."""

_LEFT_ALONE = {"S-1-5-18", ADMINISTRATORS, BACKUP_OPERATORS, OWNER_RIGHTS, CREATOR_OWNER, CREATOR_GROUP}
_ADMINS = ("-500", "-512", "-519")
"""The numbers of an administrator, and of those of a domain and of a forest."""
_STATEMENT = re.compile(r"(?P<sign>[+-])(?P<at>\d+) (?P<entry>\([^()]*\)) (?P<path>\\\\.+)", re.DOTALL)
_NOT_IN_WINDOWS = re.compile(r'[\x00-\x1f"*:<>?|]|[ .](?=/|$)')


class Part(NamedTuple):
    """One entry that is given or taken away, by its place among the thing's own."""

    at: int
    entry: Entry
    gives: bool

    def text(self, path: str) -> str:
        """The statement.  path: \\\\server\\share\\folder"""
        return f"{'-+'[self.gives]}{self.at} {entry_text(self.entry)} {path}"

    @property
    def back(self) -> "Part":
        """What undoes it."""
        return self._replace(gives=not self.gives)


def part_of(statement: str) -> tuple[Part, str]:
    """What a statement does, and to which \\\\server\\share\\path. Raises UnusableInput."""
    found = _STATEMENT.fullmatch(statement)
    try:
        if found is None:
            raise ValueError
        return Part(int(found["at"]), entry_of(found["entry"]), found["sign"] == "+"), found["path"]
    except ValueError:
        raise UnusableInput("the plan has a statement that is none", hint="make a new plan") from None


def unc(host: str, share: str, path: str) -> str:
    """A place as Windows names it."""
    return "\\\\" + "\\".join(filter(None, (host, share, path.replace("/", "\\"))))


def handed_over(change: Change, to: Mapping[str, str]) -> Change:
    """A change by which some have just what it takes away.  to: their names, with SIDs"""
    forward: list[str] = []
    for statement in change.forward:
        part, path = part_of(statement)
        given = [part._replace(entry=part.entry._replace(who=sid), gives=True) for sid in to.values()]
        forward += [each.text(path) for each in (*given, part)]
    back = [part.back.text(path) for part, path in map(part_of, forward)]
    return replace(change, forward=tuple(forward), back=tuple(back), to=tuple(to))


def forward(parts: Sequence[Part]) -> Edit:
    """A thing's own entries, some of them replaced. One that is not where it was stays."""
    taken = {each.at: each.entry for each in parts if not each.gives}
    given = defaultdict(list)
    for each in parts:
        if each.gives:
            given[each.at].append(each.entry)

    def edit(own: tuple[Entry, ...]) -> tuple[Entry, ...]:
        made: list[Entry] = []
        for number, entry in enumerate(own):
            made += given[number] if taken.get(number) == entry else [entry]
        return tuple(made)

    return edit


def backward(parts: Sequence[Part]) -> Edit:
    """A thing's own entries with those that were taken away; as it was before, if the others are as then."""
    given = [each.entry for each in parts if each.gives]
    taken = sorted(each for each in parts if not each.gives)

    def edit(own: tuple[Entry, ...]) -> tuple[Entry, ...]:
        made = [each for each in own if each not in given]
        for each in taken:
            if each.entry not in made:
                made.insert(each.at, each.entry)
        return tuple(made)

    return edit


def is_made(thing: Thing, parts: Sequence[Part]) -> bool:
    """Whether all that is taken away is gone."""
    return thing.rights is not None and not any(
        each.entry in thing.rights.own for each in parts if not each.gives
    )


def parts_by_path(changes: Iterable[Change], host: str) -> dict[tuple[str, str], list[Part]]:
    """By share and path, what changes do there. Raises UnusableInput."""
    found: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for change in changes:
        for statement in change.forward:
            part, path = part_of(statement)
            share, _, inner = path.removeprefix(f"\\\\{host}\\").partition("\\")
            found[share, inner.replace("\\", "/")].append(part)
    return found


def parts_of(things: Things, changes: Iterable[Change], host: str) -> dict[Thing, list[Part]]:
    """What changes do to which things; what is gone is not among them."""
    by_path = parts_by_path(changes, host)
    return {things.at[place]: parts for place, parts in by_path.items() if place in things.at}


class Candidates:
    """All that can be taken away below some folders.

    spared  SIDs whose entries are left alone;  people  who may log in
    """

    def __init__(self, who: People, spared: Collection[str], people: Bits, host: str) -> None:
        self._who, self._spared, self._people, self._host = who, spared, people, host

    def of(self, things: Things, shown: Mapping[tuple[str, str], str]) -> Iterator[Change]:
        """The changes, those of folders before those of what lies in them.

        shown  by share and path of a folder, how people find it
        """
        for thing in things.all:
            if thing not in things.sound or (self._who.of_modes and _is_of_a_mode(thing)):
                continue
            if not any(map(_NOT_IN_WINDOWS.search, thing.paths())):
                for sid, parts in self._taken(thing).items():
                    yield self.change(thing, shown[thing.share, thing.path], sid, parts)

    def change(self, thing: Thing, folder: str, sid: str, parts: Sequence[Part]) -> Change:
        """What is done to the entries of one SID on a thing."""
        what = thing.names[0] if len(thing.names) == 1 else counted(len(thing.names), "file")
        paths = [unc(self._host, thing.share, each) for each in thing.paths()]
        return Change(
            key=f"{sid} {paths[0]}",
            database=folder,
            on=(folder,) if thing.is_folder else (folder, what),
            kind=FOLDER if thing.is_folder else FILES,
            right="read",
            of=self._who.name(sid),
            forward=tuple(part.text(each) for each in paths for part in parts),
            back=tuple(part.back.text(each) for each in paths for part in parts),
        )

    def _taken(self, thing: Thing) -> dict[str, list[Part]]:
        """By SID, the entries of a thing that can go."""
        own = thing.rights.own if thing.rights else ()
        by_sid: dict[str, list[Part]] = defaultdict(list)
        mixed = {each.who for each in own if not _reads_alone(each) or own.count(each) > 1}
        for number, each in enumerate(own):
            if each.who not in mixed and each.who != thing.owner and self._may_go(each.who):
                by_sid[each.who].append(Part(number, each, gives=False))
        still = self._read_by(thing, [each for each in own if each.who not in by_sid])
        return {
            sid: parts
            for sid, parts in by_sid.items()
            if any(each.entry.reads for each in parts) and self._who.holding(sid)[0] & self._people & ~still
        }

    def _may_go(self, sid: str) -> bool:
        surely, perhaps = self._who.holding(sid)
        known = bool(surely) and not perhaps
        return known and sid not in self._spared and sid not in _LEFT_ALONE and not sid.endswith(_ADMINS)

    def _read_by(self, thing: Thing, entries: Iterable[Entry]) -> Bits:
        """Who reads a thing, or something below it, by some entries."""
        here = tuple(each._replace(flags=each.flags & ~ONLY_BELOW) for each in entries)
        return all_of(steps(Descriptor(thing.owner, here), READ, self._who, ""))[0]


def _is_of_a_mode(thing: Thing) -> bool:
    """Whether a list looks like one that Samba makes of a mode: written, it would become another one."""
    here = [each for each in thing.rights.entries if not each.flags & ONLY_BELOW] if thing.rights else []
    ends = here and (here[0].who, here[-1].who) == (thing.owner, EVERYONE)
    return bool(ends) and not any(each.flags for each in here)


def _reads_alone(entry: Entry) -> bool:
    """Whether an entry gives nothing but what is needed to read."""
    return entry.kind == ALLOWED and not specific(entry.rights) & ~READS_ALONE
