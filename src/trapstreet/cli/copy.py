"""`trapstreet copy`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import (
    end_of_day,
    example,
    json_option,
    refuse_unprintable,
    workspace_option,
)
from trapstreet.cli.output import emit, progress
from trapstreet.cli.tables import table
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trapstreet.store.models import Copy, Edition, ExpectedUse


@click.group(epilog=example("trapstreet copy list", "trapstreet copy refresh 3 --out cork-may.csv"))
def command() -> None:
    """The copies that were handed out."""


@command.command("list", epilog=example("trapstreet copy list", "trapstreet copy list --json"))
@workspace_option
@json_option
def list_copies(workspace: Path | None, as_json: bool) -> None:
    """List every copy: data set, version, when, how many rows and decoys. Recipients show as pseudonyms."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.share import count_decoys
    from trapstreet.store import catalogue, suppression

    listed = catalogue.all_copies()
    pools = catalogue.pools_of({copy.data_set_id for copy, _ in listed})
    uses = suppression.expected_uses()
    rows = [
        _listed(copy, editions, count_decoys(copy, pools.get(copy.pool_id or ""), opened.ring))
        | {"expected_uses": [_use(each) for each in uses[copy.id]]}
        for copy, editions in listed
    ]
    expected = [
        f"Copy {copy.id} is expected to be used until {_use(each)['until']}: {each.what}"
        for copy, _ in listed
        for each in uses[copy.id]
    ]
    emit(as_json, {"copies": rows}, "\n".join([_table(rows), *expected]))


@command.command(
    epilog=example(
        "trapstreet copy refresh 3 --out cork-may.csv --new-version",
        "trapstreet copy refresh 3 --out sftp://drop@sftp.cork.example/in/customers.csv --expires 2027-03-31",
    )
)
@click.argument("name", metavar="COPY")
@click.option(
    "--out",
    required=True,
    metavar="FILE|URL",
    help="The file to write, on this machine or sftp://, or a database's ?table=; it must not exist yet.",
)
@click.option("--new-version", is_flag=True, help="Register the source as it is now, and write that.")
@click.option("--expires", metavar="DATE", help="Until when the recipient may keep it, like 2027-03-31.")
@workspace_option
@json_option
def refresh(
    *,
    name: str,
    out: str,
    new_version: bool,
    expires: str | None,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Write COPY again as its data set is now, with the decoys and the code that it has: an id or a number.

    New rows come in and changed values change; what made the copy one of a kind stays, so that leaks of every
    edition name it.
    """
    refuse_unprintable("--out", out)
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    opened.require_confirmed_kit()
    from msgspec.structs import asdict

    from trapstreet.app.sharing import refresh_copy
    from trapstreet.store import catalogue

    expires_at = None if expires is None else end_of_day(expires)
    catalogue.copy_named(name)
    with opened.writing(), progress("refreshing") as told:
        result = refresh_copy(
            opened,
            catalogue.copy_named(name),
            out=out,
            expires_at=expires_at,
            new_version=new_version,
            progress=told,
        )
    shown = without_password(out)
    size = f"{counted(result.rows, 'row')} and {counted(result.decoys, 'decoy')}"
    lines = [f"Copy {result.copy}, as version {result.version} is, is in {shown}: {size}."]
    if not result.new:
        lines.append("It was handed out of this version before; nothing new was registered.")
    if result.withheld:
        lines.append(f"{counted(result.withheld, 'row is', 'rows are')} withheld from it.")
    if result.marked:
        lines.append(f"{counted(result.marked, 'row has', 'rows have')} a value spelled in its own way.")
    if result.left_out:
        one, many = "is left out: its key is a real row's", "are left out: their keys are real rows'"
        lines.append(f"{counted(result.left_out, f'of its decoys {one}', f'of its decoys {many}')} by now.")
    emit(as_json, {"out": shown, **asdict(result)}, "\n".join(lines))


@command.command(epilog=example("trapstreet copy withdraw 3"))
@click.argument("name", metavar="COPY")
@workspace_option
@json_option
def withdraw(*, name: str, workspace: Path | None, as_json: bool) -> None:
    """Put on record that COPY is out no longer: it is not refreshed again.

    Its decoys stay known, and a leak of it is traced like any other's.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.clock import now
    from trapstreet.render.words import day
    from trapstreet.store import catalogue, copies

    catalogue.copy_named(name)
    with opened.writing():
        copy = catalogue.copy_named(name)
        if copy.withdrawn_at is not None:
            raise UnusableInput(
                f"copy {copy.id} was withdrawn on {day(copy.withdrawn_at)}", hint="nothing was changed"
            )
        at = now()
        copies.withdraw(copy, ring=opened.ring, at=at)
    emit(
        as_json,
        {"copy": copy.id, "withdrawn": day(at)},
        f"Copy {copy.id} is withdrawn. A leak of it is still traced.",
    )


def _listed(copy: "Copy", editions: "Sequence[Edition]", decoys: int) -> dict[str, object]:
    from trapstreet.render.words import day

    latest = editions[-1]
    return {
        "copy": copy.id,
        "data_set": copy.data_set.name,
        "version": latest.version.number,
        "editions": [
            {"version": each.version.number, "issued": day(each.issued_at), "commitment": each.commitment}
            for each in editions
        ],
        "recipient": copy.recipient_id,
        "issued": day(copy.created_at),
        "rows": latest.rows,
        "decoys": decoys,
        "strippable": copy.strippable,
        "status": _status(copy),
        "commitment": latest.commitment,
    }


def _use(use: "ExpectedUse") -> dict[str, object]:
    from trapstreet.render.words import day

    declared, until = day(use.begins_at), day(use.until)
    return {"what": use.what, "senders": use.senders, "declared": declared, "until": until}


def _status(copy: "Copy") -> str:
    from trapstreet.app.clock import now
    from trapstreet.render.words import day

    if copy.withdrawn_at is not None:
        return f"withdrawn {day(copy.withdrawn_at)}"
    if copy.expires_at is None:
        return "out"
    return f"{'expired' if copy.expires_at <= now() else 'out until'} {day(copy.expires_at)}"


def _table(rows: list[dict[str, object]]) -> str:
    if not rows:
        return "No copies yet. Hand one out with: trapstreet share NAME --to RECIPIENT --out FILE"
    shown = ["copy", "data_set", "version", "recipient", "issued", "rows", "decoys", "status"]
    cells = [
        [f"{row[name]:,}" if name in ("rows", "decoys") else str(row[name]) for name in shown] for row in rows
    ]
    return table(shown, cells)
