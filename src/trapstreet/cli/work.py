"""`trapstreet work`."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.boundary import as_trapstreet_error, record_bug
from trapstreet.cli.options import FOLDER, example, json_option, workspace_option
from trapstreet.cli.output import emit, note

REGISTRY = "the registry: "
"""How errors of the database begin: whatever it says while it is away, it is one thing."""

if TYPE_CHECKING:
    from trapstreet.app.jobs import Done
    from trapstreet.work.loop import Why


@click.command(epilog=example("trapstreet work --trap /var/lib/trapstreet-trap", "trapstreet work --once"))
@click.option(
    "--trap",
    "traps",
    type=FOLDER,
    multiple=True,
    metavar="DIR",
    help="A trap's folder (repeatable); else those of [work] and [serve] in trapstreet.toml.",
)
@click.option("--once", is_flag=True, help="Do one round of everything, then end.")
@workspace_option
@json_option
def command(*, traps: Sequence[Path], once: bool, workspace: Path | None, as_json: bool) -> None:
    """Take what traps heard, find out which decoys were used, raise alerts and tell people.

    Each hit is kept in the registry before it leaves the trap's spool, and is there once, whenever this is
    ended. Without --once it goes on until it is told to stop (SIGTERM or Ctrl-C); several workers share the
    work. trapstreet sighting list shows what was used, and docs/work.md what else is done.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.delivering import mistakes
    from trapstreet.app.geography import Places
    from trapstreet.app.jobs import Duties, holder_name
    from trapstreet.app.own_trap import own_traps
    from trapstreet.app.working import Worker
    from trapstreet.work.loop import Loop, once_each
    from trapstreet.work.process import run

    settings = opened.settings
    databases = [opened.root / path for path in settings.trap.geography]
    with Places(databases=databases, inside=settings.trap.inside) as places:
        worker = Worker(opened, list(traps) or own_traps(opened), places)
        holder = holder_name()
        duties = Duties(opened, worker, holder=holder, say=(lambda _: None) if once else note)
        if once:
            once_each(duties.jobs())
        else:
            for mistake in mistakes(opened).values():
                _told(f"{mistake}; nobody is told by it until that is mended")
            loop = Loop(duties.jobs(), holder=holder, explain=Explained(), tell=_told)
            run(loop, port=settings.work.port, metrics=duties.metrics, say=_told)
    emit(as_json, _document(duties.done), _line(duties.done))


class Explained:
    """Errors in words; a bug is recorded once for each place where it happens."""

    def __init__(self) -> None:
        self._bugs: dict[tuple[str, int], str] = {}

    def __call__(self, error: Exception) -> "Why":
        from trapstreet.work.loop import Why

        known = as_trapstreet_error(error)
        if known is not None:
            away = known.message.startswith(REGISTRY)
            return Why(REGISTRY if away else str(known), str(known))
        *_, last = traceback.extract_tb(error.__traceback__)
        place = last.filename, last.lineno or 0
        if place not in self._bugs:
            self._bugs[place] = ": ".join(record_bug(error))
        return Why(self._bugs[place], self._bugs[place])


def _told(line: str) -> None:
    note(f"trapstreet: {line}")


def _document(done: "Done") -> dict[str, int]:
    import msgspec

    document: dict[str, int] = msgspec.to_builtins(done)
    return {**document.pop("taken"), **document}  # type: ignore[dict-item]


def _line(done: "Done") -> str:
    from trapstreet.app.jobs import taken_text
    from trapstreet.core.model.words import counted

    reminded = f", {counted(done.reminded, 'reminder')} of reviews" if done.reminded else ""
    told = f"{counted(done.alerts, 'alert')}, {counted(done.sent, 'message')}{reminded} sent."
    line = f"{taken_text(done.taken)} {told}"
    return (
        f"{line} NOT SENT for now: {done.failed:,}; trapstreet alert list says why." if done.failed else line
    )
