"""Files replaced by changed ones, all or none. Standard library only: scripts carry this file."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple


class NotReplaced(Exception):
    """Nothing was replaced: `path` and why, in plain words."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class Seen(NamedTuple):
    """What a file is; `changed` is the time of its last change, in ns."""

    device: int
    inode: int
    size: int
    changed: int
    sha256: str


def look(path: str) -> Seen:
    """What the file is now, all of its bytes included: some 2 s per GB."""
    with Path(path).open("rb") as file:
        of = os.fstat(file.fileno())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Seen(of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns, sha256)


class Replacement:
    """A file whose place a changed one is to take; a symbolic link is followed.

    The change is written beside it, private until it is whole, then with the mode, attributes and, where the
    system lets us, the owner of the file. It takes its place only if the file is what it was at first sight.
    """

    def __init__(self, path: str) -> None:
        target = Path(path).resolve()
        self.path, name = str(target), target.name
        self.folder = target.parent
        self.unfinished, self._aside = (self.folder / f".{secrets.token_hex(4)}.{name}" for _ in range(2))
        if any((self.folder / mark).exists() for mark in (f"~${name}", f"~${name[2:]}", f".~lock.{name}#")):
            raise NotReplaced(self.path, "somebody has it open in an office program")
        self._lock = os.open(self.path, os.O_RDWR)
        try:
            self._refuse_what_cannot_be_replaced()
            self.seen = look(self.path)
        except BaseException:
            self.close()
            raise

    def _refuse_what_cannot_be_replaced(self) -> None:
        of = os.fstat(self._lock)
        if not stat.S_ISREG(of.st_mode):
            raise NotReplaced(self.path, "it is no regular file")
        if of.st_nlink > 1:
            raise NotReplaced(
                self.path, "it has several names (hard links), of which one would be left behind"
            )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotReplaced(self.path, "another process is changing it") from None
        except OSError:
            pass  # a file system without locks: what the file is, is compared all the same
        if Path(self.path).stat().st_ino != of.st_ino:
            raise NotReplaced(self.path, "it changed meanwhile")

    @contextlib.contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """The file to write; it is on disk once the context ends well."""
        out = os.open(self.unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(out, "w+b") as file:
            yield file
            file.flush()
            self._dress(file.fileno())
            os.fsync(file.fileno())

    def check(self) -> None:
        """Raises NotReplaced if the file is not what it was."""
        same = False
        with contextlib.suppress(FileNotFoundError):
            same = look(self.path) == self.seen
        if not same:
            raise NotReplaced(self.path, "it changed meanwhile")

    def take_place(self, *, way_back: bool) -> None:
        if way_back:
            with contextlib.suppress(OSError):  # a file system without hard links has no way back
                os.link(self.path, self._aside)
        self.unfinished.replace(self.path)

    def go_back(self) -> None:
        """Undo `take_place`, if it happened."""
        with contextlib.suppress(FileNotFoundError):
            self._aside.replace(self.path)

    def close(self) -> None:
        """Leave nothing beside the file."""
        for path in (self.unfinished, self._aside):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)

    def _dress(self, out: int) -> None:
        old = Path(self.path).stat()
        with contextlib.suppress(OSError):  # only the superuser gives files away; the group may still do
            os.fchown(out, -1, old.st_gid)
            os.fchown(out, old.st_uid, -1)
        for name in os.listxattr(self.path):
            with contextlib.suppress(OSError):
                os.setxattr(out, name, os.getxattr(self.path, name))
        os.fchmod(out, stat.S_IMODE(old.st_mode))


def swap(replacements: Sequence[Replacement]) -> None:
    """Every change takes its file's place, in this order; if one cannot, the others go back.

    A crash in between leaves each file whole, as it was or as it should be.
    """
    for replacement in replacements:
        replacement.check()
    try:
        for replacement in replacements:
            replacement.take_place(way_back=len(replacements) > 1)
    except BaseException:
        for replacement in replacements:
            replacement.go_back()
        raise
    for folder in {replacement.folder for replacement in replacements}:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
