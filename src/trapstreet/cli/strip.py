"""`trapstreet strip`."""

from pathlib import Path

import click

from trapstreet.cli.options import FILE, example, json_option, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.words import counted


@click.command(epilog=example("trapstreet strip cork-returned.csv --out cork-clean.csv"))
@click.argument("file")
@click.option("--out", required=True, type=FILE, help="The file to write; it must not exist yet.")
@workspace_option
@json_option
def command(file: str, out: Path, workspace: Path | None, as_json: bool) -> None:
    """Write FILE, a copy that came back, again without its decoys and with the source's spelling.

    Rows that were withheld from it are not put back.
    """
    from trapstreet.app.packed import open_table
    from trapstreet.app.search import shelf_of
    from trapstreet.app.workspace import Workspace
    from trapstreet.plugins.tables import create_table

    opened = Workspace.open(workspace)
    from trapstreet.render.words import owner_words
    from trapstreet.share import strip

    table = open_table(file)
    with progress("stripping") as told:
        result = strip(
            table,
            ring=opened.ring,
            shelf=shelf_of(opened),
            source=lambda data_set: open_table(data_set.source),
            create=lambda: create_table(out, like=table),
            progress=told,
        )
    lines = [
        f"{counted(count, 'decoy')} of {owner_words(owner)} taken out."
        for owner, count in result.decoys.items()
    ]
    lines = lines or ["No decoys in it: this is not a copy, or its decoys are gone already."]
    if result.restored:
        restored = counted(result.restored, "row is", "rows are")
        lines.append(f"{restored} spelled as in the source again.")
    if result.withheld:
        lines.append(
            "Rows were withheld from this copy and are not in it: do not register it as the data set."
        )
    if result.unmended:
        lines.append(f"NOT RESTORED  {result.unmended}")
    if result.rejected:
        lines.append(f"{counted(result.rejected, 'row')} could not be read, and not be written to {out}.")
    lines.append(f"{counted(result.rows, 'row is', 'rows are')} in {out}.")
    emit(
        as_json,
        {
            "data_set": result.data_set,
            "out": str(out),
            "rows": result.rows,
            "rejected": result.rejected,
            "decoys": result.decoys,
            "restored": result.restored,
            "withheld": result.withheld,
            "unmended": result.unmended or None,
        },
        "\n".join(lines),
    )
