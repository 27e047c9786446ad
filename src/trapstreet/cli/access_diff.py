"""`trapstreet access diff`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import day_begins, example, json_option, workspace_option
from trapstreet.cli.output import emit

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace

FOUND, SOMETHING_UNREAD = 1, 6


@click.command(
    "diff",
    epilog=example(
        "trapstreet access diff postgresql://reader@db.internal/",
        "trapstreet access diff /srv/share --since 2026-11-01",
    ),
)
@click.argument("target")
@click.option("--since", metavar="DATE", help="What is on record from this day on; TARGET is not asked.")
@click.option("--all", "whole", is_flag=True, help="List all changes, not only the first.")
@workspace_option
@json_option
def diff(target: str, *, since: str | None, whole: bool, workspace: Path | None, as_json: bool) -> int:
    """What changed in the rights at TARGET since the last time: who can read what was out of reach, and by
    which grant.

    TARGET is as for access map. The first time its rights are kept. Each change is told once, stays on record
    (--since), and is an alert where it matters: a grant to everybody, a new superuser, a file that all may
    read. What cannot be read now, or could not be then, is never called new or gone. Exit status 1 if
    something changed, 6 if nothing did and something could not be read.
    """
    from trapstreet.app.workspace import Workspace

    begins = None if since is None else day_begins(since)
    opened = Workspace.open(workspace)
    if begins is not None:
        return _history(opened, target, begins, whole=whole, as_json=as_json)
    from trapstreet.app.drift import compare
    from trapstreet.core.model.words import printable
    from trapstreet.render import drift as render

    found = compare(opened, target)
    changes = [(each.at, each.change, each.alert) for each in found.changes]
    if found.since is None:
        head = f"{found.edition} at {printable(found.place)}: its rights are kept from now on."
        lines = [head, f"See what changes: trapstreet access diff {printable(target)}"]
    else:
        alerts = len({each.alert for each in found.changes if each.alert})
        lines = [
            render.summary(found.place, found.edition, since=found.since, changes=len(changes), alerts=alerts)
        ]
        lines += render.change_lines(changes, most=None if whole else render.MOST)
    lines += [f"NOT KNOWN {printable(each)}" for each in found.unknown]
    where = [printable(".".join(each)) or "all of it" for each in found.hidden]
    lines += [f"NOT COMPARED {each}: it could not be read at one of the two times" for each in where]
    answer = {
        "place": found.place,
        "edition": found.edition,
        "since": found.since,
        "at": found.at,
        "changes": [
            render.change_object(each.since, each.at, each.change, each.alert) for each in found.changes
        ],
        "unknown": [*map(printable, found.unknown)],
        "not_compared": where,
    }
    emit(as_json, answer, "\n".join(lines))
    if changes:
        return FOUND
    return SOMETHING_UNREAD if found.unknown or found.hidden else 0


def _history(opened: "Workspace", target: str, begins: int, *, whole: bool, as_json: bool) -> int:
    from trapstreet.app.drift import history
    from trapstreet.render import drift as render

    told = history(opened, target, since=begins)
    lines = [
        *render.history_lines(
            [(each.at, each.change, each.alert) for each in told], most=None if whole else render.MOST
        )
    ]
    answer = [render.change_object(each.since, each.at, each.change, each.alert) for each in told]
    emit(as_json, {"changes": answer}, "\n".join(lines) or "No change is on record from that day on.")
    return 0
