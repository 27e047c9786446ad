"""The way of the kernel to a path: each folder that it goes through has to let one enter."""

import errno
import os
import stat
from contextlib import suppress

_MOST_LINKS = 40
"""That Linux follows on one way."""
_LONGEST = 4_096
"""Characters of a path: Linux goes no longer way."""


def way_to(path: str) -> tuple[list[str], str]:
    """The folders that are gone through on the way to a path, and where it ends, all without links in them.
    Raises OSError."""
    passed: dict[str, None] = {}
    at, left, links = "/", path.split("/")[::-1], 0
    while left:
        part = left.pop()
        if part in ("", "."):
            continue
        passed[at] = None
        if part == "..":
            at = os.path.dirname(at)  # noqa: PTH120 - a Path is of another kind of names
            continue
        there = os.path.join(at, part)  # noqa: PTH118
        if not stat.S_ISLNK(os.lstat(there).st_mode):
            at = there
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(there)  # noqa: PTH115
        left += target.split("/")[::-1]
        at = "/" if target.startswith("/") else at
    return [*passed], at


class WaysInto:
    """Which paths of logs lead into a folder, also through links, as these are now.

    Cost: some 10 µs for each part of a folder's path, once; some 2 µs a file.
    """

    def __init__(self, top: str) -> None:
        self._top = top
        self._real = os.path.realpath(top)
        self._inner, self._real_inner = f"{top.rstrip('/')}/", f"{self._real.rstrip('/')}/"
        self._known: dict[str, tuple[list[str], str]] = {}

    def has(self, folder: str, name: str) -> bool:
        """Whether a file, or a link to it, lies in the folder, or the folder itself is meant."""
        if folder == self._top or folder.startswith(self._inner):
            return True
        passed, end = self.way(folder, name)
        return bool(passed or end)

    def way(self, folder: str, name: str) -> tuple[list[str], str]:
        """Of the folders gone through on the way to a file those that lie in the folder, this among them; and
        the file that it ends at, "" where that is elsewhere. What is not there is taken as it stands."""
        passed, at = self._known.get(folder) or self._known.setdefault(folder, _as_far(folder))
        passed, there = [*passed, at], f"{at.rstrip('/')}/{name}"
        with suppress(OSError, ValueError):
            if stat.S_ISLNK(os.lstat(there).st_mode):
                more, there = _as_far(there)
                passed += more
        if there == self._real:
            return [self._top], ""
        return [*filter(None, map(self._inside, passed))], self._inside(there)

    def _inside(self, real: str) -> str:
        """A path as the folder's own paths begin; "" for one that is not in it."""
        if real == self._real:
            return self._top
        return self._inner + real[len(self._real_inner) :] if real.startswith(self._real_inner) else ""


def _as_far(path: str) -> tuple[list[str], str]:
    """The way to a path, as far as there is one; the rest of it as it stands."""
    there = path if len(path) <= _LONGEST else path[:_LONGEST].rpartition("/")[0]
    missing = [path[len(there) :].strip("/")] if there != path else []
    while True:
        try:
            passed, at = way_to(there)
            break
        except (OSError, ValueError):
            above, name = os.path.split(there)
            if not name:
                passed, at = [], there
                break
            there = above
            missing.append(name)
    for name in reversed(missing):
        passed.append(at)
        at = f"{at.rstrip('/')}/{name}"
    return passed, at
