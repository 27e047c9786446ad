"""`trapstreet serve`."""

from pathlib import Path

import click

from trapstreet.cli.options import FOLDER, example, workspace_option


@click.command(
    epilog=example(
        "trapstreet serve --only trap --folder trap --set-up",
        "trapstreet serve --only trap --folder /var/lib/trapstreet-trap",
    )
)
@click.option("--only", type=click.Choice(["trap"]), required=True, help="What to run: the trap by itself.")
@click.option(
    "--folder",
    type=FOLDER,
    required=True,
    metavar="DIR",
    help="The trap's own folder: trap.toml lies there, and what is heard until it is fetched.",
)
@click.option(
    "--set-up", is_flag=True, help="Write trap.toml for the workspace instead, and say what is next."
)
@workspace_option
def command(only: str, folder: Path, set_up: bool, workspace: Path | None) -> None:
    """Hear breadcrumbs being used: a web server, a mail server, a name server for names of yours.

    The trap needs no workspace and no key: it keeps what it hears sealed for your workspace. It runs until it
    is told to stop (SIGTERM or Ctrl-C). docs/trap.md says how to set it up, in a DMZ too. Only --set-up is
    done in the workspace, once.
    """
    if set_up:
        _set_up(folder, workspace)
        return
    import logging

    from trapstreet.trap.process import run
    from trapstreet.trap.settings import read_settings

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    run(read_settings(folder))


def _set_up(folder: Path, workspace: Path | None) -> None:
    from trapstreet.app.trapping import set_up
    from trapstreet.app.workspace import Workspace
    from trapstreet.render.sightings import set_up_lines

    path = set_up(Workspace.open(workspace), folder)
    click.echo("\n".join(set_up_lines(path)))
