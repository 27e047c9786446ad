"""Files at the edge: errors of the file system in our words, and new files that are whole or not there."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that a table is read from, opened as often as one likes.

    label  what people know it by
    held   an open file of the system that is read instead: what was taken out of a container has no name
    """

    label: str
    held: IO[bytes] | None = None

    @property
    def path(self) -> Path:
        """Where it opens, from its beginning, while this process keeps `held` open."""
        return Path(self.label if self.held is None else f"/proc/self/fd/{self.held.fileno()}")


@contextmanager
def reading(label: str) -> Iterator[None]:
    """Inside, an error of the file system becomes AccessDenied or Unreachable and names the file."""
    try:
        yield
    except OSError as error:
        raise _in_our_words(error, label, doing="read") from error


@contextmanager
def writing(label: str) -> Iterator[None]:
    """Inside, an error of the file system becomes AccessDenied or Unreachable and names the file."""
    try:
        yield
    except OSError as error:
        raise _in_our_words(error, label, doing="write") from error


def open_regular(path: Path) -> BinaryIO:
    """The file, open for reading. Raises UnusableInput if it is a folder, a pipe or a device."""
    if not stat.S_ISREG(path.stat().st_mode):
        kind = "a folder" if path.is_dir() else "no regular file"
        raise UnusableInput(f"{path}: this is {kind}", hint="give a file that can be read more than once")
    return path.open("rb")


class NewFile:
    """A file that becomes visible under its name when the context ends well, complete and on disk.

    It is written in a private folder beside its place and never takes the name of something that exists.
    Until then it is `unfinished`. Its mode is 0600: it holds customers' data, and who else may read it is for
    its owner to say.
    Raises UnusableInput at once if the name is taken or the folder is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        self.unfinished = self.scratch / "part"
        self._out: BinaryIO | None = None
        with self.reporting():
            if os.path.lexists(path):
                raise self._taken()
            if not path.parent.is_dir():
                raise UnusableInput(f"{path.parent}: there is no such folder", hint="make it first")

    def __enter__(self) -> "NewFile":
        return self

    def begin(self) -> BinaryIO:
        """The file to write to. Nothing is there before: an interrupt always finds a context to leave."""
        self.scratch.mkdir(mode=0o700)
        self._out = _private(self.unfinished)
        return self._out

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.sync()
                self._appear()
        finally:
            self._drop()

    def sync(self) -> None:
        """What was written is on disk, under no name yet."""
        if self._out is not None:
            self._out.flush()
            os.fsync(self._out.fileno())

    def reporting(self) -> AbstractContextManager[None]:
        """Inside, an error of the file system becomes AccessDenied or Unreachable and names this file."""
        return writing(str(self.path))

    def _appear(self) -> None:
        try:
            os.link(self.unfinished, self.path)
        except FileExistsError:
            raise self._taken() from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._claim_and_rename()
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _claim_and_rename(self) -> None:
        """For file systems without hard links: an empty file of ours takes the name, then gives way."""
        try:
            _private(self.path).close()
        except FileExistsError:
            raise self._taken() from None
        self.unfinished.replace(self.path)

    def _drop(self) -> None:
        try:
            if self._out is not None:
                self._out.close()
        except OSError:
            pass  # closing flushes again, and fails again, where the disk is full; that has been reported
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _taken(self) -> UnusableInput:
        return UnusableInput(
            f"{self.path}: the file exists, and nothing is ever overwritten", hint="choose another name"
        )


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _in_our_words(error: OSError, label: str, *, doing: str) -> TrapstreetError:
    reason = os.strerror(error.errno) if error.errno else "the system gives no reason"
    if error.errno in _REFUSED:
        return AccessDenied(
            f"{label}: may not {doing} it ({reason})", hint="ask for access, or choose another place"
        )
    if error.errno in _FULL:
        return Unreachable(
            f"{label}: {doing} failed ({reason})", hint="free some space, or choose another disk"
        )
    if error.errno == errno.ENOENT:
        return Unreachable(f"{label}: there is no such file", hint="check the path")
    return Unreachable(f"{label}: {doing} failed ({reason})", hint="check the path and the disk")
