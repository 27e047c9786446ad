"""`trapstreet decoy`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from trapstreet.cli.expecting import expected_use, sender_option
from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit, note, progress
from trapstreet.cli.tables import table
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from trapstreet.store.models import Planting

T = TypeVar("T")

AMISS = 1
SOMETHING_UNREAD = 6


@click.group(
    epilog=example(
        "trapstreet decoy list --tag crm", "trapstreet decoy test p3", "trapstreet decoy reconcile --all"
    )
)
def command() -> None:
    """The decoys that lie in your own tables, files and folders."""


@command.command("list", epilog=example("trapstreet decoy list", "trapstreet decoy list p3 --state touched"))
@click.argument("name", metavar="[PLANTING[/N]]", required=False)
@click.option("--tag", help="Only plantings with this tag.")
@click.option("--owner", help="Only plantings of this owner.")
@click.option("--state", type=click.Choice(["planned", "planted", "touched", "retired"]), help="Only these.")
@click.option("--expired", is_flag=True, help="Only plantings whose day is over.")
@workspace_option
@json_option
def list_decoys(
    *,
    name: str | None,
    tag: str | None,
    owner: str | None,
    state: str | None,
    expired: bool,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """List plantings with what they are for and how their decoys are; of one planting, every decoy.

    What the decoys look like is not shown.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.render.plantings import decoy_row, own_traffic_lines, planting_row
    from trapstreet.store import plantings, sightings

    noisy = sightings.own_traffic()
    if name is not None:
        decoys = [each for each in plantings.decoys_named(name) if state in (None, each.state)]
        channels = plantings.channels_of(decoys, opened.ring)
        rows = [
            decoy_row(each, channels[each.at], noisy=each.at in noisy.get(each.planting_id, ()))
            for each in decoys
        ]
        shown = ["decoy", "state", "since", "channels"]
        loud = [str(row["decoy"]) for row in rows if row["own_traffic"]]
    else:
        found = plantings.chosen(tag=tag, owner=owner, expired_at=_now() if expired else None)
        rows = [planting_row(each, noisy=noisy.get(each.id, ())) for each in found]
        rows = [row for row in rows if state is None or row["states"].get(state)]  # type: ignore[attr-defined]
        shown = ["planting", "place", "decoys", "states", "owner", "purpose", "tags", "planted", "expires"]
        loud = [decoy for row in rows for decoy in row["own_traffic"]]  # type: ignore[attr-defined]
    lines = [_table(rows, shown), *own_traffic_lines(loud)]
    emit(as_json, {"decoys" if name else "plantings": rows}, "\n".join(lines))


@command.command(
    epilog=example("trapstreet decoy expect p3 --used-for newsletter --until 2027-12-31 --sender you.example")
)
@click.argument("name", metavar="PLANTING")
@click.option(
    "--used-for", required=True, metavar="WHAT", help="What you will honestly do with its table: newsletter."
)
@click.option("--until", required=True, metavar="DATE", help="Until when that is, like 2027-12-31.")
@sender_option
@workspace_option
@json_option
def expect(
    *, name: str, used_for: str, until: str, senders: Sequence[str], workspace: Path | None, as_json: bool
) -> None:
    """Declare an honest use of the table that PLANTING lies in, from which suppression does not keep decoys:
    what they then hear is kept, and raises no alarm.

    Name the senders: without them whatever comes until then is taken for it.
    """
    from trapstreet.app.workspace import Workspace

    use = expected_use(used_for, until, senders)
    opened = Workspace.open(workspace)
    from trapstreet.render.words import day
    from trapstreet.store import plantings, suppression

    planting = plantings.planting_named(name)
    if use is not None:
        with opened.writing():
            suppression.expect_use(
                planting.id, use.what, senders=use.senders, until=use.until, ring=opened.ring, at=_now()
            )
        emit(
            as_json,
            {"planting": planting.id, **use.shown()},
            f"Expected of {planting.id} until {day(use.until)}: {use}.",
        )
        note(use.remark)


@command.command(epilog=example("trapstreet decoy retire p3", "trapstreet decoy retire --expired"))
@click.argument("names", metavar="[PLANTING[/N]]...", nargs=-1)
@click.option("--tag", help="All of the plantings with this tag.")
@click.option("--expired", is_flag=True, help="All of the plantings whose day is over.")
@workspace_option
@json_option
def retire(
    *, names: Sequence[str], tag: str | None, expired: bool, workspace: Path | None, as_json: bool
) -> None:
    """Put on record that decoys are wanted no longer: p3, p3/17 or p3/5-9.

    They stay where they are (trapstreet plant --undo takes them out), and go on being recognised.
    """
    from trapstreet.app.workspace import Workspace

    if not (names or tag or expired):
        raise UnusableInput("which decoys?", hint="name them, or pass --tag or --expired")
    opened = Workspace.open(workspace)
    from trapstreet.render.plantings import name_of
    from trapstreet.store import plantings

    with opened.writing():
        decoys = [each for name in names for each in plantings.decoys_named(name)]
        if tag or expired:
            found = plantings.chosen(tag=tag, expired_at=_now() if expired else None)
            decoys += [each for planting in found for each in plantings.decoys_named(planting.id)]
        fresh = {each.id: each for each in decoys if each.state != plantings.RETIRED}
        plantings.change_state(list(fresh.values()), plantings.RETIRED, ring=opened.ring, at=_now())
    emit(
        as_json,
        {"retired": [name_of(each) for each in fresh.values()]},
        f"{counted(len(fresh), 'decoy')} retired; they are still recognised wherever they turn up."
        if fresh
        else "These were retired before.",
    )


