"""`trapstreet access log`."""

from collections.abc import Sequence
from pathlib import Path

import click

from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit


@click.group("log", epilog=example("trapstreet access log list", "trapstreet access log remove l3"))
def log() -> None:
    """The logs that were imported: list them, take one away."""


@log.command(
    "list",
    epilog=example(
        "trapstreet access log list", "trapstreet access log list --place postgresql://db.internal/"
    ),
)
@click.option("--place", metavar="URL", help="Those of this server or folder.")
@workspace_option
@json_option
def list_logs(*, place: str | None, workspace: Path | None, as_json: bool) -> None:
    """List the logs that were imported: of which place, how many uses, from when to when."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.app.discovered import place_of
    from trapstreet.app.kept_names import names_of
    from trapstreet.cli.tables import table
    from trapstreet.render import logs as render
    from trapstreet.store import imports

    found = imports.logs(None if place is None else names_of(place_of(place), imports.places()))
    none = "No logs were imported." if place is None else "No logs of this place were imported."
    text = table(render.COLUMNS, render.log_rows(found)) if found else none
    emit(as_json, {"logs": [*map(render.log_object, found)]}, text)


@log.command("remove", epilog=example("trapstreet access log remove l3 l4"))
@click.argument("name", nargs=-1, required=True, metavar="LOG...")
@workspace_option
@json_option
def remove_logs(name: Sequence[str], *, workspace: Path | None, as_json: bool) -> None:
    """Take each LOG away, like l3: every use that it told of, all of them or none.

    It can be imported again. That it was taken away stays in the append-only log.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.imported_logs import numbers_of, remove
    from trapstreet.render import logs as render

    removed = remove(opened, numbers_of(name))
    lines = [render.removed_line(each) for each in removed]
    emit(as_json, {"removed": [*map(render.log_object, removed)]}, "\n".join(lines))
