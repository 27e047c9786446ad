"""trapstreet backup"""

from pathlib import Path

import click

from trapstreet.cli.options import FILE, example, json_option, workspace_option
from trapstreet.cli.output import emit


@click.command(epilog=example("trapstreet backup /mnt/backups/trapstreet-2026-11-21.tar"))
@click.argument("file", type=FILE)
@json_option
@workspace_option
def command(file: Path, as_json: bool, workspace: Path | None) -> None:
    """Write the workspace, without its keys, to one file.

    The file is signed by the workspace and checked byte for byte when it is restored. It is worth nothing
    without the keys: keep the key folder or the recovery kit elsewhere.
    """
    from trapstreet.app.backup import write_backup
    from trapstreet.app.clock import now
    from trapstreet.app.workspace import Workspace

    written = write_backup(Workspace.open(workspace), file, now=now())
    emit(
        as_json,
        {"file": str(file), "members": written.members, "bytes": written.size},
        f"Backup in {file}: {written.members} members, {written.size:,} bytes, no keys",
    )
