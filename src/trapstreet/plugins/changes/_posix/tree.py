"""A folder with all that is below it, as rights see it: folders, and their files by equal rights."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from trapstreet.core.model.words import counted
from trapstreet.plugins._posix_acl import ATTRIBUTE, GROUP, GROUP_OWNER, MASK, USER, entries
from trapstreet.plugins._posix_guards import Guard, guard

DEFAULT = "system.posix_acl_default"
"""The extended attribute with the list that what comes into a folder gets."""

_NO_LIST = frozenset({61, 95})
"""ENODATA and EOPNOTSUPP: the mode is all."""
_TAGS = {
    0x01: "user:",
    USER: "user:{}",
    GROUP_OWNER: "group:",
    GROUP: "group:{}",
    MASK: "mask:",
    0x20: "other:",
}


class Kept(NamedTuple):
    """What the rights on a path are, to the last bit.

    mode  with set-user-ID and its like;  acl, default  extended attributes, b"" where there is none
    alone  False: a file with another name elsewhere, whose rights are changed through that one, too
    """

    mode: int
    uid: int
    gid: int
    acl: bytes
    default: bytes = b""
    alone: bool = True

    @property
    def text(self) -> str:
        """All of it in one line."""
        lists = "".join(
            f" {name}{list_text(acl)}" for name, acl in (("", self.acl), ("comes: ", self.default)) if acl
        )
        return f"{self.uid}:{self.gid} {stat.filemode(self.mode)}{lists}{'' if self.alone else ' linked'}"


@dataclass(slots=True)
class Folder:
    """A folder of a tree.

    above  the number of the folder that it is in, -1 for the top
    guard  None where it is not known;  files  by their rights, each with the names of those that have them
    """

    path: str
    above: int
    kept: Kept
    guard: Guard | None
    files: dict[Kept, list[str]] = field(default_factory=dict)


class Tree:
    """The folders below one, each behind the one that it is in.

    unknown  paths that could not be looked into, each with why
    """

    def __init__(self, top: str) -> None:
        self.top = top
        self.folders: list[Folder] = []
        self.number: dict[str, int] = {}
        self.unknown: dict[str, str] = {}
        self._guards: dict[Kept, Guard | None] = {}
        self._walk()

    def guard(self, kept: Kept) -> Guard | None:
        """What guards the files with these rights; None where it is a list of another form."""
        if kept not in self._guards:
            try:
                self._guards[kept] = guard(kept.mode, kept.uid, kept.gid, kept.acl or None)
            except (ValueError, StopIteration):
                self._guards[kept] = None
        return self._guards[kept]

    def chain(self, number: int) -> Iterator[int]:
        """A folder and those that it is in, up to the top."""
        while number >= 0:
            yield number
            number = self.folders[number].above

    def lines(self) -> dict[str, list[str]]:
        """All rights by folder: equal if no right was changed, and no file came or went."""
        found = {}
        for each in self.folders:
            lines = [f"folder {each.kept.text}"]
            for kept, names in each.files.items():
                digest = sha256("\0".join(sorted(names)).encode("utf-8", "surrogateescape")).hexdigest()
                lines.append(f"{counted(len(names), 'file')} {kept.text} {digest}")
            found[each.path] = sorted(lines)
        for path, why in self.unknown.items():
            found.setdefault(path, []).append(f"not known: {why}")
        return found

    def _walk(self) -> None:
        waiting = [(self.top, -1, os.lstat(self.top))]
        while waiting:
            path, above, status = waiting.pop()
            kept = self._kept(path, status)
            if kept is None:
                continue
            number = self.number[path] = len(self.folders)
            folder = Folder(path, above, kept, self.guard(kept))
            self.folders.append(folder)
            if folder.guard is None:
                self.unknown[path] = "an access control list of another form"
            waiting += [(each, number, found) for each, found in self._listed(folder)]

    def _listed(self, folder: Folder) -> list[tuple[str, os.stat_result]]:
        """The folders in one; its files are in it."""
        below = []
        try:
            with os.scandir(folder.path) as listed:
                for each in listed:
                    try:
                        status = each.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if stat.S_ISDIR(status.st_mode):
                        below.append((each.path, status))
                    elif stat.S_ISREG(status.st_mode) and (kept := self._kept(each.path, status)):
                        folder.files.setdefault(kept, []).append(each.name)
        except OSError as error:
            self.unknown[folder.path] = error.strerror or type(error).__name__
        return below

    def _kept(self, path: str, status: os.stat_result) -> Kept | None:
        try:
            return kept_of(path, status)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.unknown[path] = error.strerror or type(error).__name__
            return None


def kept_of(path: str, status: os.stat_result) -> Kept:
    """The rights on a path that is no link. Raises OSError."""
    folder = stat.S_ISDIR(status.st_mode)
    return Kept(
        status.st_mode, status.st_uid, status.st_gid, _attribute(path, ATTRIBUTE),
        _attribute(path, DEFAULT) if folder else b"", folder or status.st_nlink == 1,
    )  # fmt: skip


def _attribute(path: str, name: str) -> bytes:
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LIST:
            raise
        return b""


def list_text(acl: bytes) -> str:
    """A list in one line, as getfacl has it, but for numbers in the place of names."""
    try:
        listed = entries(acl)
    except ValueError:
        return acl.hex()
    return ",".join(f"{_TAGS.get(tag, str(tag)).format(who)}:{bits_text(may)}" for tag, may, who in listed)


def bits_text(may: int) -> str:
    """4 as r--."""
    return "".join(letter if may & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))
