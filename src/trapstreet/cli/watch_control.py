"""`trapstreet watch control`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace
    from trapstreet.store.models import ControlRecord, DataSet, WatchedSource


@click.command(
    epilog=example(
        "trapstreet watch control finance",
        "trapstreet watch control finance --as lists/contacts-2019.csv --data-set customers",
        "trapstreet watch control website --known https://www.company.example/press/list.html",
        "trapstreet watch control finance --off",
    )
)
@click.argument("name")
@click.option("--as", "path", metavar="PATH", help="Its name at the source, else one is made up.")
@click.option("--data-set", "data_set", metavar="NAME", help="Whose decoys it holds.")
@click.option("--known", metavar="PATH", help="Look for this object, which is there, and write nothing.")
@click.option("--off", is_flag=True, help="Take the control record away.")
@click.option("--every", default="1 day", metavar="TIME", show_default=True, help="How often it is proven.")
@workspace_option
@json_option
def control(
    *,
    name: str,
    path: str | None,
    data_set: str | None,
    known: str | None,
    off: bool,
    every: str,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Have the watched source NAME prove that it would find something.

    A small list of decoys that lie nowhere else is written there, under an innocent name. Each day it is
    written anew, and the next round has to find it by its listing, as it would find a leak. It is no finding;
    the same decoys anywhere else are one: they were taken from that source.
    """
    from trapstreet.core.model.amounts import seconds_of

    _refuse_two(off=off, known=known, path=path, data_set=data_set)
    if path is not None:
        refuse_unprintable("--as", path)
    seconds = seconds_of(every, where="--every")
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.control_records import name_known
    from trapstreet.store import watching

    row = watching.source_named(name)
    if off:
        _off(opened, row, as_json=as_json)
    elif known is not None:
        _say(name_known(row, known, every=seconds), (), as_json=as_json)
    else:
        chosen = _data_set(data_set)
        _say(*_written(opened, row, chosen, path or "", seconds), as_json=as_json)


def _refuse_two(*, off: bool, known: str | None, path: str | None, data_set: str | None) -> None:
    written = path is not None or data_set is not None
    if sum((off, known is not None, written)) > 1:
        raise UnusableInput("--as, --known and --off are different things", hint="ask for one at a time")
    if path is not None and not path.strip("/"):
        raise UnusableInput("--as names nothing", hint="give a name like lists/contacts.csv, or leave it out")


def _written(
    opened: "Workspace", row: "WatchedSource", data_set: "DataSet", path: str, every: int
) -> "tuple[ControlRecord, tuple[str, ...]]":
    from trapstreet.app.control_records import write_first

    opened.require_confirmed_kit()
    with opened.writing(), progress("making decoys") as told:
        return write_first(opened, row, data_set, path=path, every=every, progress=told)


def _data_set(name: str | None) -> "DataSet":
    """The one that is meant. Raises UnusableInput where several could be."""
    from trapstreet.store import catalogue

    if name is not None:
        return catalogue.data_set_named(name)
    there = catalogue.data_sets()
    if len(there) == 1:
        return there[0]
    if not there:
        raise UnusableInput(
            "no data set is registered, of which decoys could be",
            hint="register one: trapstreet register TABLE --name NAME; or pass --known PATH",
        )
    names = ", ".join(each.name for each in there)
    raise UnusableInput("decoys of which data set?", hint=f"say it with --data-set: {names}")


def _say(made: "ControlRecord", strippable: Sequence[str], *, as_json: bool) -> None:
    from trapstreet.core.model.words import printable
    from trapstreet.render.watching import every_text

    name, lies, planting = made.source.name, made.name or printable(made.path), str(made.planting_id or "")
    put = f"{lies} was put there, with decoys that lie nowhere else: planting {planting}."
    lines = [
        *([put] if planting else []),
        f"The next round has to find {'it' if planting else lies}, and then one {every_text(made.every)}.",
        *(f"STRIPPABLE  {why}" for why in strippable),
        f"Whether it was found: trapstreet watch status {name}",
    ]
    document = {
        "source": name,
        "record": lies,
        "planting": planting,
        "every": made.every,
        "strippable": strippable,
    }
    emit(as_json, document, "\n".join(lines))


def _off(opened: "Workspace", row: "WatchedSource", *, as_json: bool) -> None:
    from trapstreet.app.control_records import take_away

    with opened.writing():
        left = take_away(opened, row)
    said = f"{row.name} has no control record any more."
    emit(as_json, {"source": row.name, "left": left}, f"{said}\nLEFT  {left}" if left else said)
