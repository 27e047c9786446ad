"""The rights of an SMB server, made of what it told."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from trapstreet.core.model.rights import FILES, MOST_NAMED, Bits, Door, Resource, Rights
from trapstreet.core.model.words import counted
from trapstreet.plugins._smb.descriptors import Descriptor, descriptor_of
from trapstreet.plugins._smb.judging import (
    ENTER,
    Judge,
    Privileges,
    Step,
    all_of,
    holders,
    steps,
)
from trapstreet.plugins._smb.knowledge import Holders, Knowledge
from trapstreet.plugins._smb.people import People
from trapstreet.plugins._smb.walk import Folder

Instead = Mapping[tuple[int, bytes | None], bytes]
"""By a folder's id() and a descriptor of files in it, None for its own: the one that stands for it."""


@dataclass(slots=True)
class Found:
    """What was read.

    shares  the rights on each, b"" where there are none, None where they are not told
    guests  the shares that let somebody in without an account, None: nobody comes without one
    names   what SIDs are called, and whether each is a user's
    """

    known: Knowledge
    shares: Mapping[str, bytes | None]
    folders: list[Folder]
    guests: set[str] | None
    names: Mapping[str, tuple[str, bool]] = field(default_factory=dict)

    def sids(self) -> set[str]:
        """All that rights and groups are about."""
        told = {each for folder in self.folders for each in (*folder.files, folder.rights)}
        lists = [descriptor(each) for each in told | {*self.shares.values()} if each]
        seen = {each.owner for each in lists if each and each.owner}
        seen |= {entry.who for each in lists if each for entry in each.entries or ()}
        holding = (self.known.backs_up, self.known.takes, self.known.bypasses)
        return seen | self.known.told.members() | {sid for each in holding for sid in each.sids}


class Map:
    """Fills rights with principals, resources and doors.

    shown  how people find a folder of a share;  not_known  notes what could not be taken apart
    instead  descriptors that count instead of those that were told
    """

    def __init__(
        self,
        rights: Rights,
        found: Found,
        *,
        shown: Callable[[str, str], str],
        not_known: Callable[[str, str], None],
        instead: Instead = MappingProxyType({}),
    ) -> None:
        self._instead = instead
        self._rights, self._known, self._shown, self._not_known = rights, found.known, shown, not_known
        found.known.told.guest = bool(found.guests)
        self._people = people = People(found.known.told, found.sids(), found.names)
        self._everybody: Bits = (1 << len(people.principals)) - 1
        self._passing = cache(self._through)
        rights.edition = found.known.edition
        rights.notes += found.known.notes
        rights.principals += people.principals
        rights.memberships += people.memberships
        rights.guests = people.guest
        self._bypass = all_of(self._privilege(found.known.bypasses, ""))
        privileges = Privileges(
            (*self._privilege(found.known.backs_up, "may read all, as a backup does"), *self._root()),
            self._privilege(found.known.takes, "may take over anything, or set its rights"),
        )
        for name, told in found.shares.items():
            judge = Judge(people, descriptor(told) if told else None, privileges, unknown=told is None)
            shut_out = 0 if found.guests is None or name in found.guests else people.guest
            self._judged(judge, [one for one in found.folders if one.share == name], people.users & ~shut_out)

    def _privilege(self, given: Holders, words: str) -> tuple[Step, ...]:
        return holders(given.sids, self._people, words, sure=given.told)

    def _root(self) -> Iterator[Step]:
        """Whom nothing stops where Unix keeps the files."""
        roots = [sid for sid, (name, _) in self._known.told.users.items() if name == "root"]
        if self._known.told.is_samba:
            yield from holders(roots, self._people, "is root", sure=True)

    def _judged(self, judge: Judge, folders: Iterable[Folder], let_in: Bits) -> None:
        """Resources for the files of a share's folders, and their doors."""
        entering: dict[int, tuple[Bits, Bits]] = {}
        ways = cache(lambda file, enters: [*judge.ways(file, enters)])
        for folder in folders:
            enters = self._enters(folder, entering, (let_in, let_in))
            where = self._shown(folder.share, folder.path)
            for n, (told, count) in enumerate(_in_order(folder)):
                file = descriptor(self._instead.get((id(folder), told), told))
                if file is None:
                    self._not_known(where, f"the rights on {count:,} files have another form")
                    continue
                what = folder.only or counted(count, "file") + (f" with other rights ({n})" if n else "")
                number = len(self._rights.resources)
                names = frozenset(folder.names.get(told, ()) if count <= MOST_NAMED else ())
                self._rights.resources.append(Resource((where, what), FILES, count, names))
                self._rights.doors += (
                    Door(number, how, opens, grants, self._everybody, sure=sure, could=could)
                    for how, grants, opens, sure, could in ways(file, enters)
                )

    def _enters(
        self, folder: Folder | None, known: dict[int, tuple[Bits, Bits]], let_in: tuple[Bits, Bits]
    ) -> tuple[Bits, Bits]:
        """Who comes to what lies in a folder: surely, and at the most."""
        chain = []
        while folder is not None and id(folder) not in known:
            chain.append(folder)
            folder = folder.above
        enters = let_in if folder is None else known[id(folder)]
        for each in reversed(chain):
            here = self._passing(self._instead.get((id(each), None), each.rights))
            enters = known[id(each)] = enters[0] & here[0], enters[1] & here[1]
        return enters

    def _through(self, told: bytes | None) -> tuple[Bits, Bits]:
        """Who gets through a folder. Samba keeps rights in two ways; in one of them a folder stops nobody,
        and clients are not told in which."""
        everybody = self._people.users
        rights = descriptor(told) if told is not None else None
        surely, perhaps = all_of(steps(rights, ENTER, self._people, "")) if rights else (0, everybody)
        if self._known.told.is_samba:
            perhaps = everybody
        return surely | self._bypass[0], surely | perhaps | self._bypass[0] | self._bypass[1]


def _in_order(folder: Folder) -> list[tuple[bytes, int]]:
    """Descriptors with the number of files, the most first; where they are as many, by their names."""
    return sorted(folder.files.items(), key=lambda each: (-each[1], min(folder.names.get(each[0], [""]))))


@cache
def descriptor(told: bytes) -> Descriptor | None:
    """A descriptor taken apart, None where it has another form."""
    try:
        return descriptor_of(told)
    except ValueError:
        return None
