"""`trapstreet watch`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit, note
from trapstreet.cli.watch_add import add
from trapstreet.cli.watch_control import control

if TYPE_CHECKING:
    from trapstreet.app.watch_rounds import Outcome
    from trapstreet.app.watched import Health, Holding
    from trapstreet.app.workspace import Workspace

FOUND, SOMETHING_UNREAD = 1, 6


@click.group(
    epilog=example(
        "trapstreet watch add directory --name finance --url /mnt/finance",
        "trapstreet watch run",
        "trapstreet watch status",
    )
)
def command() -> None:
    """Look all the time where your data should not be."""


command.add_command(add)
command.add_command(control)


@command.command("list", epilog=example("trapstreet watch list", "trapstreet watch list --json"))
@workspace_option
@json_option
def list_sources(workspace: Path | None, as_json: bool) -> None:
    """List what is watched: kind, how often, where."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.app import watched
    from trapstreet.cli.tables import table
    from trapstreet.core.model.amounts import duration_text
    from trapstreet.core.model.words import printable
    from trapstreet.render.watching import NONE

    rows = watched.status()
    listed = [{"name": e.name, "kind": e.kind, "every": duration_text(e.every), "url": e.url} for e in rows]
    shown = (
        table(tuple(listed[0]), [[printable(text) for text in each.values()] for each in listed])
        if rows
        else NONE
    )
    emit(as_json, {"sources": listed}, shown)


@command.command(epilog=example("trapstreet watch remove finance"))
@click.argument("name")
@workspace_option
@json_option
def remove(name: str, workspace: Path | None, as_json: bool) -> None:
    """Watch NAME no longer. What was seen there is forgotten, and its control record taken out of it; alerts
    and cases stay."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.control_records import take_away
    from trapstreet.app.remembering import memory_of
    from trapstreet.core.model.words import counted
    from trapstreet.store import watching

    source = watching.source_named(name)
    number = source.id
    with opened.writing():
        left = take_away(opened, source)
    watching.remove(source)
    memory_of(opened).forget(number)
    objects = counted(source.objects_there, "object")
    text = f"{name} is watched no longer; {objects} seen there are forgotten. Alerts and cases stay."
    lines = [text, f"LEFT  its control record: {left}"] if left else [text]
    emit(as_json, {"removed": name, "objects": source.objects_there, "left": left}, "\n".join(lines))


@command.command(epilog=example("trapstreet watch status", "trapstreet watch status finance --json"))
@click.argument("name", required=False)
@workspace_option
@json_option
def status(name: str | None, workspace: Path | None, as_json: bool) -> None:
    """How each watched source is, or NAME in detail: health, last round and next, objects, what was found."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.app import watched
    from trapstreet.render.watching import NONE, UNTOLD, when

    rows = watched.status((name,) if name else ())
    since = watched.untold()
    untold = [f"NOT TOLD  {UNTOLD.format(since=when(since))}"] if since is not None else []
    if name is None:
        lines = [_table(rows) if rows else NONE, *untold]
        emit(as_json, {"sources": rows, "untold_since": since}, "\n".join(lines))
        return
    from trapstreet.store import recalls

    there, again = watched.holding(name), recalls.waiting(name)
    document = {"sources": rows, "holding": there, "read_again": again, "untold_since": since}
    emit(as_json, document, "\n".join([*_details(rows[0], there, again), *untold]))


@command.command(epilog=example("trapstreet watch run", "trapstreet watch run --once finance"))
@click.argument("name", nargs=-1)
@click.option("--once", is_flag=True, help="Look at each once, whether it is due or not, then end.")
@workspace_option
@json_option
def run(*, name: Sequence[str], once: bool, workspace: Path | None, as_json: bool) -> int:
    """Look at what is watched, or at each NAME, whenever it is due, until told to stop (SIGTERM or Ctrl-C).

    Several may run at a time, on several machines: they share the work. What they find is an alert
    (docs/alerts.md), which trapstreet work or serve tells. With --once the exit status is 1 if something was
    found, 6 if nothing was, but something could not be read, and that of a source that fails if all do.
    """
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.search import matcher_remark
    from trapstreet.store import watching

    ids = {watching.source_named(each).id for each in name} or None
    note(matcher_remark())
    if once:
        return _once(opened, ids, as_json=as_json)
    from trapstreet.app.jobs import holder_name
    from trapstreet.app.watching import Watcher
    from trapstreet.cli.work import Explained
    from trapstreet.work.loop import Loop
    from trapstreet.work.process import run as run_loop

    holder = holder_name()
    watcher = Watcher(opened, holder=holder, only=ids, say=_told)
    watcher.give_back()
    loop = Loop(watcher.jobs(), holder=holder, explain=Explained(), tell=_told)
    try:
        run_loop(loop, port=0, metrics=lambda: (), say=_told)
    finally:
        watcher.give_back()
    emit(as_json, {}, "The watch has ended.")
    return 0


