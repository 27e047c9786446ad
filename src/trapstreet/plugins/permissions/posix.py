"""Who may read what in a directory, by POSIX modes and access control lists, folders above included.

Files of one folder that the same people may read, in the same way, are one resource with their number. Links
are not followed; what the walk may not look into is not known. Users and groups are those that the system
lists.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterable
from functools import cache

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.rights import (
    FILES,
    MOST_NAMED,
    Bits,
    Door,
    Grant,
    How,
    Membership,
    Principal,
    Resource,
    Rights,
)
from trapstreet.core.model.words import counted
from trapstreet.plugins._posix_acl import ATTRIBUTE
from trapstreet.plugins.permissions._posix_acl import (
    ENTER,
    READ,
    Guard,
    People,
    guard,
    passing,
    those_passing,
)

title = "Directories (/path)"
schemes = ("",)

_NO_LOGIN = ("nologin", "false", "sync")
_TO_ROOT = ("sudo", "wheel", "admin", "docker", "lxd", "disk")
"""Groups by which one comes to root's rights where the system is set up as usual."""
_MOST_UNKNOWN = 50


def rights(location: str) -> Rights:
    """The rights on all files below a folder, or on one file.

    Cost: some 30 µs of processor time a file. Raises Unreachable, UnusableInput.
    """
    top = os.path.abspath(location)  # noqa: PTH100 - a Path would follow `..` of links
    try:
        os.lstat(top)
    except FileNotFoundError:
        raise UnusableInput(f"{location}: no such file or folder", hint="check the path") from None
    except OSError as error:
        raise Unreachable(f"{location}: {error.strerror}", hint="check its permissions") from None
    return _Walk(top).rights


class _Walk:
    """One walk: who there is, and what was seen."""

    def __init__(self, top: str) -> None:
        users = pwd.getpwall()
        groups = grp.getgrall()
        self.rights = Rights(
            top,
            "Files",
            ("set of files of equal rights", "sets of files of equal rights"),
            ("user or group", "users and groups"),
        )
        self._user = {each.pw_uid: n for n, each in reversed([*enumerate(users)])}
        self._group = {each.gr_gid: len(users) + n for n, each in enumerate(groups)}
        self.rights.principals += [Principal(each.pw_name, _logs_in(each.pw_shell)) for each in users]
        self.rights.principals += [Principal(each.gr_name, logs_in=False) for each in groups]
        self._members: dict[int, Bits] = {}
        for n, each in enumerate(users):
            for gid in os.getgrouplist(each.pw_name, each.pw_gid):
                self._members[gid] = self._members.get(gid, 0) | 1 << n
                if gid in self._group:
                    self.rights.memberships.append(
                        Membership(n, self._group[gid], inherits=True, becomes=False, admits=False)
                    )
        root = sum(1 << n for n, each in enumerate(users) if each.pw_uid == 0)
        self._people = People(
            everybody=(1 << len(users)) - 1,
            root=root,
            user=lambda uid: 1 << self._user[uid] if uid in self._user else 0,
            members=lambda gid: self._members.get(gid, 0),
            group=lambda gid: 1 << self._group[gid] if gid in self._group else self._members.get(gid, 0),
        )
        self._passing = cache(lambda asked, what: [*passing(asked, what, self._people)])
        self._entering = cache(lambda asked: those_passing(asked, ENTER, self._people))
        self._unseen = 0
        self._note_roots(groups)
        self._walk(top)
        if self._unseen > _MOST_UNKNOWN:
            self.rights.unknown.append(f"and {self._unseen - _MOST_UNKNOWN:,} more")

    def _note_roots(self, groups: Iterable[grp.struct_group]) -> None:
        for each in groups:
            if each.gr_name in _TO_ROOT and each.gr_mem:
                self.rights.notes.append(
                    f"members of {each.gr_name} ({', '.join(each.gr_mem)}) can usually act as root"
                )

    def _walk(self, top: str) -> None:
        enters = self._people.everybody
        above = os.path.dirname(top)  # noqa: PTH120 - as the paths of the walk
        for folder in _from_the_root(above):
            asked = self._guard(folder, os.stat(folder))  # noqa: PTH116
            enters &= self._entering(asked) if asked else enters
        status = os.lstat(top)
        if not stat.S_ISDIR(status.st_mode):
            name = os.path.basename(top)  # noqa: PTH119
            self._add(above, {self._guard(top, status): [name]}, enters, name)
            return
        waiting = [(top, status, enters)]
        while waiting:
            folder, status, enters = waiting.pop()
            asked = self._guard(folder, status)
            if asked is None:
                continue
            enters &= self._entering(asked)
            files, folders = self._listed(folder)
            waiting += [(each, found, enters) for each, found in folders]
            self._add(folder, files, enters)

    def _listed(self, folder: str) -> tuple[dict[Guard | None, list[str]], list[tuple[str, os.stat_result]]]:
        """The guards of the files in a folder, each with those that have it; and the folders in it."""
        files: dict[Guard | None, list[str]] = {}
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
                    elif stat.S_ISREG(status.st_mode):
                        asked = self._guard(each.path, status)
                        files.setdefault(asked, []).append(each.name)
        except OSError as error:
            self._not_known(folder, error.strerror or type(error).__name__)
        return files, folders

    def _guard(self, path: str, status: os.stat_result) -> Guard | None:
        """What guards a path; None, noted, where that is not known."""
        try:
            acl = os.getxattr(path, ATTRIBUTE, follow_symlinks=False)
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

    def _add(self, folder: str, files: dict[Guard | None, list[str]], enters: Bits, name: str = "") -> None:
        """Resources for the files of a folder, and their doors."""
        for asked, names in files.items():
            if asked is None:
                continue
            number = len(self.rights.resources)
            path = (folder, name or _what(asked, len(names)))
            known = frozenset(names if len(names) <= MOST_NAMED else ())
            self.rights.resources.append(Resource(path, FILES, len(names), known))
            readers = 0
            for those, grant in self._passing(asked, READ):
                readers |= those
                if opens := those & enters:
                    self.rights.doors.append(Door(number, How.GRANT, opens, (grant,), self._people.everybody))
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


def _from_the_root(folder: str) -> list[str]:
    """The folders from / to this one."""
    found = [folder]
    while (above := os.path.dirname(found[-1])) != found[-1]:  # noqa: PTH120
        found.append(above)
    return found[::-1]


def _logs_in(shell: str) -> bool:
    return not shell.endswith(_NO_LOGIN)
