"""`trapstreet alert`."""

from collections.abc import Sequence
from pathlib import Path

import click

from trapstreet.cli.options import example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit

_by = click.option("--by", metavar="NAME", help="Who; else the system's user.")


@click.group(
    epilog=example(
        "trapstreet alert list",
        'trapstreet alert ack a17 --note "looking at it"',
        "trapstreet alert test oncall",
    )
)
def command() -> None:
    """What people should know: who looks after it, and whether it reached them."""


@command.command(
    "list", epilog=example("trapstreet alert list --case k4", "trapstreet alert list --dead --json")
)
@click.option("--case", metavar="CASE", help="Those of this case, like k4.")
@click.option("--dead", is_flag=True, help="Those with a message that was tried for three days in vain.")
@click.option(
    "--all", "everything", is_flag=True, help="Acknowledged ones too, of closed cases, and mere facts."
)
@workspace_option
@json_option
def list_alerts(
    *, case: str | None, dead: bool, everything: bool, workspace: Path | None, as_json: bool
) -> None:
    """List the alerts that nobody looks after, the most severe first, and by which routes they were told."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import alerts_listed
    from trapstreet.render.cases import alert_lines

    listed = alerts_listed(opened, case=case, dead=dead, everything=everything)
    none = "No alerts that nobody looks after."
    if dead:
        none = "No alerts with a message that could not be delivered."
    elif case or everything:
        none = "No alerts yet."
    emit(as_json, listed, "\n".join(alert_lines(listed, none=none)))


@command.command(epilog=example("trapstreet alert ack a17 a18", 'trapstreet alert ack k4 --note "ours"'))
@click.argument("alert", nargs=-1, required=True)
@_by
@click.option("--note", default="", metavar="TEXT", help="Why; it is kept, sealed, in the case.")
@workspace_option
@json_option
def ack(*, alert: Sequence[str], by: str | None, note: str, workspace: Path | None, as_json: bool) -> None:
    """Acknowledge each ALERT: somebody looks after it. A case, like k4, stands for all of its alerts.

    What goes on is told again only if it gets worse, and nothing of it is passed on to other routes.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import acknowledge, this_user

    done = acknowledge(opened, alert, by=_signed(by) or this_user(), what=note)
    names = [f"a{each.id}" for each in done]
    nothing = "Nothing was acknowledged: all of them were acknowledged before."
    text = f"Acknowledged: {', '.join(names)}." if names else nothing
    emit(as_json, {"acknowledged": names}, text)


@command.command(epilog=example('trapstreet alert assign k4 --to "Aoife Byrne"'))
@click.argument("alert", nargs=-1, required=True)
@click.option("--to", required=True, metavar="NAME", help="Who is to look after it; kept encrypted.")
@_by
@workspace_option
@json_option
def assign(*, alert: Sequence[str], to: str, by: str | None, workspace: Path | None, as_json: bool) -> None:
    """Give each ALERT to somebody. A case, like k4, stands for all of its alerts."""
    refuse_unprintable("--to", to)
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import assign as assign_alerts
    from trapstreet.app.casework import this_user

    done = assign_alerts(opened, alert, to=to, by=_signed(by) or this_user())
    names = [f"a{each.id}" for each in done]
    emit(as_json, {"assigned": names, "to": to}, f"{to} looks after {', '.join(names)}.")


@command.command(epilog=example("trapstreet alert test", "trapstreet alert test oncall siem"))
@click.argument("route", nargs=-1)
@workspace_option
@json_option
def test(*, route: Sequence[str], workspace: Path | None, as_json: bool) -> int:
    """Send a test by each ROUTE of trapstreet.toml, or by all. It is one attempt, and kept nowhere.

    Exit status 2 where the settings of a route have to be mended, 3 where a receiver refuses, 4 where none
    can be reached.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.delivering import test_alert

    tried = test_alert(opened, route)
    lines = [f"{each.route}: {f'NOT TOLD: {each.error}' if each.error else 'told'}" for each in tried]
    nothing = "There is no route yet: add a section [notify.NAME] to trapstreet.toml (docs/notifiers.md)."
    emit(as_json, {"routes": tried}, "\n".join(lines) or nothing)
    return min((each.status for each in tried if each.error), default=0)


@command.command(epilog=example("trapstreet alert retry", "trapstreet alert retry a17"))
@click.argument("alert", nargs=-1)
@workspace_option
@json_option
def retry(*, alert: Sequence[str], workspace: Path | None, as_json: bool) -> None:
    """Try again to tell what could not be told, of each ALERT or of all; trapstreet work does it at once."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.app.casework import retry as retry_alerts
    from trapstreet.core.model.words import counted

    number = retry_alerts(alert)
    emit(as_json, {"retried": number}, f"{counted(number, 'message')} will be tried again now.")


def _signed(by: str | None) -> str:
    if by is not None:
        refuse_unprintable("--by", by)
    return by or ""
