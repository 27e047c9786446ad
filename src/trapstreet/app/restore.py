"""Restoring: a backup becomes a workspace again, wholly or not at all."""

import shutil
import tarfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from trapstreet.app.backup import COPIED, FORMAT, MANIFEST, TABLES, Hashed, Manifest
from trapstreet.app.folder import new_database, new_folder
from trapstreet.app.settings import FILE_NAME, Settings, read_settings, with_value
from trapstreet.app.workspace import POLICY, SQLITE_NAME, Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import password_of, without_password
from trapstreet.keys.files import write_private
from trapstreet.keys.folder import KeyFolder, master_from_environment
from trapstreet.keys.kit import RecoveryKit
from trapstreet.keys.notes import signed_text
from trapstreet.keys.ring import KeyRing
from trapstreet.store.database import (
    SQLITE_PREFIX,
    disconnect,
)

SQLITE = "sqlite"
"""In place of a database's URL: a file in the workspace's folder."""

_BROKEN = "take another backup; nothing was restored"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes.

    keys  the folder that has its keys, or gets them from the kit
    url   a PostgreSQL database, or SQLITE; None for the backup's own, or SQLite where it had that
    """

    root: Path
    keys: KeyFolder
    url: str | None = None


def restore(backup: Path, target: Target, *, kit: RecoveryKit | None = None) -> Workspace:
    """The workspace of a backup, open; every byte was checked, and its log verifies, before anything
    appeared.

    With a kit the key folder is made again where it is gone. A failure leaves nothing behind.
    Raises UnusableInput for a damaged, changed or foreign file, missing or wrong keys, or a used folder or
    database.
    """
    target.keys.refuse_inside(target.root)
    with new_folder(target.root) as staging, ExitStack() as undo:
        undo.callback(disconnect)
        found = _unpack(backup, staging)
        settings = read_settings(staging / FILE_NAME)
        ring, is_new = _keys(settings, target, kit)
        manifest = _checked(staging, found, ring, label=str(backup))
        if is_new:
            undo.callback(target.keys.remove, ring.workspace_id)
            target.keys.save(ring)
        url = _settle(staging, settings, target)
        with new_database(staging, url):
            _read(staging, manifest, settings)
            if url:
                target.keys.keep_password(ring.workspace_id, password_of(url))
        undo.pop_all()
    return Workspace.open(target.root)


def _unpack(backup: Path, staging: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of every member, each now a file in the staging folder."""
    found = {}
    try:
        with tarfile.open(backup, "r:") as archive:
            for entry in archive:
                path = staging / _safe_name(entry, label=str(backup))
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                content = archive.extractfile(entry)
                if content is None or entry.name in found:
                    raise tarfile.ReadError("a member of no content, or twice")
                hashed = Hashed(content)
                with path.open("xb") as file:
                    path.chmod(0o600)
                    shutil.copyfileobj(hashed, file, 1 << 20)
                found[entry.name] = (entry.size, hashed.digest.hexdigest())
    except tarfile.ReadError as error:
        raise UnusableInput(f"{backup} is no whole backup", hint=_BROKEN) from error
    if not {MANIFEST, FILE_NAME} <= found.keys():
        raise UnusableInput(f"{backup} is cut short or no backup", hint=_BROKEN)
    return found


def _safe_name(entry: tarfile.TarInfo, *, label: str) -> str:
    """A member's name, if it is a plain file where a backup has one: an archive may be anybody's."""
    parts = PurePosixPath(entry.name).parts
    known = entry.name in (MANIFEST, FILE_NAME, POLICY) or (len(parts) > 1 and parts[0] in (TABLES, *COPIED))
    if not entry.isreg() or not known or ".." in parts or entry.name != "/".join(parts):
        raise UnusableInput(f"{label} is no backup of trapstreet", hint=_BROKEN)
    return entry.name


def _keys(settings: Settings, target: Target, kit: RecoveryKit | None) -> tuple[KeyRing, bool]:
    """The right keys, and whether the key folder has yet to get them."""
    workspace_id = settings.workspace.id
    given = master_from_environment()
    has_file = target.keys.file_of(workspace_id).exists()
    if kit is not None:
        if kit.workspace_id != workspace_id:
            raise UnusableInput(
                "the kit is another workspace's", hint=f"the backup is of workspace {workspace_id}"
            )
        ring = kit.ring()
    elif given is not None:
        ring = KeyRing(workspace_id, given)
    else:
        ring = target.keys.load(workspace_id)
    if ring.check() != settings.keys.check:
        raise UnusableInput("the keys are not the ones of this backup", hint="name its key folder or its kit")
    if has_file and target.keys.load(workspace_id).master != ring.master:
        raise UnusableInput(
            f"{target.keys.path} has another key for this workspace", hint="name another folder"
        )
    return ring, kit is not None and given is None and not has_file


def _checked(staging: Path, found: dict[str, tuple[int, str]], ring: KeyRing, *, label: str) -> Manifest:
    """The manifest, signed by the workspace, of exactly the members that were found."""
    note = (staging / MANIFEST).read_text("utf-8", "replace")
    text = signed_text(note, ring.log_signer().verifier_key)
    if text is None:
        raise UnusableInput(f"{label} was changed: its manifest is not signed by its workspace", hint=_BROKEN)
    if msgspec.json.decode(text, type=dict).get("format") != FORMAT:
        raise UnusableInput(
            f"{label} has a format of another version", hint="restore it with the trapstreet that wrote it"
        )
    manifest = msgspec.json.decode(text, type=Manifest)
    listed = {name: (member.size, member.sha256) for name, member in manifest.members.items()}
    del found[MANIFEST]
    for name in sorted(listed.keys() | found.keys()):
        if listed.get(name) != found.get(name):
            raise UnusableInput(f"{label} was changed or is damaged at {name}", hint=_BROKEN)
    return manifest


def _settle(staging: Path, settings: Settings, target: Target) -> str | None:
    """The settings say where database and keys are now; the database's URL, None for SQLite."""
    kept = settings.database.url
    wanted = target.url or (SQLITE if kept.startswith(SQLITE_PREFIX) else kept)
    url = None if wanted == SQLITE else wanted
    named = without_password(url) if url else SQLITE_PREFIX + SQLITE_NAME
    file = staging / FILE_NAME
    text = with_value(file.read_text(), section="database", name="url", value=named)
    text = with_value(text, section="keys", name="folder", value=target.keys.settled)
    write_private(file, text.encode(), replace=True)
    return url


def _read(staging: Path, manifest: Manifest, settings: Settings) -> None:
    from trapstreet.store import log
    from trapstreet.store.dump import read_tables

    read_tables(staging / TABLES, manifest.tables, schema=manifest.schema)
    log.verify(settings.keys.log)
