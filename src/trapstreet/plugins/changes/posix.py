"""Rights on files and folders of this system: reading, and coming in, taken away and given back.

Taken is from others, from the group that owns, and from whom an access control list names; never from an
owner, and never writing. A file that has another name elsewhere is left alone, and so are lists for what
comes. It is done as root: only the owner may change the rights on a file, and only root may ask as others.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Look
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins._posix_guards import Guard, Overlay
from trapstreet.plugins._posix_people import Listed
from trapstreet.plugins._posix_way import WaysInto
from trapstreet.plugins.changes._no_row_security import NoRowSecurity
from trapstreet.plugins.changes._posix import statements
from trapstreet.plugins.changes._posix.handing import Handing
from trapstreet.plugins.changes._posix.judging import Judge
from trapstreet.plugins.changes._posix.lines import about
from trapstreet.plugins.changes._posix.making import Hand, Stopped, backward, forward, is_made, is_whole
from trapstreet.plugins.changes._posix.mirror import can_ask, mirrored, refuse_differing
from trapstreet.plugins.changes._posix.replay import PosixReplay
from trapstreet.plugins.changes._posix.telling import not_back, stopped
from trapstreet.plugins.changes._posix.tree import Tree, kept_of

title = "Directories (/path)"
schemes = ("",)
suffix = "sh"
script = statements.script


@contextmanager
def opened(location: str) -> "Iterator[PosixPlace]":
    """A folder. Raises UnusableInput, AccessDenied, Unreachable."""
    top = os.path.abspath(location)  # noqa: PTH100 - a Path would follow `..` of links
    try:
        if not stat.S_ISDIR(os.lstat(top).st_mode):
            raise UnusableInput(f"{printable(location)} is no folder", hint="name the folder that it is in")
        yield PosixPlace(top)
    except FileNotFoundError:
        raise Unreachable(f"{printable(location)}: no such folder", hint="check the path") from None
    except OSError as error:
        raise _told(error, printable(location)) from None


class PosixPlace(NoRowSecurity):
    """A folder with all that is below it, as it was when it was first looked at."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._ways = WaysInto(top)
        self._replayed: list[PosixReplay] = []
        self._asks = can_ask()
        self.edition = "Files (by the rules and the kernel)" if self._asks else "Files (by the rules alone)"

    def covers(self, use: PastUse) -> bool:
        """Whether a use was made in the folder, or through a link that lies in it or leads there."""
        return any(len(path) == 2 and self._ways.has(*path) for path in use.on)

    def changes(self) -> list[Change]:
        """Every part of a right by which somebody who can log in reads something."""
        return self._judge.changes()

    def lean(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that take something away which the others leave."""
        return self._judge.lean(changes)

    def grantees(self) -> frozenset[str]:
        """All users but root, and all groups."""
        users = (each.pw_name for each in self._listed.users if each.pw_uid)
        return frozenset(users).union(each.gr_name for each in self._listed.groups if each.gr_gid)

    def handed_over(self, change: Change, to: Sequence[str]) -> Change:
        """A change by which some users and groups keep the right; its statements come with `reversible`."""
        return replace(change, to=tuple(to))

    def reversible(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that hand over a right and give nobody more."""
        return Handing(self._judge).reversible(changes)

    def standing(self) -> dict[str, list[str]]:
        """All rights as they are, by folder."""
        return Tree(self._top).lines()

    def about(self, line: str) -> str:
        """How many files, or the folder, that a line of `standing` is about: with owner, group and mode."""
        return about(line, self._listed)

    def replay(self, uses: Sequence[PastUse], changes: Sequence[Change]) -> PosixReplay:
        """Past uses, by the rules."""
        number_of = {each.pw_name: n for n, each in enumerate(self._listed.users)}
        replay = PosixReplay(self._judge, self._ways, uses, number_of)
        self._replayed.append(replay)
        return replay

    def rehearse(self, changes: Sequence[Change], look: Look) -> None:
        """Look at changes without making them; in a copy they are made, and files opened as past users."""
        if self._asks:
            self._ask(changes)
        look(Overlay(self._top, self._guards(changes)))

    def make(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes one after the other; on the first failure, all that was made is taken back."""
        with Hand(self._top) as hand:
            try:
                forward(hand, changes)
            except Stopped as stop:
                raise stopped(stop) from None
            try:
                look(Overlay(self._top))
            except BaseException as error:
                _, left = backward(hand, changes)
                if left and not isinstance(error, KeyboardInterrupt):
                    raise not_back(left) from error
                raise

    def take_back(self, changes: Sequence[Change]) -> list[Change]:
        """Take changes back, the last one first; those of which nothing is there any more."""
        with Hand(self._top) as hand:
            gone, left = backward(hand, changes)
        if left:
            raise not_back(left)
        return gone

    def made(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that are made, be it in part."""
        with Hand(self._top) as hand:
            return [each for each in changes if is_made(hand, each)]

    def astray(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes of which a file or folder is gone, or is another kind of thing now."""
        with Hand(self._top) as hand:
            return [each for each in changes if not is_whole(hand, each)]

    @cached_property
    def _listed(self) -> Listed:
        return Listed()

    @cached_property
    def _judge(self) -> Judge:
        return Judge(Tree(self._top), self._listed, [*_guards_above(self._top)])

    def _guards(self, changes: Sequence[Change]) -> dict[str, Guard]:
        """The guards of all paths whose rights some changes are of, when these are made."""
        guards: dict[str, Guard] = {}
        for (number, kept), asked in self._judge.guards_with(changes).items():
            folder = self._judge.tree.folders[number]
            names = folder.files[kept] if kept else ()
            guards |= {f"{folder.path.rstrip('/')}/{name}": asked for name in names} or {folder.path: asked}
        return guards

    def _ask(self, changes: Sequence[Change]) -> None:
        """Raises UnusableInput where the kernel refuses a past use, or the way back does not lead back."""
        needs = {need for replay in self._replayed[:1] for need in replay.pairs()}
        spots = {spot for spot, _ in needs}
        with mirrored(self._judge, spots) as mirror:
            before = mirror.answers(self._listed, needs)
            for each in changes:
                mirror.turn(each, each.forward)
            refuse_differing(self._listed, before, mirror.answers(self._listed, needs), self._judge)
            for each in reversed(changes):
                mirror.turn(each, each.back[::-1])
            if not mirror.is_as_before():
                raise UnusableInput("the way back does not lead back", hint="leave out what has odd lists")


def _told(error: OSError, what: str) -> TrapstreetError:
    if isinstance(error, PermissionError):
        return AccessDenied(f"{what}: {error.strerror}", hint="run it as root")
    return Unreachable(f"{what}: {error.strerror}", hint="try again")


def _guards_above(top: str) -> Iterator[Guard]:
    """Of the folders that one is in, up to the root."""
    from trapstreet.plugins._posix_guards import guard

    while (above := os.path.dirname(top)) != top:  # noqa: PTH120 - as the paths of the walk
        kept = kept_of(above, os.stat(above))  # noqa: PTH116
        yield guard(kept.mode, kept.uid, kept.gid, kept.acl or None)
        top = above
