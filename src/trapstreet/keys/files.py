"""Files that only their owner may read, written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trapstreet.core.model.errors import Unreachable, UnusableInput


def write_private(path: Path, data: bytes, *, replace: bool = False) -> None:
    """The file holds the data, mode 0600, on disk before this returns; a crash leaves the old state.

    Raises UnusableInput if the file is there and `replace` is not asked for.
    """
    with unfinished(path) as temporary:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(temporary, path, replace=replace)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Inside, an error of the file system that names no file, as that of a full disk, names this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A file beside the final one, mode 0600, gone at the end unless it was published.

    Raises Unreachable if there is no folder for it.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise Unreachable(f"there is no folder {folder}", hint="make it, or choose another place")
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
    except OSError as error:
        error.filename = str(path)  # the name that was asked for, not the unfinished file's
        raise
    try:
        with naming(path):
            yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def publish(temporary: Path, path: Path, *, replace: bool = False) -> None:
    """A finished file gets its name, in one step and for good.

    Raises UnusableInput if there is a file of that name and `replace` is not asked for.
    """
    if replace:
        temporary.replace(path)
    else:
        try:
            _link(temporary, path)
        except FileExistsError:
            refuse_taken(path)
            raise
    sync_folder(path.parent)


def refuse_taken(path: Path) -> None:
    """Raises UnusableInput if there is something of that name."""
    if path.exists() or path.is_symlink():
        raise UnusableInput(f"{path} exists", hint="choose another name; nothing was written")


def _link(temporary: Path, path: Path) -> None:
    """The file has its name, unless that is taken: rename alone would overwrite."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, as on USB sticks
        path.touch(mode=0o600, exist_ok=False)
        temporary.replace(path)
    else:
        temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Names made or changed in the folder survive a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse_readable_by_others(path: Path) -> None:
    """Raises UnusableInput if the group or the world may do anything with the file or folder."""
    if path.stat().st_mode & 0o077:
        mode = "700" if path.is_dir() else "600"
        raise UnusableInput(f"others may read {path}", hint=f"chmod {mode} {path}")
