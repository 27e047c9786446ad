"""Whom the lists of an SMB server let do what: of a share, and of a file in it ([MS-DTYP] 2.5.3).

The entries of a list are looked at as they stand: the first that is about somebody and about a right decides.
Whoever may come with a SID of which that is not known is followed both ways, and ends as "perhaps" where they
differ.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from trapstreet.core.model.rights import Bits, Grant, How
from trapstreet.plugins._smb.descriptors import (
    ALLOWED,
    CHANGE_OWNER,
    CHANGE_RIGHTS,
    GENERIC_ALL,
    GENERIC_READ,
    ONLY_BELOW,
    READ_DATA,
    Descriptor,
)
from trapstreet.plugins._smb.people import EVERYONE, OWNER_RIGHTS, People

ENTER = 0x00000020 | 0x20000000
"""To go through a folder to what lies in it."""
READ = READ_DATA | GENERIC_READ


class Step(NamedTuple):
    """An entry that lets some in: those it surely does, if no other list is against it; and perhaps."""

    grant: Grant
    surely: Bits
    perhaps: Bits


class Way(NamedTuple):
    """A way to read what a descriptor guards: what a door is made of.

    could  it opens only once they have changed the rights
    """

    how: How
    grants: tuple[Grant, ...]
    opens: Bits
    sure: bool
    could: bool = False


class Privileges(NamedTuple):
    """Who has which on the server: surely, and perhaps; with what gives it."""

    backs_up: tuple[Step, ...] = ()
    takes: tuple[Step, ...] = ()


def steps(descriptor: Descriptor | None, right: int, people: People, words: str) -> list[Step]:
    """The entries that give a right, with whom.

    descriptor  None: nothing stands against anybody;  words  for what they may: "may read"
    """
    everybody = people.users
    if descriptor is None or descriptor.entries is None:
        return [Step(Grant(f"no list of rights: everybody {words}", everybody), everybody, 0)]
    # In a list that Samba made of a mode, whom an entry names gets no more from those for others: a user from
    # none, who is in a group not from that for everybody.
    left, denied, users, groups = everybody, 0, 0, 0
    met: list[tuple[Grant, Bits, Bits]] = []
    for each in descriptor.entries:
        if each.flags & ONLY_BELOW:
            continue
        who = descriptor.owner if each.who == OWNER_RIGHTS else each.who
        surely, perhaps = people.holding(who)
        if not each.rights & (right | GENERIC_ALL):
            if people.of_modes and who != EVERYONE:
                users |= surely * people.is_user(who)
                groups |= surely | perhaps
            continue
        if each.conditional:
            surely, perhaps = 0, surely | perhaps
        if those := left & (surely | perhaps):
            if each.kind == ALLOWED:
                text = f"{'' if each.who != OWNER_RIGHTS else 'OWNER RIGHTS: '}{people.name(who)} {words}"
                met.append((Grant(text, people.bit(who) or those), those, those & surely))
                denied |= those & (groups if who == EVERYONE else users)
            else:
                denied |= those
        left &= ~surely
    return _settled(met, denied | left)


def _settled(met: Sequence[tuple[Grant, Bits, Bits]], against: Bits) -> list[Step]:
    """Each with those whom no entry before lets in, nor a later one that surely is about them; those of whom
    some entry speaks against are perhaps.  met: entries with those they may be about, and surely are"""
    found, seen = [], 0
    for number, (grant, those, surely) in enumerate(met):
        later = 0
        for _, _, each in met[number + 1 :]:
            later |= each
        new = those & ~seen & (surely | ~later)
        seen |= new
        if new:
            found.append(Step(grant, new & ~against, new & against))
    return found


def holders(sids: Iterable[str], people: People, words: str, *, sure: bool) -> tuple[Step, ...]:
    """Who has a privilege.  sure: False where it is not known whether they do"""
    found = []
    for sid in sids:
        surely, perhaps = people.holding(sid)
        if surely | perhaps:
            grant = Grant(f"{people.name(sid)} {words}", people.bit(sid))
            found.append(Step(grant, surely if sure else 0, perhaps | (0 if sure else surely)))
    return tuple(found)


def all_of(found: Iterable[Step]) -> tuple[Bits, Bits]:
    """Everybody whom steps let in: surely, and perhaps."""
    surely = perhaps = 0
    for each in found:
        surely |= each.surely
        perhaps |= each.perhaps
    return surely, perhaps & ~surely


class Judge:
    """Ways to files in one share.

    share  its own rights, None where nothing is in the way; unknown  they are not told
    """

    def __init__(
        self, people: People, share: Descriptor | None, privileges: Privileges, *, unknown: bool
    ) -> None:
        self._people, self._privileges = people, privileges
        self._read = self._share(share, READ, "may read in the share", unknown)
        changes = "may change rights in the share"
        self._change = self._share(share, CHANGE_RIGHTS, changes, unknown)
        self._own = self._share(share, CHANGE_OWNER, changes, unknown)

    def _share(self, share: Descriptor | None, right: int, words: str, unknown: bool) -> list[Step]:
        if not unknown:
            return steps(share, right, self._people, words)
        those = self._people.users
        return [Step(Grant(f"if the share's rights, which are not told, let them: {words}", those), 0, those)]

    def ways(self, file: Descriptor, enters: tuple[Bits, Bits]) -> Iterator[Way]:
        """All ways to read a file.  enters: who comes to it through the folders above, surely and perhaps"""
        reads = steps(file, READ, self._people, "may read")
        owner = self._people.bit(file.owner) if self._people.is_user(file.owner) else 0
        for way in self._both(self._read, reads, How.GRANT, enters):
            yield way._replace(how=How.OWNER) if way.grants[-1].to == owner else way
        backup = self._privileges.backs_up
        yield from self._both(self._read, backup, How.PRIVILEGE, enters)
        reads_now = enters[0] & all_of(reads)[0] & all_of(self._read)[0]
        for way in self._changes(file, enters):
            if opens := way.opens & ~reads_now:
                yield way._replace(opens=opens)

    def _changes(self, file: Descriptor, enters: tuple[Bits, Bits]) -> Iterator[Way]:
        own = self._people.holding(file.owner) if file.owner else (0, 0)
        ruled = any(each.who == OWNER_RIGHTS and not each.flags & ONLY_BELOW for each in file.entries or ())
        if any(own) and not ruled:
            grant = Grant("owner: can change its rights", self._people.bit(file.owner) or own[0] | own[1])
            yield from self._both(self._change, [Step(grant, *own)], How.OWNER, enters, could=True)
        if file.entries is not None:
            changes = steps(file, CHANGE_RIGHTS, self._people, "may change its rights")
            yield from self._both(self._change, changes, How.GRANT, enters, could=True)
            owns = steps(file, CHANGE_OWNER, self._people, "may take it over")
            yield from self._both(self._own, owns, How.GRANT, enters, could=True)
        yield from self._both(self._own, self._privileges.takes, How.PRIVILEGE, enters, could=True)

    def _both(
        self,
        share: Iterable[Step],
        file: Iterable[Step],
        how: How,
        enters: tuple[Bits, Bits],
        *,
        could: bool = False,
    ) -> Iterator[Way]:
        """Where the share and the file agree."""
        for outer in share:
            for inner in file:
                grants = outer.grant, inner.grant
                surely = outer.surely & inner.surely & enters[0]
                reached = (outer.surely | outer.perhaps) & (inner.surely | inner.perhaps)
                perhaps = reached & (enters[0] | enters[1]) & ~surely
                if surely:
                    yield Way(how, grants, surely, sure=True, could=could)
                if perhaps:
                    yield Way(how, grants, perhaps, sure=False, could=could)
