"""A workspace's folder comes into being all at once: built aside, then moved in, the settings last."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trapstreet.app.settings import FILE_NAME
from trapstreet.app.workspace import FOLDERS, LOCK_NAME, SQLITE_NAME, WHEN_NEEDED, locked
from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.files import sync_folder
from trapstreet.store.database import (
    SQLITE_PREFIX,
    connect,
    disconnect,
    refuse_used_database,
    require_postgresql,
)

_STAGING = ".trapstreet-new"
_PARTS = (*FOLDERS, *WHEN_NEEDED, SQLITE_NAME, FILE_NAME)


@contextmanager
def new_folder(root: Path) -> Iterator[Path]:
    """An empty folder to build a workspace in, which `new_database` completes. A failure leaves nothing.

    What a killed run left is cleared away by the next one: until trapstreet.toml is there, nothing is a
    workspace.
    Raises UnusableInput if the root is a workspace already or has a file where a part of one belongs.
    """
    refuse_used(root)
    made = _make(root)
    try:
        with locked(root / LOCK_NAME, wait=0):
            refuse_used(root)
            staging = root / _STAGING
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(mode=0o700)
            try:
                for name in FOLDERS:
                    (staging / name).mkdir(mode=0o700)
                yield staging
            except BaseException:
                _take_back(root)
                raise
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except BaseException:
        for folder in made:
            with suppress(OSError):  # somebody else put something into it meanwhile
                folder.rmdir()
        raise


@contextmanager
def new_database(staging: Path, url: str | None) -> Iterator[None]:
    """An empty, connected database to fill; then the folder built in `staging` is in place.

    url  PostgreSQL, which keeps all that was done within or nothing; None for a SQLite file in the folder
    Raises UnusableInput if the database holds a workspace.
    """
    from django.db import transaction

    if url is None:
        (staging / SQLITE_NAME).touch(mode=0o600)
        connect(SQLITE_PREFIX + SQLITE_NAME, folder=staging)
        yield
        disconnect()  # the file moves with the folder, whole
        move_in(staging)
        return
    connect(require_postgresql(url))
    refuse_used_database(url)
    with transaction.atomic():
        yield
        move_in(staging)
    disconnect()


def move_in(staging: Path) -> None:
    """The workspace built in the staging folder is in place; its settings come last."""
    root = staging.parent
    for name in _PARTS:
        if (staging / name).exists():
            (staging / name).rename(root / name)
    sync_folder(root)


def refuse_used(root: Path) -> None:
    """Raises UnusableInput if the folder is a workspace, no folder, or holds what a workspace would bring."""
    if (root / FILE_NAME).exists():
        raise UnusableInput(
            f"{root} is a workspace already", hint="choose another folder; nothing was changed"
        )
    if root.exists() and not root.is_dir():
        raise UnusableInput(f"{root} is no folder", hint="choose another name")
    there = [name for name in _PARTS if (root / name).exists()]
    if there:
        raise UnusableInput(
            f"{root} has {', '.join(there)} but no {FILE_NAME}",
            hint="choose an empty folder, or move them away",
        )


def _take_back(root: Path) -> None:
    """Remove what `move_in` moved, and the lock: none of it was there before."""
    for name in (*reversed(_PARTS), LOCK_NAME):
        part = root / name
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _make(root: Path) -> list[Path]:
    """Make the folder and those above it; the made ones, innermost first."""
    made = []
    for folder in (root, *root.parents):
        if folder.exists():
            break
        made.append(folder)
    for folder in reversed(made):
        folder.mkdir(mode=0o700)
    return made
