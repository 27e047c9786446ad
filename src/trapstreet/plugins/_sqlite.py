"""Opening SQLite files of others to read them, so that nothing is left beside them."""

import os
from contextlib import suppress
from pathlib import Path

_HEAD, _READ_VERSION, _WITH_LOG = 20, 19, 2
"""Of the file's header (SQLite's file format, 1.3): how to read it; 2 is with a write-ahead log."""

UNTOUCHED = "mode=ro&immutable=1"
"""Nothing is made beside the file, and nothing is locked: where somebody writes, what is read may be of two
states."""
_IN_ONE_STATE = "mode=ro"
_AND_TIDIED = "mode=rw"


def unlogged(path: Path) -> bool:
    """Whether a file has its changes in a write-ahead log, and nobody has it open now: whoever opens it then
    only to read leaves an empty log and its index there."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(_HEAD)[_READ_VERSION:] == bytes([_WITH_LOG]) and not _size(log_of(path))
    return False


def log_of(path: Path) -> Path:
    """Where the write-ahead log of a file is or would be: beside the file itself, not a link to it."""
    return Path(f"{os.path.realpath(path)}-wal")


def abandoned_log(path: Path) -> Path | None:
    """The write-ahead log of a file, where it is not empty and nobody has it open: it has no index then, and
    whoever lets SQLite read it leaves one. None where it is not so."""
    log = log_of(path)
    return log if _size(log) and not os.path.lexists(f"{os.path.realpath(path)}-shm") else None


def in_one_state(path: Path) -> str:
    """How to open a file, as options of its URI, to read one state of it however long that takes.

    A file that nobody has open is opened by who may write to it as one who could, as only they take log and
    index away when they close it. `PRAGMA query_only` keeps from changes.
    """
    if not unlogged(path):
        return _IN_ONE_STATE
    folder = os.path.dirname(os.path.realpath(path))  # noqa: PTH120 - of text
    return _AND_TIDIED if os.access(path, os.W_OK) and os.access(folder, os.W_OK) else UNTOUCHED


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
