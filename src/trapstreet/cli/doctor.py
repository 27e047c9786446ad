"""trapstreet doctor"""

from pathlib import Path

import click

from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit

UNWELL = 1


@click.command(epilog=example("trapstreet doctor"))
@json_option
@workspace_option
def command(as_json: bool, workspace: Path | None) -> int:
    """Check the workspace, its keys, registry and log, and all that alerts depend on: names, trap, worker.

    One line for each, with what to do where something is wrong. Exit status 1 if anything is. This machine's
    resolver is asked for the names under [decoys] and [trap], and for nothing else; docs/work.md has all
    checks.
    """
    from trapstreet.app.doctor import examine

    checks = examine(workspace)
    lines = (
        f"{'ok     ' if check.ok else 'PROBLEM'}  {check.name:<13} {check.found}"
        + (f": {check.advice}" if check.advice else "")
        for check in checks
    )
    emit(as_json, {"checks": checks}, "\n".join(lines))
    return 0 if all(check.ok for check in checks) else UNWELL
