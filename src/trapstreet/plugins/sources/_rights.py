"""What every account of this machine may read, by the modes of files and folders and by POSIX ACLs.

A group counts that everybody is in by its name.
"""

import grp
import os
from collections.abc import Iterator
from functools import cache

from trapstreet.plugins._posix_acl import ATTRIBUTE, GROUP, GROUP_OWNER, entries
from trapstreet.plugins.sources._mounts import without_owners

EVERYBODY = "everybody who has an account there"

_READ, _GO = 4, 1
_OF_EVERYBODY = ("users", "domain users", "everyone", "authenticated users")


class Rights:
    """Who may read files. Of file systems whose rights were made up here nothing is told."""

    def __init__(self) -> None:
        self._made_up = without_owners()

    def lead_to(self, folder: str) -> bool:
        """Whether everybody may go to a folder from the root, and into it."""
        names = folder.rstrip("/").split("/")
        return all(self._leads("/".join(names[:end]) or "/") for end in range(1, len(names) + 1))

    def lead_into(self, folder: str, status: os.stat_result) -> bool:
        """Whether everybody who may go to a folder may go into it."""
        return self._has(folder, status, _GO)

    def readers(self, file: str, status: os.stat_result) -> str:
        """Who may read a file that everybody may go to, in words."""
        return EVERYBODY if self._has(file, status, _READ) else ""

    def _leads(self, folder: str) -> bool:
        try:
            return self._has(folder, os.stat(folder), _GO)  # noqa: PTH116 - a Path takes ten times as long
        except OSError:
            return False

    def _has(self, path: str, status: os.stat_result, right: int) -> bool:
        mode = status.st_mode
        if status.st_dev in self._made_up:
            return False
        if mode & right:
            return True
        # With an ACL the group's bits of the mode are the most that any of its groups may.
        return bool(mode & right << 3) and any(
            _is_of_everybody(group) for group in _groups(path, status, right)
        )


def _groups(path: str, status: os.stat_result, right: int) -> Iterator[int]:
    """The groups that have a right."""
    try:
        listed = entries(os.getxattr(path, ATTRIBUTE, follow_symlinks=False))
    except (OSError, ValueError):
        listed = []
    if not listed:
        yield status.st_gid
    for tag, may, group in listed:
        if may & right and tag in (GROUP_OWNER, GROUP):
            yield status.st_gid if tag == GROUP_OWNER else group


@cache
def _is_of_everybody(group: int) -> bool:
    try:
        name = grp.getgrgid(group).gr_name.lower()
    except (KeyError, OverflowError):
        return False
    return name.rpartition("\\")[2].partition("@")[0] in _OF_EVERYBODY