@command.command(epilog=example("trapstreet decoy test p3"))
@click.argument("names", metavar="[PLANTING]...", nargs=-1)
@workspace_option
@json_option
def test(*, names: Sequence[str], workspace: Path | None, as_json: bool) -> int:
    """See whether decoys would do their work today: all plantings in tables, or those that are named.

    Each decoy is looked for in its table, and what is there is searched as a leak is. Exit status 1 if one
    would be missed.
    """
    from trapstreet.app.finding import try_planting
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.render.plantings import tested_lines
    from trapstreet.store import plantings

    chosen = [plantings.planting_named(each) for each in names] if names else plantings.in_tables()
    there = [each for each in chosen if each.removed_at is None]
    results, unread = _each(there, partial(try_planting, opened))
    lines = [line for each in results for line in tested_lines(each)] + _not_read(unread)
    emit(as_json, {"plantings": results, "unread": unread}, "\n".join(lines or ["Nothing is planted."]))
    return _status(all(each.works for each in results), unread)


@command.command(epilog=example("trapstreet decoy rotate p3", "trapstreet decoy rotate p3 --decoys 500"))
@click.argument("name", metavar="PLANTING")
@click.option("--decoys", type=click.IntRange(min=1), help="How many (as many as there are).")
@workspace_option
@json_option
def rotate(*, name: str, decoys: int | None, workspace: Path | None, as_json: bool) -> None:
    """Put new decoys in the place of a planting, then take the old ones out.

    A leak then tells when it was taken: it has the decoys of that time.
    """
    from trapstreet.app.planting import Wish, plant_decoys, undo
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.render.plantings import planted_lines, removed_lines
    from trapstreet.store import plantings

    plantings.planting_named(name)
    opened.require_confirmed_kit()
    with opened.writing(), progress("rotating") as told:
        old = plantings.planting_named(name)
        if old.data_set is None or old.planted_at is None or old.removed_at is not None:
            raise UnusableInput(
                f"{old.id} is in no table now", hint="trapstreet decoy list shows what is planted where"
            )
        wish = Wish(decoys or old.decoys, plantings.links_of(old), plantings.particulars_of(old))
        new = plant_decoys(opened, old.data_set, wish, script=None, new_version=False, progress=told)
        try:
            removed = undo(opened, old)
        except TrapstreetError as error:
            error.hint = f"{new.planting} is in place, {old.id} is not out: trapstreet plant --undo {old.id}"
            raise
    lines = [*planted_lines(new, None), *removed_lines(old, removed)]
    out = {"planting": old.id, "rows": removed.rows, "absent": removed.absent, "edited": removed.edited}
    emit(as_json, {"planted": new, "removed": out}, "\n".join(lines))


@command.command(epilog=example("trapstreet decoy reconcile p3", "trapstreet decoy reconcile --all"))
@click.argument("names", metavar="[PLANTING]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every planting.")
@click.option(
    "--in",
    "elsewhere",
    multiple=True,
    metavar="TABLE",
    help="Look into this table, too, of a staging database or a warehouse: were decoys copied there?",
)
@workspace_option
@json_option
def reconcile(
    *,
    names: Sequence[str],
    everything: bool,
    elsewhere: Sequence[str],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Hold what lies in the tables against what should: decoys, and what belongs to them in tables that refer
    to theirs, lost, brought back, edited, copied, or worked with by others.

    Decoys that a script was to plant count as planted once they are there. Exit status 1 if something is not
    as it should be.
    """
    from trapstreet.app.finding import met_elsewhere, reconcile_planting
    from trapstreet.app.workspace import Workspace

    if not (names or everything or elsewhere):
        raise UnusableInput("which plantings?", hint="name them, or pass --all")
    opened = Workspace.open(workspace)
    from trapstreet.render.plantings import reconciled_lines
    from trapstreet.store import plantings

    with opened.writing():
        named = {each.id: each for each in map(plantings.planting_named, names)}
        chosen = plantings.in_tables() if everything else list(named.values())
        results, unread = _each(chosen, partial(reconcile_planting, opened))
    met = [met_elsewhere(opened, each) for each in elsewhere]
    lines = [line for each in results for line in reconciled_lines(each)] + _not_read(unread)
    for each in met:
        for planting, number in each.decoys.items():
            decoys = counted(number, "decoy")
            lines.append(f"{each.place}: copied there: {decoys} of planting {planting}.")
        if not each.decoys:
            lines.append(f"{each.place}: no decoys.")
    document = {"plantings": results, "elsewhere": met, "unread": unread}
    emit(as_json, document, "\n".join(lines or ["Nothing was planted yet."]))
    fine = all(each.as_should_be for each in results) and not any(each.decoys for each in met)
    return _status(fine, unread)


def _each(
    plantings: "Sequence[Planting]", look: "Callable[[Planting], T]"
) -> tuple[list[T], list[dict[str, str]]]:
    """What each planting's table shows, and those that could not be read, with why; one alone raises."""
    results, unread = [], []
    for planting in plantings:
        try:
            results.append(look(planting))
        except TrapstreetError as error:
            if len(plantings) == 1:
                raise
            unread.append({"planting": planting.id, "why": str(error)})
    return results, unread


def _not_read(unread: list[dict[str, str]]) -> list[str]:
    return [f"NOT READ  {each['planting']}: {each['why']}" for each in unread]


def _status(fine: bool, unread: list[dict[str, str]]) -> int:
    if not fine:
        return AMISS
    return SOMETHING_UNREAD if unread else 0


def _table(rows: list[dict[str, object]], shown: list[str]) -> str:
    if not rows:
        return "None. Plant some with: trapstreet plant NAME"
    return table(shown, [[_text(row[name]) for name in shown] for row in rows])


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{number:,} {state}" for state, number in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value or "")


def _now() -> int:
    from trapstreet.app.clock import now

    return now()
