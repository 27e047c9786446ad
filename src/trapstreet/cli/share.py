"""`trapstreet share`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import FILE, example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace
    from trapstreet.share import Copied
    from trapstreet.store.copies import NewRecipient


@click.command(
    epilog=example(
        'trapstreet share customers --to "Call centre Cork" --out cork.csv',
        'trapstreet share customers --to "Mailing house" --out mail.xlsx --decoys 50',
    )
)
@click.argument("name")
@click.option("--to", "recipient", required=True, metavar="RECIPIENT", help="Who gets the copy.")
@click.option("--out", required=True, type=FILE, help="The file to write; it must not exist yet.")
@click.option(
    "--decoys", type=click.IntRange(min=1), help="How many decoys (1 % of the rows, between 3 and 300)."
)
@click.option("--new-version", is_flag=True, help="Register the source as it is now, and share that.")
@click.option(
    "--recipient-is-new", is_flag=True, help="Do not ask: RECIPIENT is none of those that are known."
)
@workspace_option
@json_option
def command(
    *,
    name: str,
    recipient: str,
    out: Path,
    decoys: int | None,
    new_version: bool,
    recipient_is_new: bool,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Write a copy of the data set NAME for one recipient, with decoys that no other copy has.

    The source is read again; columns, order and formatting stay as they are. The format is that of the file's
    name: .csv, .tsv, .jsonl, .parquet, .xlsx.
    """
    from trapstreet.app.workspace import Workspace

    refuse_unprintable("--to", recipient)
    opened = Workspace.open(workspace)
    opened.require_confirmed_kit()
    from trapstreet.app.sharing import share_copy
    from trapstreet.store import catalogue

    catalogue.data_set_named(name)  # asked first, so that nobody is asked about recipients in vain
    meant = _recipient(opened, recipient, is_new=recipient_is_new)
    with opened.writing(), progress("sharing") as told:
        result = share_copy(
            opened,
            catalogue.data_set_named(name),
            recipient=meant,
            out=out,
            decoys=decoys,
            new_version=new_version,
            progress=told,
        )
    emit(as_json, _document(result, name, out), "\n".join(_lines(result, name, out)))


def _recipient(opened: "Workspace", name: str, *, is_new: bool) -> "str | NewRecipient":
    """The pseudonym of a known recipient, or a new one. A name that is almost known is asked about."""
    from trapstreet.core.model.protected import Protected
    from trapstreet.share import Recipients
    from trapstreet.share.domain.recipients import masked
    from trapstreet.store import recipients
    from trapstreet.store.copies import NewRecipient

    new = NewRecipient(Protected(name))
    names = recipients.names(opened.ring)
    known = Recipients(names)
    same = known.same(name)
    almost = None if is_new else known.almost(name)
    if same is not None or almost is None:
        return same or new
    question = f"{almost} ({masked(names[almost])}) has almost this name"
    if not sys.stdin.isatty():
        raise UnusableInput(question, hint="spell it as before, or pass --recipient-is-new")
    return almost if click.confirm(f"{question}. Is it the same recipient?", err=True) else new


def _document(result: "Copied", name: str, out: Path) -> dict[str, object]:
    return {
        "copy": result.copy,
        "data_set": name,
        "version": result.version,
        "recipient": result.recipient,
        "out": str(out),
        "rows": result.rows,
        "decoys": result.decoys,
        "withheld": 0,
        "marked": 0,
        "strippable": bool(result.strippable),
        "notes": [*result.strippable, *result.notes],
        "proves": result.proves,
        "commitment": result.commitment,
    }


def _lines(result: "Copied", name: str, out: Path) -> list[str]:
    from trapstreet.render.words import percent
    from trapstreet.share.domain.power import proven_at

    size = f"{result.rows:,} rows and {result.decoys:,} decoys"
    lines = [
        f"Copy {result.copy} of {name!r} (version {result.version}) is in {out}: {size}.",
        f"Recipient: {result.recipient}.",
    ]
    smallest = proven_at(result.proves)
    if smallest is None:
        lines.append(
            "These decoys are too few, or too easy to hit by chance, to prove where a leak came from."
        )
    else:
        rows = f"{smallest:,} or more of its rows ({percent(smallest, result.rows + result.decoys)})"
        lines.append(f"A leak of {rows}, taken at random with all columns, names it with 95 % probability.")
    if result.strippable:
        lines.append("STRIPPABLE: somebody who looks for them can pick the decoys out:")
        lines += [f"  {why}" for why in result.strippable]
    lines += list(result.notes)
    return lines
