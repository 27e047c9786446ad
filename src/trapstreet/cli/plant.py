"""`trapstreet plant`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import (
    FILE,
    example,
    json_option,
    refuse_unprintable,
    workspace_option,
)
from trapstreet.cli.output import emit, progress
from trapstreet.cli.particulars import particulars, particulars_options
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import Link

if TYPE_CHECKING:
    from trapstreet.app.planting import Wish
    from trapstreet.app.workspace import Workspace


@click.command(
    epilog=example(
        "trapstreet plant customers --plan",
        "trapstreet plant customers --audit",
        'trapstreet plant customers --decoys 300 --owner "CRM team" --tag crm',
        "trapstreet plant customers --script plant.sql",
        "trapstreet plant --undo p3",
    )
)
@click.argument("name", required=False)
@click.option("--decoys", type=click.IntRange(min=1), help="How many persons (as many as suit the table).")
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="FILE:COLUMN",
    help="A file in which this column refers to the table, like orders.csv:customer. Foreign keys of a "
    "database are followed by themselves.",
)
@particulars_options
@click.option("--new-version", is_flag=True, help="Register the table as it is now first.")
@click.option(
    "--script", type=FILE, help="Plant nothing; write a script that does, for somebody who may. Secret."
)
@click.option("--plan", "action", flag_value="plan", help="Plant nothing; say which thefts they would show.")
@click.option(
    "--audit", "action", flag_value="audit", help="Plant nothing; try to tell such decoys from customers."
)
@click.option("--grants", metavar="ROLE", help="Plant nothing; print the rights that planting needs.")
@click.option("--undo", metavar="PLANTING", help="Take the decoys of a planting out again.")
@click.option("--removal", metavar="PLANTING", help="Write a script that does, without trapstreet, to --out.")
@click.option("--out", type=FILE, help="The file of --removal. Secret.")
@workspace_option
@json_option
def command(
    *,
    name: str | None,
    decoys: int | None,
    links: Sequence[str],
    owner: str,
    purpose: str,
    tags: Sequence[str],
    expires: str | None,
    new_version: bool,
    script: Path | None,
    action: str | None,
    grants: str | None,
    undo: str | None,
    removal: str | None,
    out: Path | None,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Put decoy customers into the table of the data set NAME, and what belongs to them into the tables that
    refer to it.

    They look like the table's own rows and belong to nobody. Whoever uses one, or shows one anywhere, had the
    table itself: `scan` and `trace` say so. Copies that `share` makes go without them.
    """
    from trapstreet.app.workspace import Workspace

    asked = {"--undo": undo, "--removal": removal, "--grants": grants, "--script": script}
    chosen = [option for option, value in asked.items() if value is not None]
    _one_of([*chosen, *([f"--{action}"] if action else [])], out=out)
    opened = Workspace.open(workspace)
    if undo is not None:
        _undo(opened, undo, as_json=as_json)
    elif removal is not None:
        _removal(opened, removal, out, as_json=as_json)
    elif name is None:
        raise UnusableInput("which data set?", hint="name one that is registered, or pass --undo PLANTING")
    elif grants is not None:
        _grants(name, links, grants, as_json=as_json)
    elif action == "plan":
        _plan(opened, name, decoys, as_json=as_json)
    elif action == "audit":
        _audit(opened, name, decoys, _links(links), as_json=as_json)
    else:
        said = particulars(owner, purpose, tags, expires)
        from trapstreet.app.planting import Wish

        wish = Wish(decoys, _links(links), said)
        _plant(opened, name, wish, script, new_version=new_version, as_json=as_json)


def _one_of(asked: Sequence[str], *, out: Path | None) -> None:
    """Raises UnusableInput where several things are asked for at once."""
    if len(asked) > 1:
        raise UnusableInput(f"{' and '.join(asked)} are two things", hint="ask for one at a time")
    if out is not None and asked != ["--removal"]:
        raise UnusableInput("--out is the file of --removal", hint="leave it out")


def _plant(
    opened: "Workspace", name: str, wish: "Wish", script: Path | None, *, new_version: bool, as_json: bool
) -> None:
    from trapstreet.app.planting import plant_decoys
    from trapstreet.render.plantings import planted_lines
    from trapstreet.store import catalogue

    catalogue.data_set_named(name)
    opened.require_confirmed_kit()
    with opened.writing(), progress("planting") as told:
        result = plant_decoys(
            opened,
            catalogue.data_set_named(name),
            wish,
            script=script,
            new_version=new_version,
            progress=told,
        )
    emit(as_json, result, "\n".join(planted_lines(result, script)))


def _undo(opened: "Workspace", named: str, *, as_json: bool) -> None:
    from trapstreet.app.planting import undo
    from trapstreet.render.plantings import removed_lines
    from trapstreet.store.plantings import planting_named

    planting_named(named)
    with opened.writing():
        planting = planting_named(named)
        removed = undo(opened, planting)
    document = {
        "planting": planting.id,
        "removed": removed.rows,
        "absent": removed.absent,
        "edited": [at + 1 for at in removed.edited],
    }
    emit(as_json, document, "\n".join(removed_lines(planting, removed)))


def _removal(opened: "Workspace", named: str, out: Path | None, *, as_json: bool) -> None:
    from trapstreet.app.planting import write_removal
    from trapstreet.store.plantings import planting_named

    if out is None:
        raise UnusableInput("where to?", hint="name the script with --out FILE")
    planting = planting_named(named)
    write_removal(opened, planting, out)
    emit(
        as_json,
        {"planting": planting.id, "out": str(out)},
        f"{out} takes planting {planting.id} out of {planting.place} without trapstreet. It is secret: it "
        "lists the decoys.",
    )


def _grants(name: str, links: Sequence[str], role: str, *, as_json: bool) -> None:
    from trapstreet.app.planting import here
    from trapstreet.store import catalogue

    refuse_unprintable("--grants", role)
    ground = here(catalogue.data_set_named(name), _links(links)).ground
    statements = ground.grants(role)
    emit(as_json, {"grants": statements}, "\n".join(statements or ground.remarks))


def _plan(opened: "Workspace", name: str, decoys: int | None, *, as_json: bool) -> None:
    from trapstreet.app.planting import coverage_for
    from trapstreet.render.coverage import coverage_lines
    from trapstreet.store import catalogue

    with progress("planning") as told:
        result = coverage_for(opened, catalogue.data_set_named(name), decoys=decoys, progress=told)
    emit(as_json, result, "\n".join(coverage_lines(result)))


def _audit(
    opened: "Workspace", name: str, decoys: int | None, links: tuple[Link, ...], *, as_json: bool
) -> None:
    from trapstreet.app.planting import audit_for
    from trapstreet.render.audits import audit_lines, document
    from trapstreet.store import catalogue

    with progress("auditing") as told:
        result = audit_for(opened, catalogue.data_set_named(name), decoys=decoys, links=links, progress=told)
    emit(as_json, document(result), "\n".join(audit_lines(result)))


def _links(texts: Sequence[str]) -> tuple[Link, ...]:
    """Links from texts like orders.csv:customer. Raises UnusableInput for another text."""
    from trapstreet.app.places import lasting

    links = []
    for text in texts:
        place, _, column = text.rpartition(":")
        if not place or not column:
            raise UnusableInput(
                f"--link: {text!r} is no FILE:COLUMN", hint="write it like orders.csv:customer"
            )
        links.append(Link(lasting(place), column))
    return tuple(links)
