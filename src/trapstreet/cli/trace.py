"""`trapstreet trace`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import FILE, example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit, note, progress
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.tracing import Traced

FOUND = 1
SOMETHING_UNREAD = 6


@click.command(
    epilog=example(
        "trapstreet trace paste.txt --html dossier.html --proof proof.json",
        'trapstreet trace paste.txt --unmask --reason "case 17, approved by the works council"',
    )
)
@click.argument("leak", nargs=-1, required=True)
@click.option("--html", type=FILE, help="Write the dossier to this file; it must not exist yet.")
@click.option(
    "--proof", type=FILE, help="Write a proof that trapstreet verify checks; it must not exist yet."
)
@click.option(
    "--customers",
    type=FILE,
    help="Write the rows of the source that leaked to this file, for those who have to tell the customers; "
    "it is logged, and must not exist yet.",
)
@click.option(
    "--case",
    help="Count this look under the case of this name: its looks together, at more and more leaks, keep the "
    "bound.",
)
@click.option("--unmask", is_flag=True, help="Show who got the copies that took part; it is logged.")
@click.option("--reason", help="Why --unmask or --customers; it is kept, sealed, in the log.")
@workspace_option
@json_option
def command(
    *,
    leak: Sequence[str],
    html: Path | None,
    proof: Path | None,
    customers: Path | None,
    case: str | None,
    unmask: bool,
    reason: str | None,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Say which data set the LEAK files are from, when it was taken, and which copy took part, or that
    nobody can say.

    A copy is named only if the chance that any innocent copy would be named like this, over all copies
    together, is at most the bound (one in a million). Exit status 1 if a data set was recognised.

    A proof opens all decoys of the accused copies to whoever reads it. Without an accusation there is none.
    """
    asked = "--unmask" if unmask else "--customers"
    why_asked = reason.strip() if reason else ""
    if (unmask or customers) and not why_asked:
        raise UnusableInput(f"{asked} needs --reason", hint="say why; it is kept in the log")
    if why_asked and not (unmask or customers):
        raise UnusableInput("--reason is for --unmask and --customers", hint="pass one of them, or no reason")
    if case is not None:
        refuse_unprintable("--case", case)
    for file in (html, proof, customers):
        if file is not None and file.exists():
            raise UnusableInput(f"{file} exists", hint="give another name; nothing is overwritten")
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.search import matcher_remark
    from trapstreet.app.tracing import trace_leak, unmasked, write_customers, write_dossier

    note(matcher_remark())
    with progress("tracing", in_bytes=True) as told:
        traced = trace_leak(opened, leak, case=case, progress=told)
    names = unmasked(opened, traced, why_asked) if unmask else {}
    if html is not None:
        write_dossier(html, traced, names)
    document, lines = traced.document(names), list(_lines(traced, names, html))
    if customers is not None:
        affected = write_customers(opened, traced, customers, why_asked)
        document["customers"] = [
            {"data_set": each.data_set, "file": str(each.path), "held": each.held, "gone": each.gone}
            for each in affected
        ]
        lines += [
            f"{each.held:,} affected customers of {each.data_set!r} are in {each.path}; the source holds "
            f"{each.gone:,} of them no longer."
            for each in affected
        ]
    if proof is not None:
        from trapstreet.app.proving import write_proof

        why = write_proof(proof, opened, traced)
        document["proof"] = {"file": None if why else str(proof), "why": why or None}
        lines.append(f"NO PROOF  {why}" if why else f"Proof: {proof}")
    emit(as_json, document, "\n".join(lines))
    if traced.trace.data_sets:
        return FOUND
    return SOMETHING_UNREAD if traced.unread else 0


def _lines(traced: "Traced", names: dict[str, str], html: Path | None) -> Iterator[str]:
    from trapstreet.render.words import verdict_lines

    if traced.look:
        yield f"This is look {traced.look} at the case."
    for result in traced.trace.data_sets:
        yield from verdict_lines(result, rows=traced.rows[result.data_set])
        for each in result.accused:
            if each.copy in names:
                yield f"Copy {each.copy} was handed to: {names[each.copy]}."
    if not traced.trace.data_sets:
        yield "This leak shows none of the registered data."
    for unread in traced.unread:
        yield f"NOT READ  {unread.path}: {unread.why}"
    if html is not None:
        yield f"Dossier: {html}"
