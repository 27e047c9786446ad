"""`trapstreet sighting`."""

from pathlib import Path

import click

from trapstreet.cli.options import day_begins, example, json_option, workspace_option
from trapstreet.cli.output import emit


@click.group(
    epilog=example("trapstreet sighting list --since 2026-11-01", "trapstreet sighting list --decoy p3/17")
)
def command() -> None:
    """Uses of decoys and breadcrumbs that the trap heard."""


@command.command("list", epilog=example("trapstreet sighting list", "trapstreet sighting list --decoy p3"))
@click.option("--decoy", metavar="PLANTING[/N]", help="Only these decoys: p3, p3/17 or p3/5-9.")
@click.option("--since", metavar="DATE", help="Only what went on that day (UTC) or later.")
@workspace_option
@json_option
def list_sightings(*, decoy: str | None, since: str | None, workspace: Path | None, as_json: bool) -> None:
    """List who used which decoy, newest first: where it lay, by which channel, from where, and what whoever
    did it looks like.

    Uses by one party without a long pause are one incident. Opinions come with their reasons
    (docs/sightings.md). Who got a copy is not shown.
    """
    begin = day_begins(since) if since else 0
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.sighted import listed
    from trapstreet.render.sightings import listed_lines

    found = listed(opened, decoy=decoy, since=begin)
    emit(as_json, found, "\n".join(listed_lines(found)))
