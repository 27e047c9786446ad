"""`trapstreet access review`."""

from collections.abc import Sequence
from pathlib import Path

import click

from trapstreet.cli.options import (
    FILE,
    end_of_day,
    example,
    json_option,
    refuse_unprintable,
    workspace_option,
)
from trapstreet.cli.output import emit

SOMETHING_UNREAD = 6
_LONGEST_NAME = 64


@click.group(
    epilog=example(
        "trapstreet access review start postgresql://reader@db.internal/ --name Q4 --owners owners.csv",
        "trapstreet access review show Q4 --open",
        'trapstreet access review remove Q4 12 --by anna@your.domain --reason "left the team"',
    )
)
def review() -> None:
    """Ask owners of rights whether they are still needed, and keep what they say."""


@review.command(
    "start",
    epilog=example(
        "trapstreet access review start /srv/share --name Q4 --owners owners.csv --due 2027-01-31"
    ),
)
@click.argument("target")
@click.option("--name", required=True, metavar="NAME", help="What you call it.")
@click.option(
    "--owners", type=FILE, metavar="FILE", help="CSV of what,who,owner: patterns, and who is asked (mail)."
)
@click.option("--due", metavar="DATE", help="By when; owners are reminded a week and a day before.")
@workspace_option
@json_option
def start_review(
    target: str, *, name: str, owners: Path | None, due: str | None, workspace: Path | None, as_json: bool
) -> int:
    """Begin a review of the rights at TARGET as they are now.

    An item is what one role, user or group is given in one place, one membership, or one right over the whole
    server. Nothing at TARGET is changed, and nothing is removed because nobody answered. Exit status 6 if
    something could not be read: it is not in the review.
    """
    refuse_unprintable("--name", name)
    if len(name) > _LONGEST_NAME:
        from trapstreet.core.model.errors import UnusableInput

        raise UnusableInput(f"--name has more than {_LONGEST_NAME} characters", hint="take a shorter one")
    until = None if due is None else end_of_day(due)
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.reviews import start
    from trapstreet.core.model.words import printable
    from trapstreet.render import reviews as render

    begun = start(opened, target, name, owners=owners, due=until)
    lines = [render.state_line(begun), f"See what is asked: trapstreet access review show {printable(name)}"]
    lines += [f"NOT KNOWN {printable(each)}" for each in begun.unknown]
    emit(as_json, render.review_object(begun), "\n".join(lines))
    return SOMETHING_UNREAD if begun.unknown else 0


@review.command("list", epilog=example("trapstreet access review list"))
@workspace_option
@json_option
def list_reviews(*, workspace: Path | None, as_json: bool) -> None:
    """List the reviews, the newest first."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.app.reviews import listed
    from trapstreet.render import reviews as render

    found = listed()
    text = "\n".join(map(render.state_line, found)) or "No reviews yet: trapstreet access review start"
    emit(as_json, {"reviews": [*map(render.review_object, found)]}, text)


@review.command("show", epilog=example("trapstreet access review show Q4 --open --owner anna@your.domain"))
@click.argument("name")
@click.option("--owner", metavar="OWNER", help="What this owner is asked.")
@click.option("--open", "undecided", is_flag=True, help="What is not decided yet.")
@click.option("--all", "whole", is_flag=True, help="List all items, not only the first.")
@workspace_option
@json_option
def show_review(
    name: str, *, owner: str | None, undecided: bool, whole: bool, workspace: Path | None, as_json: bool
) -> None:
    """Show a review and its items, the most sensitive first."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.reviews import shown
    from trapstreet.render import reviews as render

    found = shown(opened, name, owner=owner, undecided=undecided)
    answer = {**render.review_object(found), "items": [*map(render.item_object, found.items)]}
    emit(as_json, answer, "\n".join(render.review_lines(found, most=None if whole else render.MOST)))


def _deciding(decision: str, text: str) -> click.Command:
    """The command for a decision."""

    @click.command(
        decision,
        help=text,
        epilog=example(
            f'trapstreet access review {decision} Q4 3 7-9 --by anna@your.domain --reason "asked the team"'
        ),
    )
    @click.argument("name")
    @click.argument("item", nargs=-1, required=True)
    @click.option("--by", required=True, metavar="OWNER", help="Who decides; kept encrypted.")
    @click.option("--reason", required=True, metavar="TEXT", help="Why; kept encrypted.")
    @workspace_option
    @json_option
    def run(
        name: str, *, item: Sequence[str], by: str, reason: str, workspace: Path | None, as_json: bool
    ) -> None:
        refuse_unprintable("--by", by)
        refuse_unprintable("--reason", reason, hint="say why, in one line")
        from trapstreet.app.workspace import Workspace

        opened = Workspace.open(workspace)
        from trapstreet.app.reviews import decide
        from trapstreet.core.model.words import counted
        from trapstreet.render import reviews as render

        number, found = decide(opened, name, item, decision, by=by, reason=reason)
        done = "confirmed" if decision == "confirm" else "to be removed"
        lines = [f"{counted(number, 'item')} {done}.", render.state_line(found)]
        emit(as_json, {"decided": number, **render.review_object(found)}, "\n".join(lines))

    return run


review.add_command(_deciding("confirm", "Say that each ITEM (3, 5-9, all) of a review is still needed."))
review.add_command(
    _deciding(
        "remove",
        "Say that each ITEM (3, 5-9, all) of a review is not needed. Nothing is removed by that: "
        "access advise proposes how.",
    )
)


@review.command("export", epilog=example("trapstreet access review export Q4 --out q4.csv"))
@click.argument("name")
@click.option("--out", type=FILE, required=True, metavar="FILE", help="A new file .csv or .json.")
@workspace_option
@json_option
def export_review(name: str, *, out: Path, workspace: Path | None, as_json: bool) -> None:
    """Write who decided what, when and why, for auditors: every decision with its hash in the log."""
    from trapstreet.core.model.errors import UnusableInput

    if out.suffix.lower() not in (".csv", ".json"):
        raise UnusableInput(f"{out} is neither CSV nor JSON", hint="name a file .csv or .json")
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.reviews import export
    from trapstreet.core.model.words import counted

    number = export(opened, name, out)
    emit(as_json, {"out": str(out), "items": number}, f"{counted(number, 'item')} written to {out}.")
