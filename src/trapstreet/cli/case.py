"""`trapstreet case`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from trapstreet.cli.options import example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit, note
from trapstreet.core.model.errors import UnusableInput

_by = click.option("--by", metavar="NAME", help="Who; else the system's user.")


@click.group(
    epilog=example(
        "trapstreet case list",
        "trapstreet case show k4",
        'trapstreet case aware k4 --by "Aoife Byrne" --at 2026-11-22T14:05+00:00',
        "trapstreet case export k4 --out case.html",
        'trapstreet case evidence k4 --out found.csv --reason "for counsel"',
    )
)
def command() -> None:
    """All alerts of one incident: what happened, what to do, what was decided, how long there is."""


@command.command("list", epilog=example("trapstreet case list", "trapstreet case list --all --json"))
@click.option("--all", "everything", is_flag=True, help="Closed cases too, and those of automata alone.")
@workspace_option
@json_option
def list_cases(*, everything: bool, workspace: Path | None, as_json: bool) -> None:
    """List the open cases, the most severe first."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import cases_listed
    from trapstreet.render.cases import case_lines

    listed = cases_listed(opened, everything=everything)
    emit(as_json, listed, "\n".join(case_lines(listed)))


@command.command(epilog=example("trapstreet case show k4"))
@click.argument("case")
@workspace_option
@json_option
def show(*, case: str, workspace: Path | None, as_json: bool) -> None:
    """Show a CASE: its alerts, what people did, what to do and what to leave alone, and the 72 hours.

    Who did what is shown to whoever holds the workspace's keys: it is their record of the case.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import case_shown
    from trapstreet.render.cases import shown_lines

    shown = case_shown(opened, case)
    emit(as_json, shown, "\n".join(shown_lines(shown)))


@command.command(
    epilog=example(
        'trapstreet case aware k4 --by "Aoife Byrne"',
        'trapstreet case aware k4 --by "Aoife Byrne" --at 2026-11-22T14:05+00:00 --note "after the call"',
    )
)
@click.argument("case")
@click.option("--by", required=True, metavar="NAME", help="Who decides that; kept encrypted.")
@click.option("--at", "at", metavar="TIME", help="Since when, like 2026-11-22T14:05+01:00; else now.")
@click.option("--note", default="", metavar="TEXT", help="Why; it is kept, sealed, in the case.")
@workspace_option
@json_option
def aware(*, case: str, by: str, at: str | None, note: str, workspace: Path | None, as_json: bool) -> None:
    """Record the decision that the organisation is aware of a breach of personal data.

    It starts the 72 hours in which the authority is to be told (GDPR Art. 33). trapstreet never decides that:
    an alert is a suspicion. The decision is in the log for good; a later one takes its place.
    """
    refuse_unprintable("--by", by)
    since = _moment(at) if at else None
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import case_shown, record_awareness
    from trapstreet.app.clock import now
    from trapstreet.render.cases import aware_lines

    record_awareness(opened, case, by=by, since=now() if since is None else since, what=note)
    shown = case_shown(opened, case)
    answer = {"case": shown.case.case, "aware_since": shown.case.aware_since}
    emit(
        as_json,
        answer | {"authority_by": shown.case.authority_by, "left": shown.left},
        "\n".join(aware_lines(shown)),
    )


@command.command("note", epilog=example('trapstreet case note k4 "Counsel was called." --by "Aoife Byrne"'))
@click.argument("case")
@click.argument("text")
@_by
@workspace_option
@json_option
def add_note(*, case: str, text: str, by: str | None, workspace: Path | None, as_json: bool) -> None:
    """Add TEXT to a CASE: what was done, by whom, what came of it; - reads it from standard input.

    It is kept encrypted, and by its hash in the log.
    """
    what = (sys.stdin.read() if text == "-" else text).strip()
    if not what:
        raise UnusableInput("the note is empty", hint="write what is to be remembered")
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import note, this_user

    found = note(opened, case, by=_signed(by) or this_user(), what=what)
    emit(as_json, {"case": f"k{found.id}"}, f"Noted in case k{found.id}.")


@command.command(epilog=example('trapstreet case close k4 --why "a scan of our own"'))
@click.argument("case")
@click.option("--why", default="", metavar="TEXT", help="What it came to; kept, sealed, in the case.")
@_by
@workspace_option
@json_option
def close(*, case: str, why: str, by: str | None, workspace: Path | None, as_json: bool) -> None:
    """Close a CASE. What goes on of it tells nothing more unless it gets worse; something new opens another
    case, which names this one."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import close as close_case
    from trapstreet.app.casework import this_user

    found = close_case(opened, case, by=_signed(by) or this_user(), what=why)
    emit(as_json, {"case": f"k{found.id}", "closed": True}, f"Case k{found.id} is closed.")


