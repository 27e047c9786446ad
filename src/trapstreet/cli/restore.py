"""trapstreet restore"""

from pathlib import Path

import click

from trapstreet.cli.options import FILE, FOLDER, example, json_option
from trapstreet.cli.output import emit
from trapstreet.cli.passphrase import passphrase


@click.command(
    epilog=example(
        "trapstreet restore /mnt/backups/trapstreet-2026-11-21.tar /srv/ts",
        "trapstreet restore backup.tar /srv/ts --kit kit.txt --keys ~/keys",
    )
)
@click.argument("file", type=FILE)
@click.argument("folder", metavar="[DIR]", type=FOLDER, default=Path())
@click.option(
    "--keys", type=FOLDER, metavar="DIR", help="The key folder; with --kit it is made where it is gone."
)
@click.option("--kit", type=FILE, metavar="FILE", help="The recovery kit, in place of the key folder.")
@click.option(
    "--database", metavar="URL", help="An empty PostgreSQL database to restore into, or sqlite for a file."
)
@json_option
def command(
    *, file: Path, folder: Path, keys: Path | None, kit: Path | None, database: str | None, as_json: bool
) -> None:
    """Bring a workspace back from a backup and its keys.

    Every byte is checked before anything appears. A backup of SQLite can be restored into PostgreSQL, and
    the other way round.
    """
    from trapstreet.app.kits import read_kit_file
    from trapstreet.app.restore import Target, restore
    from trapstreet.keys.folder import KeyFolder

    target = Target(folder.absolute(), KeyFolder.for_new(keys), database)
    workspace = restore(file, target, kit=read_kit_file(kit, passphrase()) if kit else None)
    report = {
        "workspace": workspace.ring.workspace_id,
        "folder": str(workspace.root),
        "keys": str(workspace.keys.path),
        "database": workspace.settings.database.url,
    }
    text = f"Workspace {report['workspace']} is back in {report['folder']}, its keys in {report['keys']}"
    emit(as_json, report, text)
