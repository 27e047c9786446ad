"""`trapstreet trace`."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from trapstreet.cli.boundary import as_trapstreet_error
from trapstreet.cli.options import (
    FILE,
    example,
    json_option,
    password_file_option,
    refuse_unprintable,
    workspace_option,
)
from trapstreet.cli.output import emit, note, progress
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import counted

if TYPE_CHECKING:
    from trapstreet.app.tracing import Affected, Traced
    from trapstreet.app.workspace import Workspace
    from trapstreet.render.dossier import Leak

T = TypeVar("T")

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
@password_file_option
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
    password_file: Path | None,
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
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.passwords import passwords_in
    from trapstreet.app.search import matcher_remark
    from trapstreet.app.tracing import refuse_outputs, trace_leak

    refuse_outputs(html, proof, customers=customers)
    passwords = passwords_in(password_file)
    note(matcher_remark())
    with progress("tracing", in_bytes=True) as told:
        traced = trace_leak(opened, leak, case=case, passwords=passwords, progress=told)
    note(_repeated(traced.leaks))
    answer = _Answer(opened, traced, why_asked)
    try:
        if unmask:
            answer.unmask()
        if html is not None:
            answer.write_html(html)
        if customers is not None:
            answer.write_customers(customers)
        if proof is not None:
            answer.write_proof(proof)
    finally:
        emit(as_json, answer.document(), "\n".join(answer.lines()))
    if traced.trace.data_sets:
        return FOUND
    return SOMETHING_UNREAD if traced.unread else 0


class _Answer:
    """The verdict, and what was written beside it: what cannot be written is said, and stops nothing else.

    reason  why recipients or customers were asked for
    """

    def __init__(self, workspace: "Workspace", traced: "Traced", reason: str) -> None:
        self._workspace, self._traced, self._reason = workspace, traced, reason
        self._names: dict[str, str] = {}
        self._beside: dict[str, object] = {}
        self._remarks: list[str] = []

    def document(self) -> dict[str, object]:
        return self._traced.document(self._names) | self._beside

    def lines(self) -> list[str]:
        return [*_lines(self._traced, self._names), *self._remarks]

    def unmask(self) -> None:
        from trapstreet.app.tracing import unmasked

        names, why = _tried(lambda: unmasked(self._workspace, self._traced, self._reason))
        self._names = names or {}
        if why:
            self._beside["recipients"] = {"why": why}
            self._remarks.append(f"NO RECIPIENTS  {why}")

    def write_html(self, path: Path) -> None:
        from trapstreet.app.tracing import write_dossier

        _, why = _tried(lambda: write_dossier(path, self._traced, self._names))
        self._wrote("html", "Dossier", path, why)

    def write_customers(self, path: Path) -> None:
        from trapstreet.app.tracing import Affected, write_customers

        written, why = _tried(lambda: write_customers(self._workspace, self._traced, path, self._reason))
        if written is None:
            written = [Affected(result.data_set, why=why) for result in self._traced.trace.data_sets]
        self._beside["customers"] = [
            {"data_set": each.data_set, "file": None, "why": each.why}
            if each.path is None
            else {
                "data_set": each.data_set,
                "file": str(each.path),
                "why": None,
                "held": each.held,
                "gone": each.gone,
            }
            for each in written
        ]
        self._remarks += map(_customers_line, written)

    def write_proof(self, path: Path) -> None:
        from trapstreet.app.proving import write_proof

        none, why = _tried(lambda: write_proof(path, self._workspace, self._traced))
        self._wrote("proof", "Proof", path, none or why)

    def _wrote(self, option: str, what: str, path: Path, why: str) -> None:
        self._beside[option] = {"file": None if why else str(path), "why": why or None}
        self._remarks.append(f"NO {what.upper()}  {why}" if why else f"{what}: {path}")


def _tried(write: Callable[[], T]) -> tuple[T | None, str]:
    """What the function returns, or None and why it failed: a person can act on that, a bug goes on."""
    try:
        return write(), ""
    except Exception as error:
        known = as_trapstreet_error(error)
        if known is None:
            raise
        return None, str(known)


def _customers_line(each: "Affected") -> str:
    if each.path is None:
        return f"NO CUSTOMERS  {each.data_set!r}: {each.why}"
    customers = counted(each.held, "affected customer", "affected customers")
    gone = f"; {each.gone:,} more {_are(each.gone)} no longer in the source" if each.gone else ""
    return f"{customers} of {each.data_set!r} {_are(each.held)} in {each.path}{gone}."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _repeated(leaks: "Sequence[Leak]") -> str:
    """That files were given twice, by one name or by two. Parts of one file are not the same, though they
    have its SHA-256."""
    first: dict[tuple[str, int], str] = {}
    again = []
    for each in leaks:
        key = (each.sha256, each.size)
        path = first.get(key)
        if path is None:
            first[key] = each.path
        elif each.size and path == each.path:
            again.append(f"{path} is given twice")
        elif each.size and _file(path) != _file(each.path):
            again.append(f"{each.path} holds what {path} does")
    more = f", and {len(again) - 1:,} more like it" if again[1:] else ""
    return f"{again[0]}{more}: what is the same counts once" if again else ""


def _file(path: str) -> str:
    return path.partition("!")[0]


def _lines(traced: "Traced", names: dict[str, str]) -> Iterator[str]:
    from trapstreet.render.words import verdict_lines

    if traced.look:
        yield f"This is look {traced.look} at the case."
    for result in traced.trace.data_sets:
        yield from verdict_lines(result, rows=traced.rows[result.data_set])
        for each in result.accused:
            if each.copy in names:
                yield f"Copy {each.copy} was handed to: {names[each.copy]}."
    if not traced.trace.data_sets:
        if traced.unread and not traced.leaks:
            yield "Nothing of this leak could be read."
        else:
            yield "This leak shows none of the registered data."
    for unread in traced.unread:
        yield unread.line
