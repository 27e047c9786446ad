"""`trapstreet suppress`."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trapstreet.cli.options import FILE, example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import counted

if TYPE_CHECKING:
    from trapstreet.app.suppressing import Ran
    from trapstreet.app.workspace import Workspace
    from trapstreet.core.model.protected import Protected
    from trapstreet.core.ports import Progress
    from trapstreet.store.models import SuppressionJob


@click.group(
    epilog=example(
        "trapstreet suppress run billing due.csv --out invoices.csv --token /etc/billing.token",
        "psql -c 'copy due to stdout csv header' | trapstreet suppress run billing - > invoices.csv",
    )
)
def command() -> None:
    """Keep decoys out of billing, mailing, statistics and exports: the last step before rows are used.

    Whoever compares what goes in with what comes out knows the decoys: let a service account run it, and
    nobody keep both.
    """


@command.command(
    epilog=example(
        "trapstreet suppress run billing due.csv --out invoices.csv --token /etc/billing.token",
    )
)
@click.argument("job")
@click.argument("file")
@click.option("--out", metavar="FILE|URL", help="Where the rest goes; it must not exist yet.")
@click.option("--token", type=FILE, help="The file with the job's token; else it is in TRAPSTREET_JOB_TOKEN.")
@workspace_option
@json_option
def run(
    *, job: str, file: str, out: str | None, token: Path | None, workspace: Path | None, as_json: bool
) -> None:
    """Write FILE again without decoys, every other row as it stands; - takes CSV or JSON lines from standard
    input to standard output.

    Nothing is written before all rows have gone through and the call is in the log.
    """
    from trapstreet.app.suppressing import run_job, tell, token_from
    from trapstreet.app.workspace import Workspace

    if file == "-" and (out or as_json):
        raise UnusableInput(
            "rows from standard input go to standard output",
            hint="leave out --out and --json, or name a file",
        )
    if file != "-" and out is None:
        raise UnusableInput("a file is written to another", hint="pass --out, or - for standard input")
    shown = token_from(token)
    opened = Workspace.open(workspace)
    with progress("suppressing") as told:
        if out is None:
            ran = _filtered(opened, job, shown, told)
        else:
            ran = run_job(opened, job, file, out, token=shown, progress=told)
    tell(ran.alerts)
    if out is not None:
        answer = {"job": job, "out": without_password(out), "rows": ran.rows, "alerts": list(ran.alerts)}
        emit(as_json, answer, f"{counted(ran.rows, 'row')} went through; the rest is in {answer['out']}.")


def _filtered(workspace: "Workspace", job: str, token: "Protected[str]", told: "Progress") -> "Ran":
    """Standard input to standard output."""
    from trapstreet.app.suppressing import admit, streamed

    admitted = admit(workspace, job, token)
    with streamed(workspace, admitted, sys.stdin.buffer, progress=told) as (ran, cleaned):
        with cleaned.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return ran


@command.group()
def job() -> None:
    """The jobs that may call."""


@job.command(
    epilog=example(
        "trapstreet suppress job add billing --data-set customers --rows 80000 --calls 2/month \\",
        '    --purpose "monthly invoices" --token /etc/billing.token',
        "trapstreet suppress job add orders … --column customer_no=buyer",
        "trapstreet suppress job add statistics … --column orders.number=order_no",
    )
)
@click.argument("name")
@click.option("--data-set", required=True, help="The data set whose decoys are to fall out.")
@click.option("--purpose", required=True, help="What the job is for.")
@click.option(
    "--rows", required=True, type=click.IntRange(1, 10**9), help="How many different customers a call has."
)
@click.option(
    "--calls", default="2/day", show_default=True, help="How often: N/hour, N/day, N/week, N/month."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="COLUMN=NAME",
    help="The data set's COLUMN is called NAME in what the job passes on. Numbers of tables that refer to "
    "planted decoys are TABLE.COLUMN, like orders.number.",
)
@click.option("--token", required=True, type=FILE, help="The new file that the job's token is written to.")
@workspace_option
@json_option
def add(
    *,
    name: str,
    data_set: str,
    purpose: str,
    rows: int,
    calls: str,
    columns: Sequence[str],
    token: Path,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Register the job NAME: what it is for, how many rows it passes on, how often.

    The token is all that the job shows. It is nowhere else: make the file readable for the job's account
    alone.
    """
    from trapstreet.app.suppressing import NewJob, add_job
    from trapstreet.app.workspace import Workspace

    refuse_unprintable("NAME", name)
    refuse_unprintable("--purpose", purpose)
    often, period = _calls(calls)
    new = NewJob(name, data_set, purpose, rows, often, period, _renamed(columns))
    opened = Workspace.open(workspace)
    with opened.writing():
        added = add_job(opened, new, token)
    emit(as_json, _shown(added) | {"token": str(token)}, f"Job {name!r} may call; its token is in {token}.")


@job.command("list", epilog=example("trapstreet suppress job list"))
@workspace_option
@json_option
def list_jobs(workspace: Path | None, as_json: bool) -> None:
    """List every job: what it is for, what it is registered for, when it called last."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.render.words import day
    from trapstreet.store import suppression

    jobs = [
        _shown(each) | {"called": called, "last": day(last) if last else None}
        for each, called, last in suppression.jobs()
    ]
    lines = [
        f"{each['job']}  {each['data_set']}  {counted(each['rows'], 'row')}  {each['calls']}  "
        f"{each['status']}  called {counted(each['called'], 'time')}, last {each['last'] or 'never'}  "
        f"{each['purpose']}"
        for each in jobs
    ]
    emit(
        as_json, {"jobs": jobs}, "\n".join(lines) or "No jobs yet. Register one: trapstreet suppress job add"
    )


@job.command(epilog=example("trapstreet suppress job end billing"))
@click.argument("name")
@workspace_option
@json_option
def end(*, name: str, workspace: Path | None, as_json: bool) -> None:
    """Refuse the job NAME from now on."""
    from trapstreet.app.suppressing import end_job
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    with opened.writing():
        end_job(opened, name)
    emit(as_json, {"job": name, "status": "ended"}, f"Job {name!r} has ended.")


def _calls(text: str) -> tuple[int, str]:
    from trapstreet.suppress import PERIODS

    number, _, period = text.partition("/")
    if not number.isdecimal() or not 0 < int(number) <= 10_000 or period not in PERIODS:
        raise UnusableInput(f"--calls {text!r}", hint="write it like 2/day; hour, week and month do too")
    return int(number), period


def _renamed(columns: Sequence[str]) -> dict[str, str]:
    renamed = {}
    for each in columns:
        own, mark, theirs = each.partition("=")
        if not (own and mark and theirs):
            raise UnusableInput(f"--column {each!r}", hint="write it like customer_no=buyer")
        renamed[own] = theirs
    return renamed


def _shown(job: "SuppressionJob") -> dict[str, Any]:
    from trapstreet.render.words import day

    return {
        "job": job.name,
        "data_set": job.data_set.name,
        "purpose": job.purpose,
        "rows": job.rows,
        "calls": f"{job.calls}/{job.period}",
        "columns": job.columns,
        "registered": day(job.created_at),
        "status": "open" if job.ended_at is None else f"ended {day(job.ended_at)}",
    }
