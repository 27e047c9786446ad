"""The way of the kernel to a path: each folder that it goes through has to let one enter."""

import errno
import os
import stat

_MOST_LINKS = 40
"""That Linux follows on one way."""


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
