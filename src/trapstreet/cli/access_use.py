"""`trapstreet access use`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import FILE, example, json_option, workspace_option
from trapstreet.cli.output import emit

if TYPE_CHECKING:
    from trapstreet.app.unused import Usage

SOMETHING_UNREAD = 6
_WITH_ROOT = "With root's rights (sudo and the like), whatever the account's own are:"


@click.command(
    "use",
    epilog=example(
        "trapstreet access use postgresql://reader@db.internal/",
        "trapstreet access use postgresql://reader@db.internal/ --unused-for 90d --job billing",
        "trapstreet access use postgresql://reader@db.internal/crm --of customers",
        "trapstreet access use postgresql://reader@db.internal/ --who anna",
        "trapstreet access use postgresql://reader@db.internal/ --people hr.csv",
    ),
)
@click.argument("target")
@click.option("--unused-for", metavar="TIME", help="An earlier use does not count: 90d, 12 weeks.")
@click.option(
    "--job",
    "jobs",
    multiple=True,
    metavar="PROGRAM",
    help="A program that works by itself, as it calls itself; may be repeated.",
)
@click.option(
    "--of", "what", metavar="NAME", help="Who used this table, or folder with all below, and who never did."
)
@click.option("--who", metavar="NAME", help="What this role or user used, and what it never did.")
@click.option("--people", type=FILE, metavar="FILE", help="A CSV of people: leavers and movers.")
@click.option("--all", "whole", is_flag=True, help="List everything, not only what is most exposed.")
@workspace_option
@json_option
def use_access(
    target: str,
    *,
    unused_for: str | None,
    jobs: tuple[str, ...],
    what: str | None,
    who: str | None,
    people: Path | None,
    whole: bool,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """What of the access to TARGET is used: rights that nobody used, for long or ever, and by a job only.

    Beside the living rights stand the uses in the logs that were imported. Nothing is changed. "Never" is
    said of the time that the logs cover. The exposure of a table is its records, times the weight of their
    class, times the days that each of those who can read it has not done so. Exit status 6 if something is
    not known of the rights, or lines of the logs could not be read.
    """
    from trapstreet.app.unused import usage_of
    from trapstreet.app.uses import unread_lines
    from trapstreet.app.workspace import Workspace
    from trapstreet.core.model.errors import UnusableInput

    if sum(each is not None for each in (what, who, people)) > 1:
        raise UnusableInput("--of, --who and --people ask different questions", hint="give one of them")
    period = period_of(unused_for) if unused_for else None
    opened = Workspace.open(workspace)
    if people is not None:
        return _of_people(target, people, as_json=as_json)
    usage = usage_of(opened, target, unused_for=period, jobs=jobs)
    from trapstreet.render import uses as render

    window = usage.used.window
    unread = unread_lines(target)
    answer: dict[str, object] = {
        "place": usage.used.access.rights.place,
        "from": render.day_text(window.first),
        "until": render.day_text(window.last),
        "since": render.day_text(window.since),
        "short": window.short,
        "days_without_events": [*map(render.day_text, window.empty)],
        "unknown": [*usage.unknown],
        "unread": unread,
    }
    lines = [*render.window_lines(window, classified=usage.classified)]
    if what is not None or who is not None:
        _of_rights(usage, what, who, lines, answer)
    else:
        _of_all(usage, lines, answer, whole=whole)
    from trapstreet.core.model.words import printable

    lines += [f"NOT KNOWN {printable(each)}" for each in usage.unknown]
    lines += [f"NOT READ {render.unread_text(unread)}"] if unread else []
    emit(as_json, answer, "\n".join(lines))
    return SOMETHING_UNREAD if usage.unknown or unread else 0


def _of_rights(
    usage: "Usage", what: str | None, who: str | None, lines: list[str], answer: dict[str, object]
) -> None:
    """Each right to one resource, or each of one principal's."""
    from trapstreet.app.access import Mapped
    from trapstreet.core.model.words import printable
    from trapstreet.render import uses as render

    mapped = Mapped(usage.used.access)
    rights, with_root = [], []
    if what is not None:
        for number in mapped.numbers_called(what):
            found = usage.used.rights(number)
            name = printable(usage.used.access.rights.resources[number].name)
            lines += ["", f"Who can read {name}, and who does:"]
            lines += [*render.right_lines(found, of_resources=False)] or ["Nobody that the rights tell of."]
            rights += found
            with_root += usage.used.with_root(number=number)
    elif who is not None:
        number = mapped.principal_called(who)
        rights, with_root = usage.used.rights_of(number), usage.used.with_root(who=who)
        members = "" if usage.used.people >> number & 1 else ", by those who are in it"
        lines += ["", f"What {printable(who)} can read, and does{members}:"]
        lines += [*render.right_lines(rights, of_resources=True)] or ["Nothing that the rights tell of."]
    if with_root:
        lines += ["", _WITH_ROOT, *render.root_lines(with_root)]
    answer["rights"] = [*map(render.right_object, rights)]
    answer["with_root"] = [*map(render.root_object, with_root)]


def _of_all(usage: "Usage", lines: list[str], answer: dict[str, object], *, whole: bool) -> None:
    """Every resource, the grants that nobody used, and what does not agree."""
    from trapstreet.cli.tables import table
    from trapstreet.render import uses as render

    used = usage.used
    resources, with_root = used.resources(), used.with_root()
    grants = sorted(used.grants(), key=lambda each: (-each.score, -each.members, each.what, each.to))
    most = None if whole else render.MOST
    if resources:
        lines += ["", table(*render.unused_rows(resources[:most]))]
    for title, all_ in (
        ("Granted, and used by nobody who has it:", [*render.grant_lines(grants)]),
        ("In the logs, though the map says it cannot be: one of them is wrong.",
         [*render.impossible_lines(used.impossible)]),
        (_WITH_ROOT, [*render.root_lines(with_root)]),
        ("By the clock:", [*render.clockwork_lines(used)]),
    ):  # fmt: skip
        if all_:
            lines += ["", title, *all_[:most]]
            if most is not None and len(all_) > most:
                lines.append(f"… and {len(all_) - most:,} more: --all")
    if used.gone:
        lines += ["", f"Used, and not there any more: {len(used.gone):,}"]
    answer |= {
        "resources": [*map(render.unused_object, resources)],
        "unused_grants": [*map(render.grant_object, grants)],
        "impossible": [*map(render.impossible_object, used.impossible)],
        "with_root": [*map(render.root_object, with_root)],
        "gone": [list(each) for each in used.gone],
    }


def _of_people(target: str, people: Path, *, as_json: bool) -> int:
    """A list of people beside the living rights."""
    from datetime import UTC, datetime

    from trapstreet.access import staff
    from trapstreet.app.access import map_of
    from trapstreet.app.people import posts_in
    from trapstreet.core.model.words import printable
    from trapstreet.render import uses as render

    posts = posts_in(people)
    mapped = map_of(target)
    found = staff(posts, mapped.access, datetime.now(UTC).date())
    lines = [*render.staff_lines(found), *(f"NOT KNOWN {printable(each)}" for each in mapped.unknown)]
    emit(as_json, {**render.staff_object(found), "unknown": [*mapped.unknown]}, "\n".join(lines))
    return SOMETHING_UNREAD if mapped.unknown else 0


def period_of(text: str) -> int:
    """The seconds of --unused-for."""
    from trapstreet.core.model.amounts import seconds_of

    short = re.fullmatch(r"(\d{1,5})([dw])", text.strip().lower())
    units = {"d": "days", "w": "weeks"}
    return seconds_of(f"{short[1]} {units[short[2]]}" if short else text, where="--unused-for")
