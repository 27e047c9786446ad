"""Files of a folder by their inodes, for logs that say the inode and not the whole path."""

import os
from collections.abc import Iterator
from contextlib import suppress


class Inodes:
    """Where inodes are in a folder of this machine, as it is now; it is walked once, when first asked.

    place  the folder; of anything else nothing is found
    Cost: some 2 µs and 150 bytes a file.
    """

    def __init__(self, place: str) -> None:
        self._place = place if place.startswith("/") else ""
        self._walked = False
        self._folders: list[str] = []
        self._number: dict[int, int] = {}
        self._within: dict[int, int] = {}
        self._also_within: dict[int, list[int]] = {}
        self._nameless: dict[int, str] = {}

    def folder(self, device: str, inode: int) -> str:
        """The path of a folder; "" where there is none.  device  as 08:01, in hexadecimal"""
        self._walk()
        number = self._number.get(_key(_device(device), inode))
        return "" if number is None else self._folders[number]

    def path(self, device: str, inode: int, name: str) -> str:
        """The path of a file or folder that has a name, or that has any where this is "".

        Returns "" where there is none: it was deleted or renamed since, and another file may have its inode.
        """
        whole = self.folder(device, inode)
        if whole:
            return whole if name in ("", whole.rpartition("/")[2]) else ""
        key = _key(_device(device), inode)
        if not name and key in self._nameless:
            return self._nameless[key]
        for number in self._numbers(key):
            folder = self._folders[number]
            with suppress(OSError):
                found = name if name and _inode(f"{folder}/{name}") == inode else ""
                found = found or ("" if name else _named(folder, inode))
                if found:
                    whole = f"{folder.rstrip('/')}/{found}"
                    if not name:
                        self._nameless[key] = whole
                    return whole
        return ""

    def _numbers(self, key: int) -> Iterator[int]:
        if key in self._within:
            yield self._within[key]
        yield from self._also_within.get(key, ())

    def _walk(self) -> None:
        if self._walked:
            return
        self._walked = True
        waiting = [self._place] if self._place else []
        while waiting:
            with suppress(OSError):
                waiting += self._entered(waiting.pop())

    def _entered(self, folder: str) -> list[str]:
        """Take a folder and its files; the folders in it."""
        below = []
        with os.scandir(folder) as listed:
            status = os.stat(folder)  # noqa: PTH116 - a Path a folder is slow
            number = self._number[_key(status.st_dev, status.st_ino)] = len(self._folders)
            self._folders.append(folder)
            for each in listed:
                if each.is_dir(follow_symlinks=False):
                    below.append(each.path)
                elif (key := _key(status.st_dev, each.inode())) in self._within:
                    self._also_within.setdefault(key, []).append(number)
                else:
                    self._within[key] = number
        return below


def _key(device: int, inode: int) -> int:
    return device << 64 | inode


def _device(text: str) -> int:
    major, _, minor = text.partition(":")
    return os.makedev(int(major, 16), int(minor, 16))


def _inode(path: str) -> int:
    return os.lstat(path).st_ino


def _named(folder: str, inode: int) -> str:
    """What a file of a folder is called."""
    with os.scandir(folder) as listed:
        return next((each.name for each in listed if each.inode() == inode), "")
