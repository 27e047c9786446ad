"""The kernel asked: folders and empty files with the same rights elsewhere, opened as those who used them.

Names are numbers there. Only root can make such a copy, and ask as others.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from trapstreet.core.model.changes import Change
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins._posix_acl import ATTRIBUTE
from trapstreet.plugins._posix_people import Listed
from trapstreet.plugins.changes._posix.judging import Judge, Spot
from trapstreet.plugins.changes._posix.making import Hand
from trapstreet.plugins.changes._posix.replay import Need
from trapstreet.plugins.changes._posix.statements import read
from trapstreet.plugins.changes._posix.tree import Kept, kept_of

_NOBODY = 65_534
_WAYS = (os.O_RDONLY, os.O_WRONLY)


def can_ask() -> bool:
    """Whether the kernel can be asked as others: as root, where lists can be given to files."""
    if os.geteuid() != 0:
        return False
    with _folder() as folder:
        if not any(_asked(_NOBODY, _NOBODY, [], [f"{folder}/"])):  # a temporary folder that is root's alone
            return False
        try:
            os.setxattr(folder, ATTRIBUTE, _A_LIST)
        except OSError:
            return False
    return True


class Mirror:
    """Spots of a tree as they are, each once, in a folder of its own."""

    def __init__(self, judge: Judge, spots: Iterable[Spot], root: str) -> None:
        self.root = root
        self._judge = judge
        self.paths: dict[Spot, str] = {}
        for spot in sorted(spots, key=lambda each: (each[0], str(each[1]))):
            self._make(spot)
        for (number, kept), path in reversed(self.paths.items()):  # folders last: else nobody could come in
            _give(path, kept or judge.tree.folders[number].kept)

    def _make(self, spot: Spot) -> str:
        if spot in self.paths:
            return self.paths[spot]
        number, kept = spot
        above = self._judge.tree.folders[number].above
        if kept is not None:
            within = self._make((number, None))
        else:
            within = self._make((above, None)) if above >= 0 else self.root
        path = self.paths[spot] = f"{within}/{len(self.paths)}"
        if kept is None:
            Path(path).mkdir(0o700)
        else:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def answers(self, listed: Listed, needs: Iterable[Need]) -> dict[Need, int]:
        """Whether each person can open each spot: bit 0 to read, bit 1 to write, without doing so."""
        by_who: dict[int, list[Spot]] = {}
        for spot, who in needs:
            by_who.setdefault(who, []).append(spot)
        found: dict[Need, int] = {}
        for who, spots in by_who.items():
            user = listed.users[who]
            paths = [self.paths[each] + ("/" if each[1] is None else "") for each in spots]
            told = _asked(user.pw_uid, user.pw_gid, listed.gids[who], paths)
            if len(told) != len(spots):
                raise UnusableInput(
                    f"the kernel could not be asked as {printable(user.pw_name)}", hint="look at its limits"
                )
            found |= {(spot, who): answer for spot, answer in zip(spots, told, strict=True)}
        return found

    def turn(self, change: Change, turns: Sequence[str]) -> None:
        """Make a change, or take it back, in the copy."""
        path = self.paths.get(self._judge.cuts[change.key].spot)
        if path is None:
            return
        with Hand(self.root) as hand:
            for turn in dict.fromkeys(read(line)[0] for line in turns):
                hand.turn(turn, path)

    def is_as_before(self) -> bool:
        """Whether every spot has the rights that it was made with."""
        for (number, kept), path in self.paths.items():
            was = kept or self._judge.tree.folders[number].kept
            now = kept_of(path, os.lstat(path))
            if (now.mode, now.uid, now.gid, now.acl) != (was.mode, was.uid, was.gid, was.acl):
                return False
        return True


@contextmanager
def mirrored(judge: Judge, spots: Iterable[Spot]) -> Iterator[Mirror]:
    """A copy of the rights on some spots, as long as it is needed."""
    with _folder() as root:
        yield Mirror(judge, spots, root)


def refuse_differing(
    listed: Listed, before: Mapping[Need, int], after: Mapping[Need, int], judge: Judge
) -> None:
    """Raises UnusableInput where the kernel refuses somebody what it did not, or what the rules allow."""
    for need, could in before.items():
        if not could & 1 or could & ~after[need]:
            (number, _), who = need
            folder = printable(judge.tree.folders[number].path)
            raise UnusableInput(
                f"the kernel would refuse {printable(listed.users[who].pw_name)} something in {folder}",
                hint="the rules that this stands on do not hold there: leave that folder out",
            )


@contextmanager
def _folder() -> Iterator[str]:
    folder = mkdtemp(prefix="trapstreet-rights-")
    try:
        Path(folder).chmod(0o711)
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def _give(path: str, kept: Kept) -> None:
    os.chown(path, kept.uid, kept.gid)
    Path(path).chmod(stat.S_IMODE(kept.mode))
    if kept.acl:
        os.setxattr(path, ATTRIBUTE, kept.acl)


def _asked(uid: int, gid: int, gids: Sequence[int], paths: Sequence[str]) -> bytes:
    """What the kernel says of paths to a process of a user; nothing where it could not be asked."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.close(reader)
            os.setgroups(gids)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            with os.fdopen(writer, "wb") as told:
                told.write(bytes(map(_opens, paths)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        answers = told.read()
    os.waitpid(child, 0)
    return answers


def _opens(path: str) -> int:
    found = 0
    for bit, way in enumerate(_WAYS):
        with suppress(OSError):
            if path.endswith("/"):  # a folder is come into, not listed
                os.stat(f"{path}.")  # noqa: PTH116
            else:
                os.close(os.open(path, way | os.O_CLOEXEC))
            found |= 1 << bit
    return found


_A_LIST = bytes.fromhex(
    "0200000001000700ffffffff020007000100000004000000ffffffff10000700ffffffff20000000ffffffff"
)
"""One that names somebody: whether files can have any is not known before one has."""
