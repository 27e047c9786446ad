"""`trapstreet access apply`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import FOLDER, example, json_option, workspace_option
from trapstreet.cli.output import emit
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.applying import Undone
    from trapstreet.app.plans import Plan
    from trapstreet.app.workspace import Workspace

SOMETHING_GONE = 6


@click.command(
    epilog=example("trapstreet access apply less", "trapstreet access apply less --undo"),
)
@click.argument("folder", type=FOLDER)
@click.option("--undo", "back", is_flag=True, help="Give back what was taken away.")
@workspace_option
@json_option
def apply(folder: Path, *, back: bool, workspace: Path | None, as_json: bool) -> int:
    """Make the changes of the plan in FOLDER, which `access advise` wrote, or take them back.

    It is refused if any right has changed since. All is changed in one transaction a database, in which
    effective access is looked at again: if it is not just what was planned, nothing stays changed. Where
    there is a workspace, `access diff` tells when somebody gives back what was taken away. Exit status 6 if
    some of it cannot be given back since what it is of is gone; when that is there again, it can be.
    """
    from trapstreet.app.plans import plan_in

    plan = plan_in(folder)
    opened = _workspace(workspace)
    undone: Undone | None = None
    if back:
        undone = _undo(plan, opened)
    else:
        _make(plan, opened)
    document = {
        "place": plan.place,
        "changes": len(plan.changes),
        "undone": back,
        "gone": [each.says for each in undone.gone] if undone else [],
        "others": [*undone.others] if undone else [],
    }
    emit(as_json, document, "\n".join(_undone_lines(plan, undone) if undone else _made_lines(plan)))
    return SOMETHING_GONE if undone and undone.gone else 0


def _make(plan: "Plan", opened: "Workspace | None") -> None:
    from trapstreet.app.applying import apply, interruptible
    from trapstreet.app.drift import taken_away

    with interruptible(plan):
        apply(plan)
        if opened:
            taken_away(opened, plan.place, plan.takes)


def _undo(plan: "Plan", opened: "Workspace | None") -> "Undone":
    from trapstreet.app.applying import interruptible, undo
    from trapstreet.app.drift import given_back

    with interruptible(plan):
        undone = undo(plan)
    if opened:
        missing = {(each.of, each.on) for each in undone.gone}
        given_back(opened, plan.place, [each for each in plan.takes if each not in missing])
    return undone


def _made_lines(plan: "Plan") -> Iterator[str]:
    from trapstreet.core.model.words import printable
    from trapstreet.render.advice import turned

    yield f"{turned(plan.changes, at=f' at {printable(plan.place)}')}; access is now as planned."
    yield f"To give them back: trapstreet access apply {plan.folder} --undo"


def _undone_lines(plan: "Plan", undone: "Undone") -> Iterator[str]:
    from trapstreet.core.model.words import counted, printable

    rights = counted(len(undone.back), "right")
    more = "" if undone.back or undone.gone else ": none of the plan's had been taken away"
    yield f"{rights} given back at {printable(plan.place)}{more}."
    yield from (f"Not given back, since it is gone: {printable(each.says)}" for each in undone.gone)
    if undone.gone:
        yield f"When it is there again: trapstreet access apply {plan.folder} --undo"
    yield from (f"Not as before the plan, by others: {each}" for each in undone.others)


def _workspace(asked: Path | None) -> "Workspace | None":
    """The workspace that is asked for, or the one there is, if any."""
    from trapstreet.app.workspace import Workspace, find

    try:
        find(asked)
    except UnusableInput:
        if asked:
            raise
        return None
    return Workspace.open(asked)
