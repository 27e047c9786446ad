"""`trapstreet demo`."""

import tempfile
import time
from pathlib import Path

import click

from trapstreet.cli.options import FOLDER, example, json_option
from trapstreet.cli.output import emit, progress


@click.command(epilog=example("trapstreet demo", "trapstreet demo --keep ./demo"))
@click.option(
    "--keep", type=FOLDER, metavar="DIR", help="Play it in this new folder instead of a temporary one."
)
@json_option
def command(keep: Path | None, as_json: bool) -> None:
    """Play the story of 2019 on 68,000 made-up customers: copies, a leak, the finding, the verdict.

    It happens in a folder of its own, with a workspace of its own; nothing of yours is touched.
    """
    from trapstreet.app.demo.narrator import play
    from trapstreet.app.demo.story import Story

    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="trapstreet-demo-"))
    else:
        folder = keep.absolute()
        folder.mkdir(parents=True)
    began = time.monotonic()
    say = (lambda line: None) if as_json else click.echo
    with progress("playing") as told:
        traced = play(Story(folder), say=say, progress=told)
    seconds = round(time.monotonic() - began, 1)
    emit(
        as_json,
        {"folder": str(folder), "seconds": seconds, **traced.document({})},
        f"\nThat took {seconds} s. Open the dossier: {folder / 'dossier.html'}\n"
        f"The workspace is in {folder / 'workspace'}; remove {folder} when you have seen enough.",
    )
