"""Who may read what in a directory, by POSIX modes and access control lists, folders above included.

Files of one folder that the same people may read, in the same way, are one resource with their number. Links
are not followed; what the walk may not look into is not known. Users and groups are those that the system
lists.
"""

import os
import stat
from functools import cache
from typing import Any

from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.rights import (
    FILES,
    MOST_NAMED,
    Bits,
    Door,
    Grant,
    How,
    Resource,
    Rights,
)
from trapstreet.core.model.words import counted
from trapstreet.plugins._posix_acl import ATTRIBUTE
from trapstreet.plugins._posix_guards import ENTER, READ, Guard, Overlay, guard, passing, those_passing
from trapstreet.plugins._posix_people import Listed
from trapstreet.plugins._posix_way import way_to

title = "Directories (/path)"
schemes = ("",)

_TO_ROOT = ("sudo", "wheel", "admin", "docker", "lxd", "disk")
"""Groups by which one comes to root's rights where the system is set up as usual."""
_MOST_UNKNOWN = 50


def rights(location: str) -> Rights:
    """The rights on all files below a folder, or on one file.

    Cost: some 30 µs of processor time a file. Raises Unreachable.
    """
    top = os.path.abspath(location)  # noqa: PTH100 - a Path would follow `..` of links
    try:
        os.stat(top)  # noqa: PTH116 - as the paths of the walk
    except FileNotFoundError:
        raise Unreachable(f"{location}: no such file or folder", hint="check the path") from None
    except OSError as error:
        raise Unreachable(f"{location}: {error.strerror}", hint="check its permissions") from None
    return _Walk(Overlay(top)).rights


def rights_within(handle: Any, label: str) -> Rights:
    """The rights on all files below a folder, some of which have the guards of an `Overlay`."""
    return _Walk(handle).rights


_Files = dict[tuple[Guard, Guard], list[str]]
"""Names of files by what guards them, and what would."""


class _Walk:
    """One walk: who there is, and what was seen."""

    def __init__(self, overlay: Overlay) -> None:
        self._instead, self._top = overlay.guards, overlay.top
        self._at = ""
        listed = Listed()
        self.rights = Rights(
            overlay.top,
            "Files",
            ("set of files of equal rights", "sets of files of equal rights"),
            ("user or group", "users and groups"),
            listed.principals,
            listed.memberships,
        )
        self._people = listed.people
        self._passing = cache(lambda asked, what: [*passing(asked, what, self._people)])
        self._entering = cache(lambda asked: those_passing(asked, ENTER, self._people))
        self._unseen = 0
        for each in listed.groups:
            members = listed.names_in(each.gr_gid) if each.gr_name in _TO_ROOT else []
            if members:
                self.rights.notes.append(
                    f"members of {each.gr_name} ({', '.join(members)}) can usually act as root"
                )
        self._walk(overlay.top)
        if self._unseen > _MOST_UNKNOWN:
            self.rights.unknown.append(f"and {self._unseen - _MOST_UNKNOWN:,} more")

    def _walk(self, top: str) -> None:
        enters = self._people.everybody
        passed, self._at = way_to(top)
        for folder in passed:
            asked = self._guarded(folder, os.lstat(folder))
            enters &= self._entering(asked) if asked else enters
        status = os.lstat(self._at)
        if not stat.S_ISDIR(status.st_mode):
            above, name = os.path.split(top)
            if asked := self._guard(top, status):
                self._add(above, {(asked, asked): [name]}, enters, name)
            return
        waiting = [(top, status, enters)]
        while waiting:
            folder, status, enters = waiting.pop()
            asked = self._guarded(folder, status)
            if asked is None:
                continue
            enters &= self._entering(asked)
            files, folders = self._listed(folder)
            waiting += [(each, found, enters) for each, found in folders]
            self._add(folder, files, enters)

    def _listed(self, folder: str) -> tuple[_Files, list[tuple[str, os.stat_result]]]:
        """The files in a folder, by what guards them; and the folders in it."""
        files: _Files = {}
        folders = []
        try:
            with os.scandir(folder) as listed:
                for each in listed:
                    try:
                        status = each.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if stat.S_ISDIR(status.st_mode):
                        folders.append((each.path, status))
                    elif stat.S_ISREG(status.st_mode) and (asked := self._guard(each.path, status)):
                        would = self._instead.get(each.path, asked)
                        files.setdefault((asked, would), []).append(each.name)
        except OSError as error:
            self._not_known(folder, error.strerror or type(error).__name__)
        return files, folders

    def _guarded(self, path: str, status: os.stat_result) -> Guard | None:
        """What guards a folder, or would."""
        asked = self._guard(path, status)
        return asked and self._instead.get(path, asked)

    def _guard(self, path: str, status: os.stat_result) -> Guard | None:
        """What guards a path; None, noted, where that is not known."""
        try:
            real = self._at if path == self._top else path
            acl = os.getxattr(real, ATTRIBUTE, follow_symlinks=False)
        except FileNotFoundError:  # since it was listed
            return None
        except OSError as error:
            if error.errno not in _NO_LIST:
                self._not_known(path, error.strerror or type(error).__name__)
                return None
            acl = None
        try:
            return guard(status.st_mode, status.st_uid, status.st_gid, acl)
        except (ValueError, StopIteration):
            self._not_known(path, "an access control list of another form")
            return None

    def _not_known(self, path: str, why: str) -> None:
        self._unseen += 1
        self.rights.unread.append((path,))
        if self._unseen <= _MOST_UNKNOWN:
            self.rights.unknown.append(f"{path}: {why}")

    def _add(self, folder: str, files: _Files, enters: Bits, name: str = "") -> None:
        """Resources for the files of a folder, called by the rights that they have, and their doors."""
        called: dict[str, int] = {}
        for (own, asked), names in files.items():
            number = len(self.rights.resources)
            what = name or _what(own, len(names))
            called[what] = called.get(what, 0) + 1
            path = (folder, what if called[what] == 1 else f"{what} ({called[what]})")
            known = frozenset(names if len(names) <= MOST_NAMED else ())
            self.rights.resources.append(Resource(path, FILES, len(names), known))
            readers, owner = 0, self._people.user(asked.uid) & ~self._people.root
            for those, grant in self._passing(asked, READ):
                readers |= those
                if opens := those & enters:
                    how = How.OWNER if grant.to == owner else How.GRANT
                    self.rights.doors.append(Door(number, how, opens, (grant,), self._people.everybody))
            if could := self._people.user(asked.uid) & enters & ~readers:
                owns = Grant("owner: can change its mode", could)
                self.rights.doors.append(
                    Door(number, How.OWNER, could, (owns,), self._people.everybody, could=True)
                )


_NO_LIST = frozenset({61, 95})
"""ENODATA and EOPNOTSUPP: the mode is all."""


def _what(asked: Guard, count: int) -> str:
    """Which files of a folder: their number and mode."""
    mode = "".join(
        letter if may >> place & 1 else "-"
        for may in (asked.owner, asked.group, asked.other)
        for letter, place in (("r", 2), ("w", 1), ("x", 0))
    )
    return f"{counted(count, 'file')} {mode}{'+' if asked.users or asked.groups else ''}"
