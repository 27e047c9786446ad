"""`trapstreet serve`."""

from pathlib import Path

import click

from trapstreet.cli.options import FOLDER, example, workspace_option
from trapstreet.cli.output import note
from trapstreet.core.model.errors import UnusableInput


@click.command(
    epilog=example(
        "trapstreet serve --only trap --folder trap --set-up",
        "trapstreet serve --folder trap",
        "trapstreet serve --only trap --folder /var/lib/trapstreet-trap",
    )
)
@click.option("--only", type=click.Choice(["trap", "suppression"]), help="Run one part by itself.")
@click.option(
    "--folder",
    type=FOLDER,
    metavar="DIR",
    help="The trap's own folder: trap.toml lies there, and what is heard until it is fetched; else that of "
    "[serve] in trapstreet.toml.",
)
@click.option(
    "--set-up", is_flag=True, help="Write trap.toml for the workspace instead, and say what is next."
)
@workspace_option
def command(only: str | None, folder: Path | None, set_up: bool, workspace: Path | None) -> int:
    """Hear breadcrumbs being used, and tell people: the trap and the worker, until told to stop (SIGTERM or
    Ctrl-C); with [suppression] in trapstreet.toml also suppression over HTTP.

    A part that dies is started again. The trap by itself (--only trap) needs no workspace and no key: it
    keeps what it hears sealed for your workspace. docs/trap.md says how to set it up, in a DMZ too;
    docs/work.md how to keep everything running. Only --set-up is done in the workspace, once.
    """
    if set_up:
        _set_up(_required(folder), workspace)
        return 0
    if only == "trap":
        _run_trap(_required(folder))
        return 0
    if only == "suppression":
        _run_suppression(workspace)
        return 0
    from trapstreet.app.serving import serve

    return serve(workspace, folder, say=lambda line: note(f"trapstreet: {line}"))


def _required(folder: Path | None) -> Path:
    if folder is None:
        raise UnusableInput("which trap?", hint="pass --folder DIR, the trap's own folder")
    return folder


def _run_trap(folder: Path) -> None:
    import logging

    from trapstreet.trap.process import run
    from trapstreet.trap.settings import read_settings

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    run(read_settings(folder))


def _run_suppression(start: Path | None) -> None:
    from trapstreet.app.settings import FILE_NAME, SuppressionSection, read_settings
    from trapstreet.app.workspace import Workspace, find
    from trapstreet.console.server import run
    from trapstreet.store import disconnect
    from trapstreet.trap.readiness import tell_while_answering

    Workspace.open(start)  # what is wrong with it is said here, and once
    disconnect()
    root = find(start)
    section = read_settings(root / FILE_NAME).suppression or SuppressionSection()
    tell_while_answering("127.0.0.1" if section.address == "0.0.0.0" else section.address, section.port)  # noqa: S104
    run(
        root,
        address=section.address,
        port=section.port,
        certificate=root / section.certificate if section.certificate else None,
        key=root / section.key if section.key else None,
    )


def _set_up(folder: Path, workspace: Path | None) -> None:
    from trapstreet.app.trapping import set_up
    from trapstreet.app.workspace import Workspace
    from trapstreet.render.sightings import set_up_lines

    path = set_up(Workspace.open(workspace), folder)
    click.echo("\n".join(set_up_lines(path)))
