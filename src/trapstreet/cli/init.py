"""trapstreet init"""

from pathlib import Path

import click

from trapstreet.cli.options import FILE, FOLDER, example, json_option
from trapstreet.cli.output import emit
from trapstreet.cli.passphrase import confirm, kit_line, new_passphrase


@click.command(
    epilog=example(
        "trapstreet init --kit ~/kit.txt",
        "trapstreet init /srv/ts --keys ~/keys --database postgresql://ts@db.example.com/ts",
    )
)
@click.argument("folder", metavar="[DIR]", type=FOLDER, default=Path())
@click.option("--keys", type=FOLDER, metavar="DIR", help="Folder for the master key, outside the workspace.")
@click.option("--kit", type=FILE, metavar="FILE", help="Write the recovery kit to this file.")
@click.option(
    "--kit-confirmed", is_flag=True, help="For scripts: kit and passphrase are kept; test them now."
)
@click.option(
    "--database", metavar="URL", help="postgresql://USER@HOST/DATABASE instead of SQLite in the folder."
)
@json_option
def command(
    *,
    folder: Path,
    keys: Path | None,
    kit: Path | None,
    kit_confirmed: bool,
    database: str | None,
    as_json: bool,
) -> None:
    """Begin a workspace: settings, registry, keys, recovery kit.

    DIR is the current folder where it is left out. The master key goes to --keys, TRAPSTREET_KEYS or
    ~/.config/trapstreet/keys; with TRAPSTREET_MASTER_KEY set, that key is used and none is written. The kit's
    passphrase is asked for, or taken from TRAPSTREET_KIT_PASSPHRASE.
    """
    from trapstreet.app.birth import create
    from trapstreet.app.clock import now
    from trapstreet.keys.folder import KeyFolder

    if kit_confirmed and kit is None:
        raise click.UsageError("--kit-confirmed goes with --kit")
    workspace = create(
        folder.absolute(),
        keys=KeyFolder.for_new(keys),
        url=database,
        kit=(kit, new_passphrase()) if kit else None,
        now=now(),
    )
    confirmed = kit is not None and confirm(workspace, kit, from_environment=kit_confirmed)
    report = {
        "workspace": workspace.ring.workspace_id,
        "folder": str(workspace.root),
        "keys": str(workspace.keys.path),
        "database": workspace.settings.database.url,
        "kit": str(kit) if kit else None,
        "kit_confirmed": confirmed,
    }
    text = f"""\
Workspace {report["workspace"]} begins in {report["folder"]}
  keys      {report["keys"]} (keep them apart from the workspace and its backups)
  registry  {report["database"]}
  kit       {kit_line(kit, confirmed=confirmed)}
Next: trapstreet register TABLE --name NAME"""
    emit(as_json, report, text)
