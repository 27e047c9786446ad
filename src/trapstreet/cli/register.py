"""`trapstreet register`."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import counted, printable

if TYPE_CHECKING:
    from trapstreet.register import Registration

_SHOWN = 10
_INSIDE = "!/"


@click.command(
    epilog=example(
        "trapstreet register customers.csv --name customers",
        "trapstreet register 'postgresql://reader@db/crm?table=customers' --name customers --key ticket",
    )
)
@click.argument("table")
@click.option("--name", required=True, help="What the data set is called from now on.")
@click.option(
    "--key", multiple=True, metavar="COL", help="A column that identifies a record; repeat it for several."
)
@click.option(
    "--type", "types", multiple=True, metavar="COL=KIND", help=f"What a column holds: {', '.join(Kind)}."
)
@click.option(
    "--ignore", multiple=True, metavar="COL", help="A column to leave out: its changes do not count."
)
@click.option("--region", metavar="CC", help="Country that national phone numbers are read in, as IE or DE.")
@workspace_option
@json_option
def command(
    *,
    table: str,
    name: str,
    key: Sequence[str],
    types: Sequence[str],
    ignore: Sequence[str],
    region: str | None,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Know TABLE again wherever it turns up: keep keyed fingerprints of it, never its plaintext.

    TABLE is a CSV, TSV, JSON-lines, Parquet, XLSX, XLS or ODS file, or a database URL (sqlite, postgresql,
    mariadb) with ?table= or ?query=. It may lie in a packed file or an archive: dump.zip!/a/customers.csv.
    The same name again registers a new version: what appeared, changed and went.
    """
    from trapstreet.app.clock import now
    from trapstreet.app.packed import open_table
    from trapstreet.app.places import lasting, same_place
    from trapstreet.app.search import shelf_of
    from trapstreet.app.workspace import Workspace

    refuse_unprintable("--name", name)
    source = lasting(table)
    opened = Workspace.open(workspace)
    from trapstreet.register import Asked, register

    asked = Asked(key, dict(map(_column_kind, types)), ignore, region.upper() if region else None)
    with opened.writing(), progress("registering") as told:
        found = open_table(table)
        result = register(
            found,
            name,
            source=source,
            asked=asked,
            keys=opened.ring,
            shelf=shelf_of(opened),
            now=now(),
            progress=told,
        )
        opened.sign_log()
    before = result.moved_from if result.moved_from and not same_place(result.moved_from, source) else ""
    document, lines = _document(result, found.label), list(_lines(result, table, found.label))
    if before:
        lines.insert(1, _moved(name, before, source))
    emit(as_json, document | {"source_before": before or None}, "\n".join(lines))


def _column_kind(text: str) -> tuple[str, Kind]:
    name, equals, kind = text.rpartition("=")
    if not equals or kind not in set(Kind):
        raise UnusableInput(f"--type {text!r} is not COL=KIND", hint=f"kinds are {', '.join(Kind)}")
    return name, Kind(kind)


def _document(result: "Registration", label: str) -> dict[str, object]:
    return {
        "data_set": result.name,
        "table": label,
        "version": result.version,
        "new_version": result.new,
        "rows": result.rows,
        "rejected": [{"line": each.line, "why": each.why} for each in result.rejected],
        "decoy_rows": result.decoy_rows,
        "key": result.key,
        "columns": [{"name": each.name, "kind": each.kind, "why": each.why} for each in result.columns],
        "fingerprints": result.fingerprints,
        "set_aside": result.set_aside,
        "appeared": result.appeared,
        "changed": result.changed,
        "went": result.went,
    }


def _moved(name: str, before: str, source: str) -> str:
    return printable(f"{name} was registered from {before} before; it is read from {source} from now on.")


def _lines(result: "Registration", table: str, label: str) -> Sequence[str]:
    rows = counted(result.rows, "row")
    if not result.new:
        lines = [f"{result.name}: as registered, still version {result.version} ({rows})."]
    elif result.version == 1:
        lines = [f"{result.name}: version 1 registered, {rows}."]
    else:
        changes = f"{result.appeared:,} appeared, {result.changed:,} changed, {result.went:,} went"
        changes += "; all entered anew, as columns are read in another way now" if result.reread else ""
        lines = [f"{result.name}: version {result.version} registered, {rows}: {changes}."]
    if _INSIDE in label and _INSIDE not in table:
        lines.append(f"Read from {label}")
    lines.append(f"Key: {' + '.join(result.key)}")
    width = max(len(each.name) for each in result.columns)
    kinds = max(len(each.kind) for each in result.columns)
    lines += [f"  {each.name:{width}}  {each.kind:{kinds}}  {each.why}" for each in result.columns]
    lines += _set_aside(result)
    lines += _left_out(result, table)
    return lines


def _set_aside(result: "Registration") -> Sequence[str]:
    if not result.set_aside:
        return []
    from trapstreet.core.fields import kinds
    from trapstreet.index import SHARED

    counts = []
    for kind, count in result.set_aside.items():
        title = kinds()[kind].title
        counts.append(counted(count, title, f"{title}es" if title.endswith("s") else ""))
    return [f"Set aside: {', '.join(counts)} that more than {SHARED} records share."]


def _left_out(result: "Registration", table: str) -> Sequence[str]:
    from trapstreet.index import is_planting
    from trapstreet.render.words import owner_words

    lines = []
    if result.rejected:
        rejected = len(result.rejected)
        lines.append(f"{counted(rejected, 'row')} could not be read and {_are(rejected)} left out:")
        lines += [f"  line {each.line}: {each.why}" for each in result.rejected[:_SHOWN]]
        if len(result.rejected) > _SHOWN:
            lines.append(f"  and {len(result.rejected) - _SHOWN:,} more (--json lists all)")
    copied = [owner for owner in result.decoy_rows if not is_planting(owner)]
    for owner, count in result.decoy_rows.items():
        why = ": this table is, or holds, a copy" if owner in copied else ", as planted"
        rows = counted(count, "row is a decoy", "rows are decoys")
        lines.append(f"{rows} of {owner_words(owner)} and {_are(count)} left out{why}.")
    if copied:
        lines.append(
            f"  To take them out of the file: trapstreet strip {quote(without_password(table))} --out CLEAN"
        )
    return lines


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
