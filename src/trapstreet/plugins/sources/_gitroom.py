"""Folders for what was fetched, which others wrote: they go when they are closed, or after a crash."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "trapstreet-git-"


class Room:
    """A temporary folder of our own. What processes that were killed have left behind is removed first."""

    def __init__(self) -> None:
        _sweep()
        made = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}"))
        self._lock = (made / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.folder = made.rename(made.with_name(made.name.removeprefix("new-")))

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _sweep() -> None:
    """Folders that no process holds the lock of are removed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            with (folder / "lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
