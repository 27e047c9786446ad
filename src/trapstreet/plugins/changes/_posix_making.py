"""Rights on paths changed one after the other, without ever following a link."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from trapstreet.core.model.changes import Change
from trapstreet.plugins.changes._posix_statements import read
from trapstreet.plugins.changes._posix_turns import Elsewise, Turn

_AS_IT_IS = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


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
    """Make changes; on the first failure everything is as before. Raises Elsewise, OSError."""
    made: list[tuple[Turn, str]] = []
    try:
        for change in changes:
            for line, back in zip(change.forward, change.back, strict=True):
                turn, paths = read(line)
                returns = read(back)[0]
                for path in paths:
                    made.append((returns, path))  # before, as it may be stopped within
                    hand.turn(turn, path)
    except BaseException:
        for returns, path in reversed(made):
            try:
                hand.turn(returns, path)
            except Elsewise:
                continue
        raise


def backward(hand: Hand, change: Change) -> bool:
    """Take a change back as far as what it is of is there; whether any of it is. Raises OSError."""
    there = False
    for line in reversed(change.back):
        turn, paths = read(line)
        for path in reversed(paths):
            try:
                hand.turn(turn, path)
            except Elsewise:
                continue
            there = True
    return there


def is_made(hand: Hand, change: Change) -> bool:
    """Whether a change is made, be it in part. Raises OSError."""
    for line in change.forward:
        turn, paths = read(line)
        for path in paths:
            try:
                if hand.has(turn, path):
                    return True
            except Elsewise:
                continue
    return False


def _opened(name: str, within: int | None = None) -> int:
    try:
        return os.open(name, _AS_IT_IS, dir_fd=within)
    except (FileNotFoundError, NotADirectoryError):
        raise Elsewise from None
