"""Lists of rights on SMB shares, Windows or Samba: entries that let read are taken away, and given back.

Taken are entries of a folder's or file's own, from whoever they are given to; what is inherited changes with
the folder that it comes from. Never taken are an owner's entries, administrators', the system's, and those by
which somebody may write, too; never is anything denied. A server has no transactions: lists are written one
after the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cached_property

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Look
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, UnusableInput
from trapstreet.core.model.rights import Bits, bits_of
from trapstreet.core.model.words import printable
from trapstreet.plugins._connecting import Refused, failure
from trapstreet.plugins._smb.answers import cause, lost
from trapstreet.plugins._smb.asking import Asked, login_at
from trapstreet.plugins._smb.people import People
from trapstreet.plugins.changes._no_row_security import NoRowSecurity
from trapstreet.plugins.changes._smb import script as scripts
from trapstreet.plugins.changes._smb.accounts import Accounts
from trapstreet.plugins.changes._smb.changes import (
    Candidates,
    backward,
    forward,
    handed_over,
    is_made,
    part_of,
    parts_by_path,
    parts_of,
)
from trapstreet.plugins.changes._smb.lean import lean
from trapstreet.plugins.changes._smb.lines import about, line_of, lines_of_share
from trapstreet.plugins.changes._smb.making import Done, Elsewise, WholeReader, Writer, put_back, write_all
from trapstreet.plugins.changes._smb.replay import Ground, SmbReplay
from trapstreet.plugins.changes._smb.things import After, Thing, Things, instead

title = "SMB shares (smb://user@server/[share[/folder]])"
schemes = ("smb",)
suffix = "cmd"
script = scripts.script

_UNDO = "to give it back: trapstreet access apply DIR --undo"


@contextmanager
def opened(location: str) -> "Iterator[SmbPlace]":
    """A server's shares, one of them, or a folder. Raises UnusableInput; what is asked, AccessDenied and
    Unreachable."""
    login_at(location)
    yield SmbPlace(location)


class SmbPlace(NoRowSecurity):
    """Shares with all that is in them, as they were when they were first looked at, or written to."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._address, self._server = login_at(location)
        self._label = self._address.shown()

    @property
    def edition(self) -> str:
        """What the server calls itself."""
        return self._asked.found.known.edition

    def covers(self, use: PastUse) -> bool:
        """Whether a use was made of something there, or of all of it: of a folder, as one thing of the one
        above."""
        here = self._label.casefold().rstrip("/")
        return any(f"{'/'.join(path).casefold()}/".startswith(f"{here}/") for path in use.on)

    def changes(self) -> list[Change]:
        """What can go of the entries of each list, by whom they are about."""
        who = self._accounts.people
        own, _ = self._accounts.called(self._server.user)
        spared = {sid for number, sid in enumerate(who.sids) if own >> number & 1}
        found = Candidates(who, spared, self._people, self._address.host)
        return [*found.of(self._things, self._shown)]

    def having(self, change: Change) -> int:
        """How many who can log in have a right by whom it is given to."""
        who = self._accounts.people
        sid = part_of(change.forward[-1])[0].entry.who
        return (who.holding(sid)[0] & self._people).bit_count()

    def lean(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes by which somebody loses what the others leave, the fewest losers first."""
        tried = sorted(changes, key=self.having)
        parts = [parts_of(self._things, [each], self._address.host) for each in tried]
        kept = {each.key for each in lean(tried, parts, self._accounts.people, self._people)}
        return [each for each in changes if each.key in kept]

    def standing(self) -> dict[str, list[str]]:
        """By share, every list that is not just what its folder hands down; the share's own; who is there."""
        people = self._accounts.people
        there = people.principals, people.memberships
        found = {share: [*lines_of_share(told, there)] for share, told in self._asked.found.shares.items()}
        for each in self._things.all:
            if not each.follows or (each.rights and each.rights.own):
                found[each.share].append(line_of(each))
        return {share: sorted(lines) for share, lines in found.items()}

    def about(self, line: str) -> str:
        """The folder or file that a line of `standing` is about, in its share."""
        return about(line)

    def replay(self, uses: Sequence[PastUse], changes: Sequence[Change]) -> SmbReplay:
        """Past uses, judged by the lists."""
        folders = {self._shown[each.share, each.path]: each for each in self._things.all if each.is_folder}
        folders = {name.casefold(): each for name, each in folders.items()} | folders
        return SmbReplay(Ground(self._things, folders, self._accounts, self._address.host), uses, changes)

    def grantees(self) -> frozenset[str]:
        """Accounts and groups whose members are all told."""
        return frozenset(self._accounts.grantees)

    def handed_over(self, change: Change, to: Sequence[str]) -> Change:
        """A change by which some have what it takes away."""
        return handed_over(change, {name: self._accounts.grantees[name] for name in to})

    def reversible(self, changes: Sequence[Change]) -> list[Change]:
        """Those by which nobody is given something on a thing that has an entry about them already."""
        return [each for each in changes if not any(self._is_about(each, name) for name in each.to)]

    def rehearse(self, changes: Sequence[Change], look: Look) -> None:
        """Look at the changes without making them. Raises UnusableInput where they cannot be taken back."""
        parts = parts_of(self._things, changes, self._address.host)
        for thing, some in parts.items():
            own = thing.rights.own if thing.rights else ()
            if backward(some)(forward(some)(own)) != own:
                raise UnusableInput("the way back does not lead back", hint="take fewer rights away at once")
        self._look(After({thing: forward(some) for thing, some in parts.items()}), look)

    def make(self, changes: Sequence[Change], look: Look) -> None:
        """Write lists, folders' before those of what lies in them; on the first failure, all that were
        written are taken back."""
        parts = parts_of(self._things, changes, self._address.host)
        after = After({thing: forward(some) for thing, some in parts.items()})
        self._look(after, look)
        order = after.changes()
        done: list[Done] = []
        try:
            with self._writing("nothing was changed", hint="make a new plan") as session:
                write_all(session, after, order, done)
        except BaseException:
            if done:
                with self._writing("not everything could be given back", hint=_UNDO) as session:
                    put_back(session, done)
            raise

    def take_back(self, changes: Sequence[Change]) -> list[Change]:
        """Write lists back, a folder's after those of what lies in it; the changes of what is gone."""
        self._forget()
        host = self._address.host
        things = Things(self._asked.found.folders, parts_by_path(changes, host))
        parts = parts_of(things, changes, host)
        after = After({thing: backward(some) for thing, some in parts.items()})
        order = after.changes()
        with self._writing("not everything could be given back", hint="run it again") as session:
            put_back(session, _lists(after, order))
        return [each for each in changes if not parts_of(things, [each], host)]

    def made(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that are made, be it in part."""
        self._forget()
        host = self._address.host
        things = Things(self._asked.found.folders, parts_by_path(changes, host))
        return [
            each
            for each in changes
            if any(is_made(thing, parts) for thing, parts in parts_of(things, [each], host).items())
        ]

    def _forget(self) -> None:
        for name in ("_asked", "_things", "_accounts", "_shown"):
            self.__dict__.pop(name, None)

    @cached_property
    def _asked(self) -> Asked:
        return Asked(self._location, WholeReader)

    @cached_property
    def _things(self) -> Things:
        return Things(self._asked.found.folders)

    @cached_property
    def _accounts(self) -> Accounts:
        found = self._asked.found
        return Accounts(People(found.known.told, found.sids(), found.names), found.known.told)

    @property
    def _people(self) -> Bits:
        principals = self._accounts.people.principals
        return bits_of(number for number, each in enumerate(principals) if each.logs_in)

    @cached_property
    def _shown(self) -> Mapping[tuple[str, str], str]:
        """By share and path of a folder, how people find it."""
        shown = self._asked.shown
        return {(each.share, each.path): shown(each.share, each.path) for each in self._asked.found.folders}

    def _is_about(self, change: Change, name: str) -> bool:
        who = self._accounts.grantees[name]
        things = parts_of(self._things, [change], self._address.host)
        return any(entry.who == who for each in things if each.rights for entry in each.rights.own)

    def _look(self, after: After, look: Look) -> None:
        look(lambda: self._asked.rights(instead(after)))

    @contextmanager
    def _writing(self, what: str, *, hint: str) -> Iterator[Writer]:
        """A session to write by, and its errors in our words; what was read before counts no longer."""
        try:
            with closing(Writer(self._server)) as session:
                yield session
        except Elsewise as error:
            place = printable(f"{self._label.rpartition('://')[0]}://{self._address.host}/{error.where}")
            raise UnusableInput(f"{place}: {error.why}; {what}", hint=hint) from None
        except PermissionError as error:
            who = "log in as one who may change the rights there, or who may restore files"
            place = f"{printable(error.filename)} at {self._label}" if error.filename else self._label
            raise AccessDenied(f"{place}: permission denied; {what}", hint=who) from None
        except FileNotFoundError as error:
            gone = printable(error.filename) if error.filename else "something"
            raise UnusableInput(f"{self._label}: {gone} is gone; {what}", hint=hint) from None
        except Refused as error:
            raise UnusableInput(f"{self._label}: {error}; {what}", hint=hint) from None
        except TrapstreetError:
            raise
        except lost() as error:
            raise failure(cause(error), self._server.host, self._server.port) from error
        finally:
            self._forget()


def _lists(after: After, things: Iterable[Thing]) -> Iterator[Done]:
    """The lists of things, each after the one that it is to become."""
    for thing in things:
        then = after.of(thing)
        if thing.rights is not None and then is not None:
            yield from ((thing.share, path, then, thing.rights) for path in thing.paths())
