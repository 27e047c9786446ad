"""`trapstreet work`."""

import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.boundary import as_trapstreet_error
from trapstreet.cli.options import FOLDER, example, json_option, workspace_option
from trapstreet.cli.output import emit, note
from trapstreet.core.model.errors import Unreachable

if TYPE_CHECKING:
    from trapstreet.app.working import Taken, Worker

EVERY = 1.0
"""Seconds between two looks."""


@click.command(epilog=example("trapstreet work --trap /var/lib/trapstreet-trap", "trapstreet work --once"))
@click.option(
    "--trap",
    "traps",
    type=FOLDER,
    multiple=True,
    metavar="DIR",
    help="A trap's folder (repeatable); else those of traps under [work] in trapstreet.toml.",
)
@click.option("--once", is_flag=True, help="Take what is there, then end.")
@workspace_option
@json_option
def command(*, traps: Sequence[Path], once: bool, workspace: Path | None, as_json: bool) -> None:
    """Take what traps heard, and find out which decoys and breadcrumbs were used.

    Each hit is kept in the registry before it leaves the trap's spool, and is there once, whenever this is
    ended. Without --once it looks every second until it is told to stop (SIGTERM or Ctrl-C). trapstreet
    sighting list shows what was used.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.geography import Places
    from trapstreet.app.working import Worker

    settings, stop = opened.settings, threading.Event()
    folders = list(traps) or [opened.root / folder for folder in settings.work.traps]
    databases = [opened.root / path for path in settings.trap.geography]
    with Places(databases=databases, inside=settings.trap.inside) as places:
        worker = Worker(opened, folders, places)
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        total = _once(worker) if once else _go_on(worker, stop)
    emit(as_json, total, _line(total))


def _once(worker: "Worker") -> "Taken":
    from trapstreet.app.working import Taken

    return sum((taken for trap in worker.traps for taken in worker.take(trap)), Taken())


def _go_on(worker: "Worker", stop: threading.Event) -> "Taken":
    """Look again and again until it is told to stop. What cannot be reached is told once, and tried again;
    other traps do not wait for it."""
    from trapstreet.app.working import Taken

    total, told = Taken(), dict.fromkeys(worker.traps, "")
    while not stop.is_set():
        for trap in worker.traps:
            try:
                for taken in worker.take(trap):
                    total += taken
                    if taken.sightings or taken.damaged:
                        note(_line(taken))
                    if stop.is_set():
                        break
                told[trap] = ""
            except Exception as error:
                why = _unreachable(error)
                if not why:
                    raise
                if why != told[trap]:
                    note(f"trapstreet: {why}; it is tried again every second")
                told[trap] = why
        stop.wait(EVERY)
    return total


def _unreachable(error: Exception) -> str:
    """What is away for the time being; "" where it is another error. The registry is connected anew then."""
    from django.db import connection

    known = as_trapstreet_error(error)
    if not isinstance(known, Unreachable):
        return ""
    connection.close()
    return str(known)


def _line(taken: "Taken") -> str:
    from trapstreet.render.sightings import taken_line

    return taken_line(taken.hits, taken.sightings, background=taken.background, damaged=taken.damaged)