def _once(opened: "Workspace", ids: set[int] | None, *, as_json: bool) -> int:
    from trapstreet.app.jobs import holder_name
    from trapstreet.app.watching import Watcher
    from trapstreet.store import watching

    asked = {each.id: each.name for each in watching.sources() if ids is None or each.id in ids}
    done: list[Outcome] = []
    Watcher(opened, holder=holder_name(), say=lambda _: None, ended=done.append).once(asked)
    elsewhere = sorted(set(asked.values()) - {each.name for each in done})
    done.sort(key=lambda each: each.name)
    emit(as_json, _document(done, elsewhere), "\n".join(_lines(done, elsewhere)))
    if any(each.figures.findings for each in done):
        return FOUND
    errors = [each.error for each in done if each.error]
    if errors and len(errors) == len(asked):
        return errors[0].status
    return SOMETHING_UNREAD if errors or any(each.figures.unread for each in done) else 0


def _document(done: "Sequence[Outcome]", elsewhere: Sequence[str]) -> dict[str, object]:
    rounds = [
        {"name": each.name, "error": str(each.error) if each.error else "", "figures": each.figures}
        for each in done
    ]
    return {"rounds": rounds, "elsewhere": elsewhere}


def _lines(done: "Sequence[Outcome]", elsewhere: Sequence[str]) -> list[str]:
    from trapstreet.render.watching import NONE, not_read_lines, round_line

    lines = []
    for each in done:
        lines.append(f"{each.name}: {round_line(each.figures)}.")
        lines += [f"  {line}" for line in not_read_lines(each.figures)]
        if each.error:
            lines.append(f"  FAILED  {each.error}")
    lines += [f"{name}: another watcher is at it." for name in elsewhere]
    return lines or [NONE]


def _table(rows: "Sequence[Health]") -> str:
    from trapstreet.cli.tables import table
    from trapstreet.core.model.words import printable
    from trapstreet.render.proven import proof_cell
    from trapstreet.render.watching import LATE, when

    def health(row: "Health") -> str:
        return LATE if row.state == "late" else f"failing: {row.why}" if row.state == "failing" else row.state

    names = ("source", "kind", "last round", "next", "objects", "not read", "hold data", "health", "proof")
    cells = [
        [
            row.name,
            row.kind,
            when(row.ended_at),
            when(row.due_at),
            f"{row.objects:,}",
            f"{row.unread:,}",
            f"{row.found:,}",
            health(row),
            proof_cell(row.proof),
        ]
        for row in rows
    ]
    return table(names, [[printable(cell) for cell in row] for row in cells])


def _details(row: "Health", there: "Sequence[Holding]", again: int) -> list[str]:
    from trapstreet.core.model.words import counted, printable
    from trapstreet.render.proven import proof_line
    from trapstreet.render.watching import every_text, not_read_lines, round_line, when

    lines = [
        _table([row]),
        "",
        f"{row.kind}, {every_text(row.every)}: {printable(row.url)}",
        f"All of it was listed last: {when(row.whole_at)}.",
        proof_line(row.proof, row.name),
        f"The {'round under way' if row.state == 'under way' else 'last round'}: {round_line(row.figures)}.",
        *not_read_lines(row.figures),
    ]
    if row.failing_since is not None:
        lines.append(f"FAILING since {when(row.failing_since)}, {counted(row.failures, 'time')}: {row.why}")
    if again:
        lines.append(f"{counted(again, 'object')} seen before, with values of new data, will be read again.")
    for each in there:
        readers = f", which {each.readers} may read" if each.readers else ""
        lines.append(f"HOLDS YOUR DATA  {each.path}{readers}: {counted(each.findings, 'finding')}")
    return lines


def _told(line: str) -> None:
    note(f"trapstreet: {line}")
