"""`trapstreet copy`."""

from pathlib import Path

import click

from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit


@click.group(epilog=example("trapstreet copy list"))
def command() -> None:
    """The copies that were handed out."""


@command.command("list", epilog=example("trapstreet copy list", "trapstreet copy list --json"))
@workspace_option
@json_option
def list_copies(workspace: Path | None, as_json: bool) -> None:
    """List every copy: data set, version, when, how many rows and decoys. Recipients show as pseudonyms."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.render.words import day
    from trapstreet.store import catalogue

    rows = [
        {
            "copy": each.id,
            "data_set": each.data_set.name,
            "version": each.version.number,
            "recipient": each.recipient_id,
            "issued": day(each.created_at),
            "rows": each.rows,
            "decoys": each.decoys,
            "strippable": each.strippable,
            "commitment": each.commitment,
        }
        for each in catalogue.all_copies()
    ]
    emit(as_json, {"copies": rows}, _table(rows))


def _table(rows: list[dict[str, object]]) -> str:
    if not rows:
        return "No copies yet. Hand one out with: trapstreet share NAME --to RECIPIENT --out FILE"
    shown = ["copy", "data_set", "version", "recipient", "issued", "rows", "decoys"]
    cells = [
        shown,
        *(
            [f"{row[name]:,}" if name in ("rows", "decoys") else str(row[name]) for name in shown]
            for row in rows
        ),
    ]
    widths = [max(len(line[at]) for line in cells) for at in range(len(shown))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )
