"""How a workspace begins: keys, database, log and folders, all or none of them."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from trapstreet import __version__
from trapstreet.app.folder import new_database, new_folder
from trapstreet.app.settings import FILE_NAME, new_settings_text
from trapstreet.app.workspace import SQLITE_NAME, Workspace
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.urls import password_of, without_password
from trapstreet.keys.files import write_private
from trapstreet.keys.folder import KeyFolder, master_from_environment
from trapstreet.keys.kit import RecoveryKit, write_kit
from trapstreet.keys.ring import KeyRing, new_workspace_id
from trapstreet.store.database import (
    SQLITE_PREFIX,
    disconnect,
    migrate,
    newest_schema,
)


def create(
    root: Path,
    *,
    keys: KeyFolder,
    now: int,
    url: str | None = None,
    kit: tuple[Path, Protected[str]] | None = None,
) -> Workspace:
    """A new workspace, open. Where it fails nothing is left: no folder, no key, no kit, no table.

    now  Unix time in microseconds, UTC
    url  a PostgreSQL database; None for SQLite in the folder
    kit  the file and passphrase of the recovery kit; None to write one later
    The master key is $TRAPSTREET_MASTER_KEY where that is set, else a new one in the key folder.
    Raises UnusableInput if the folder or the database is a workspace already, or the keys would lie inside
    it.
    """
    keys.refuse_inside(root)
    workspace_id = new_workspace_id()
    given = master_from_environment()
    ring = KeyRing(workspace_id, given) if given else KeyRing.generate(workspace_id)
    recovery = RecoveryKit.of(ring) if kit else None
    with new_folder(root) as staging, ExitStack() as undo:
        undo.callback(disconnect)
        if not given:
            undo.callback(keys.remove, workspace_id)
            keys.save(ring)
        page = write_kit(recovery, kit[1]) if kit and recovery else ""
        text = new_settings_text(
            workspace_id=workspace_id,
            created=datetime.fromtimestamp(now / 1_000_000, UTC).date().isoformat(),
            url=without_password(url) if url else SQLITE_PREFIX + SQLITE_NAME,
            folder=keys.settled,
            log=ring.log_signer().verifier_key,
            kit=recovery.public_key.hex() if recovery else "",
            check=ring.check(),
        )
        write_private(staging / FILE_NAME, text.encode())
        if url:
            keys.keep_password(workspace_id, password_of(url))
        with new_database(staging, url):
            migrate()
            _begin(ring, recovery, now)
            if kit:  # last of all: a run killed before leaves no kit in the way of the next
                write_private(kit[0], page.encode())
                undo.callback(kit[0].unlink)
        undo.pop_all()
    return Workspace.open(root)


def _begin(ring: KeyRing, kit: RecoveryKit | None, now: int) -> None:
    """The database belongs to the workspace, and its log has begun."""
    from trapstreet.store import log
    from trapstreet.store.models import Kit, Origin

    Origin.objects.create(workspace_id=ring.workspace_id, schema=newest_schema(), written_by=__version__)
    log.append({"event": "init", "workspace": ring.workspace_id, "time": now, "by": __version__})
    if kit:
        Kit.objects.create(public_key=kit.public_key.hex(), written_at=now)
        log.append({"event": "kit", "kit": kit.public_key, "time": now})
    log.checkpoint(ring.log_signer())