@command.command(
    epilog=example(
        "trapstreet case export k4 --out case.html", "trapstreet case export k4 --out /srv/cases/k4"
    )
)
@click.argument("case")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A new FILE.html, or a new folder for page, data and drafts.",
)
@workspace_option
@json_option
def export(*, case: str, out: Path, workspace: Path | None, as_json: bool) -> None:
    """Write a CASE down: what happened, a timeline, what to do; and drafts for the authority (GDPR Art. 33),
    for the people concerned (Art. 34) and, where data was found, for a takedown.

    What is known is filled in, every gap is marked. The files are for their owner alone.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.dossiers import export_case

    written = [str(path) for path in export_case(opened, case, out)]
    emit(as_json, {"written": written}, "\n".join(f"Written: {path}" for path in written))


@command.command(
    epilog=example(
        'trapstreet case evidence k4 --out found.csv --reason "for counsel"',
        'trapstreet case evidence k4 --snapshot s7 --destroy --reason "asked by the person concerned"',
    )
)
@click.argument("case")
@click.option("--snapshot", metavar="ID", help="Which one, like s7, where the case has several.")
@click.option("--out", type=click.Path(path_type=Path), help="A new file for what lay there.")
@click.option("--destroy", is_flag=True, help="Destroy the snapshot for good: its key, then its file.")
@click.option("--reason", required=True, help="Why; it is kept, sealed, in the log or the case.")
@_by
@workspace_option
@json_option
def evidence(
    *,
    case: str,
    snapshot: str | None,
    out: Path | None,
    destroy: bool,
    reason: str,
    by: str | None,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Write what the watch found, as it lay there, to a new file; or destroy it before its time.

    The file is in plain text and may be hostile: do not open it outside of a machine made for that. That it
    was asked for is in the log first. What is kept is listed by trapstreet case show.
    """
    if (out is None) != destroy or not reason.strip():
        raise UnusableInput(
            "pass --out FILE or --destroy, and say why with --reason",
            hint="trapstreet case show lists what is kept",
        )
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.casework import note as add
    from trapstreet.app.casework import this_user
    from trapstreet.app.snapshots import destroy as destroy_now
    from trapstreet.app.snapshots import snapshot_named, write_out

    found = snapshot_named(opened, case, snapshot)
    answer = {"snapshot": f"s{found.id}", "path": found.about.path, "sha256": found.about.sha256}
    if out is not None:
        write_out(opened, found, out, reason=reason.strip())
        note(found.about.remark)
        note("It holds personal data in plain text: keep it where few can read it, and delete it when done.")
        emit(as_json, answer | {"written": str(out)}, f"Written: {out}")
        return
    destroy_now(opened, [found])
    add(opened, case, by=_signed(by) or this_user(), what=f"The snapshot s{found.id} was destroyed: {reason}")
    emit(as_json, answer | {"destroyed": True}, f"The snapshot s{found.id} is destroyed; its hash stays.")


def _moment(text: str) -> int:
    """Unix µs of a time; UTC where it does not say."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UnusableInput(
            f"--at {text!r} is no time", hint="write it like 2026-11-22T14:05+01:00; without a zone it is UTC"
        ) from error
    found = found.replace(tzinfo=found.tzinfo or UTC)
    if found > datetime.now(UTC):
        raise UnusableInput(f"--at {text} is still to come", hint="name the time when it became known")
    return int(found.timestamp() * 1_000_000)


def _signed(by: str | None) -> str:
    if by is not None:
        refuse_unprintable("--by", by)
    return by or ""
