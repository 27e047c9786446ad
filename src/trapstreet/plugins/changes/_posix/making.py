"""Rights on paths changed one after the other, without ever following a link."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from trapstreet.core.model.changes import Change
from trapstreet.plugins.changes._posix.statements import read
from trapstreet.plugins.changes._posix.turns import Elsewise, Turn

Left = tuple[str, Elsewise | OSError]
"""A path that could not be given back, and why."""

_AS_IT_IS = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class Stopped(Exception):
    """A path did not take a change.  path, why;  left  what is not as before, for all that was tried"""

    def __init__(self, path: str, why: Elsewise | OSError, left: Sequence[Left]) -> None:
        self.path, self.why, self.left = path, why, left


class Hand:
    """Reaches paths below a folder step by step: a descriptor of what is there, and never a link's target."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._folder: tuple[str, int] | None = None

    def __enter__(self) -> "Hand":
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def has(self, turn: Turn, path: str) -> bool:
        """Whether a turn was made on a path. Raises Elsewise, OSError."""
        with self._held(path) as name:
            return turn.is_made(name)

    def turn(self, turn: Turn, path: str) -> None:
        """Make a turn on a path. Raises Elsewise, OSError."""
        with self._held(path) as name:
            turn.make(name)

    @contextmanager
    def _held(self, path: str) -> Iterator[str]:
        """A name for what lies at a path, that goes on meaning it whoever renames it."""
        folder, _, name = path.rpartition("/")
        held = _opened(path) if path == self._top else _opened(name, self._reached(folder or "/"))
        try:
            status = os.fstat(held)
            if not stat.S_ISDIR(status.st_mode) and not (
                stat.S_ISREG(status.st_mode) and status.st_nlink == 1
            ):
                raise Elsewise
            yield f"/proc/self/fd/{held}"
        finally:
            os.close(held)

    def _reached(self, folder: str) -> int:
        if self._folder is not None and self._folder[0] == folder:
            return self._folder[1]
        self._leave()
        inside = f"{folder.rstrip('/')}/".startswith(f"{self._top.rstrip('/')}/")
        if not inside:
            raise Elsewise
        held = _opened(self._top)
        below = folder[len(self._top) :].strip("/")
        for name in below.split("/") if below else ():
            try:
                deeper = _opened(name, held)
            finally:
                os.close(held)
            held = deeper
        self._folder = folder, held
        return held

    def _leave(self) -> None:
        if self._folder is not None:
            os.close(self._folder[1])
            self._folder = None


def forward(hand: Hand, changes: Sequence[Change]) -> None:
    """Make changes; on the first failure all is given back that can be. Raises Stopped."""
    made: list[tuple[Turn, str]] = []
    try:
        for change in changes:
            for line, back in zip(change.forward, change.back, strict=True):
                turn, paths = read(line)
                returns = read(back)[0]
                for path in paths:
                    made.append((returns, path))  # before, as it may be stopped within
                    hand.turn(turn, path)
    except (Elsewise, OSError) as error:
        path = made[-1][1]
        if isinstance(error, Elsewise):
            made.pop()
        raise Stopped(path, error, _turned(hand, reversed(made))[1]) from None
    except BaseException:
        _turned(hand, reversed(made))
        raise


def backward(hand: Hand, changes: Sequence[Change]) -> tuple[list[Change], list[Left]]:
    """Take changes back, the last one first, whatever path does not take it: the changes of which nothing is
    there any more, and the paths that are there and not as before."""
    gone: list[Change] = []
    left: list[Left] = []
    for change in reversed(changes):
        lines = [read(each) for each in reversed(change.back)]
        there, stuck = _turned(hand, [(turn, path) for turn, paths in lines for path in reversed(paths)])
        left += [each for each in stuck if not isinstance(each[1], Elsewise)]
        gone += [] if there else [change]
    return gone, left


def is_made(hand: Hand, change: Change) -> bool:
    """Whether a change is made, be it in part; or it cannot be seen."""
    for line in change.forward:
        turn, paths = read(line)
        for path in paths:
            try:
                if hand.has(turn, path):
                    return True
            except Elsewise:
                continue
            except OSError:
                return True
    return False


def is_whole(hand: Hand, change: Change) -> bool:
    """Whether all that a change is of is still there, as the kind of thing that it was."""
    for line in change.forward:
        turn, paths = read(line)
        for path in paths:
            try:
                hand.has(turn, path)
            except Elsewise:
                return False
            except OSError:
                continue
    return True


def _turned(hand: Hand, turns: Iterable[tuple[Turn, str]]) -> tuple[bool, list[Left]]:
    """Make turns on paths, all that can be: whether any path is there, and those on which it is not made."""
    there = False
    left: list[Left] = []
    for turn, path in turns:
        try:
            hand.turn(turn, path)
            there = True
        except Elsewise as error:
            left.append((path, error))
        except OSError as error:
            there = True
            if not _is_made(hand, turn, path):
                left.append((path, error))
    return there, left


def _is_made(hand: Hand, turn: Turn, path: str) -> bool:
    try:
        return hand.has(turn, path)
    except (Elsewise, OSError):
        return False


def _opened(name: str, within: int | None = None) -> int:
    try:
        return os.open(name, _AS_IT_IS, dir_fd=within)
    except (FileNotFoundError, NotADirectoryError):
        raise Elsewise from None
