"""Backups: a workspace without its keys, in one signed file."""

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from trapstreet import __version__
from trapstreet.app.settings import FILE_NAME, with_value
from trapstreet.app.workspace import POLICY, Workspace
from trapstreet.core.model.urls import without_password
from trapstreet.keys.files import publish, refuse_taken, unfinished
from trapstreet.store.database import newest_schema

FORMAT = 1
MANIFEST = "manifest"
TABLES = "tables"
COPIED = ("index", "sealed", "evidence", "remembered", "events")


class Member(msgspec.Struct, frozen=True):
    """One file of a backup."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds; the last member of the file, as a note signed with the workspace's log key.

    tables  columns of each table, in the order of the values of a row
    """

    format: int
    workspace: str
    written_by: str
    schema: str
    time: int
    tables: dict[str, list[str]]
    members: dict[str, Member]


@dataclass(frozen=True, slots=True)
class Written:
    """A finished backup."""

    path: Path
    members: int
    size: int


def write_backup(workspace: Workspace, path: Path, *, now: int) -> Written:
    """Registry, index, sealed inventories and settings are in the file; it holds no key and no password.

    Nobody writes to the workspace meanwhile. Raises UnusableInput if the file exists; it appears when it is
    complete.
    """
    from trapstreet.store.dump import write_tables

    refuse_taken(path)
    with workspace.writing(), tempfile.TemporaryDirectory(dir=workspace.tmp) as scratch:
        folder = Path(scratch)
        tables = write_tables(folder)
        settings = (workspace.root / FILE_NAME).read_text()
        url = without_password(workspace.settings.database.url)
        (folder / FILE_NAME).write_text(with_value(settings, section="database", name="url", value=url))
        with unfinished(path) as temporary:
            with tarfile.open(temporary, "w") as archive:
                members = {
                    name: _add(archive, name, file) for name, file in _files(workspace, folder, tables)
                }
                manifest = Manifest(
                    format=FORMAT,
                    workspace=workspace.ring.workspace_id,
                    written_by=__version__,
                    schema=newest_schema(),
                    time=now,
                    tables=tables,
                    members=members,
                )
                text = msgspec.json.encode(manifest).decode() + "\n"
                (folder / MANIFEST).write_text(workspace.ring.log_signer().sign(text))
                _add(archive, MANIFEST, folder / MANIFEST)
            size = temporary.stat().st_size
            publish(temporary, path)
    return Written(path, len(members), size)


def _files(workspace: Workspace, folder: Path, tables: dict[str, list[str]]) -> Iterator[tuple[str, Path]]:
    yield FILE_NAME, folder / FILE_NAME
    if (workspace.root / POLICY).is_file():
        yield POLICY, workspace.root / POLICY
    for table in tables:
        yield f"{TABLES}/{table}", folder / table
    for part in COPIED:
        for file in sorted((workspace.root / part).rglob("*")):
            if file.is_file():
                yield file.relative_to(workspace.root).as_posix(), file


def _add(archive: tarfile.TarFile, name: str, file: Path) -> Member:
    entry = tarfile.TarInfo(name)
    entry.size = file.stat().st_size
    entry.mode = 0o600
    with file.open("rb") as content:
        hashed = Hashed(content)
        archive.addfile(entry, hashed)
    return Member(entry.size, hashed.digest.hexdigest())


class Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(size)
        self.digest.update(data)
        return data
