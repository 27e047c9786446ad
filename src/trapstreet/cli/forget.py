"""`trapstreet forget`."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trapstreet.forget import Erasure, Identity, Remain


@click.command(
    epilog=example(
        "trapstreet forget --dry-run",
        "trapstreet forget --from person.txt",
        "crm-export-erasures | trapstreet forget --from - --data-set customers --json",
    )
)
@click.option(
    "--from",
    "source",
    metavar="FILE|-",
    help="A file, or standard input, that names the person; else a terminal is asked.",
)
@click.option("--data-set", metavar="NAME", help="Only this data set; else all are searched.")
@click.option("--all", "several", is_flag=True, help="Forget every record that a line names, if several.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be erased and what remains.")
@workspace_option
@json_option
def command(
    *,
    source: str | None,
    data_set: str | None,
    several: bool,
    dry_run: bool,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Erase a person from what trapstreet keeps: fingerprints, RecordIds and digests in every version.

    Lines name the person: `email: …`, `phone: …`, `key: …` (the key cells of a record; several divided by
    commas). Give all that you know: each finds the records that have it. Decoys, copies, verdicts and
    everybody else stay as they are. What remains, and why, is said.
    """
    from trapstreet.app.forgetting import forget_persons, identities_from, what_remains
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    identities = _asked() if source is None else identities_from(source)
    with nullcontext() if dry_run else opened.writing(), progress("forgetting") as told:
        erasure = forget_persons(
            opened, identities, data_set=data_set, several=several, dry_run=dry_run, progress=told
        )
    given = source if source and source != "-" else ""
    left = what_remains(opened, erasure, given=given) if erasure.data_sets else []
    emit(as_json, _document(erasure, left), "\n".join(_lines(erasure, left)))


def _asked() -> "list[Identity]":
    from trapstreet.forget import read_identities

    if not sys.stdin.isatty():
        raise UnusableInput("nobody is named", hint="pass --from FILE, or --from - for standard input")
    lines: list[str] = []
    while line := _prompt():
        lines.append(line)
    return read_identities("\n".join(lines), where="what was typed")


def _prompt() -> str:
    text: str = click.prompt(
        "email: …, phone: … or key: … (not shown; Enter ends)",
        default="",
        show_default=False,
        hide_input=True,
        err=True,
    )
    return text.strip()


def _document(erasure: "Erasure", left: "Sequence[Remain]") -> dict[str, object]:
    return {
        "dry_run": erasure.dry_run,
        "records": erasure.records,
        "versions": erasure.versions,
        "data_sets": erasure.data_sets,
        "not_found": erasure.not_found,
        "set_aside": erasure.set_aside,
        "older": erasure.older,
        "remains": left,
    }


def _lines(erasure: "Erasure", left: "Sequence[Remain]") -> "Iterator[str]":
    from trapstreet.core.model.words import counted

    for each in erasure.data_sets:
        done = "would be erased" if erasure.dry_run else "erased"
        versions = counted(each.versions, "version")
        yield f"{each.data_set}: {counted(each.records, 'record')} {done}, in {versions}."
    if not erasure.data_sets:
        yield "Nobody was found by what the lines say; nothing was changed."
    if erasure.not_found and erasure.data_sets:
        yield f"Nobody was found by line {_numbers(erasure.not_found)}."
    if erasure.set_aside:
        yield (
            f"Line {_numbers(erasure.set_aside)}: too many records share the value, so that it finds nobody: "
            "name the person by key."
        )
    if erasure.older:
        yield (
            f"{', '.join(erasure.older)}: has versions of an older trapstreet, in which only a key finds "
            "somebody who is not in the later ones."
        )
    if left:
        yield "What remains, and why:"
    for remain in left:
        yield f"  {remain.what}"
        yield f"    {remain.why}"


def _numbers(lines: "Sequence[int]") -> str:
    return ", ".join(map(str, lines))
