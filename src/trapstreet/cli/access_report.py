"""`trapstreet access report`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import FILE, clone_option, example, json_option, workspace_option
from trapstreet.cli.output import emit, progress

if TYPE_CHECKING:
    from trapstreet.access.overview import Overview

SOMETHING_UNREAD = 6


@click.command(
    "report",
    epilog=example(
        "trapstreet access report postgresql://reader@db.internal/ --html wandering.html",
        "trapstreet access report mariadb://root@db.internal/ --clone mariadb://root@127.0.0.1:3307/",
        "trapstreet access report /srv/share",
    ),
)
@click.argument("target")
@click.option("--html", type=FILE, metavar="FILE", help="Write the page to this file; it must not exist yet.")
@click.option("--unused-for", metavar="TIME", help="An earlier use does not count: 90d, 12 weeks.")
@click.option("--job", "jobs", multiple=True, metavar="PROGRAM", help="One of no person.")
@clone_option
@workspace_option
@json_option
def report_access(
    target: str,
    *,
    html: Path | None,
    unused_for: str | None,
    jobs: tuple[str, ...],
    clone: str,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Can everybody wander into everything at TARGET? On one page.

    The ten exposures that cost most, with what each costs, by what it is open and what can safely be taken
    away, and which groups can read what. It rests on what `discover` found, on the logs that were imported,
    and on the rights as they are now. Nothing is changed. Exit status 6 if something is not known.
    """
    from trapstreet.app.access_report import report_of, write_page
    from trapstreet.app.workspace import Workspace
    from trapstreet.cli.access_use import period_of
    from trapstreet.keys.files import refuse_taken
    from trapstreet.render.access_page import report_object

    if html:
        refuse_taken(html)
    period = period_of(unused_for) if unused_for else None
    opened = Workspace.open(workspace)
    with progress("looking for what nobody needs") as told:
        page = report_of(opened, target, unused_for=period, jobs=jobs, clone=clone, progress=told)
    lines = [*_lines(page)]
    answer = report_object(page)
    if html:
        write_page(html, page)
        answer["html"] = str(html)
        lines.append(f"The page is in {html}.")
    emit(as_json, answer, "\n".join(lines))
    return SOMETHING_UNREAD if page.basis.unknown else 0


def _lines(page: "Overview") -> list[str]:
    from trapstreet.cli.tables import table
    from trapstreet.render import access_page as render
    from trapstreet.render.access import name_of

    lines, known = [render.answer(page)], page.basis.window is not None
    if page.widest:
        rows = [
            [
                name_of(each.unused.resource),
                each.unused.sensitivity,
                f"{each.unused.can}{' (all)' if each.everybody else ''}",
                *([str(each.unused.used + each.unused.by_jobs)] if known else []),
                render.cost(each, known=known),
            ]
            for each in page.widest
        ]
        header = ("what", "class", "can read", *(["did"] if known else []), "cost")
        lines += ["", table(header, rows), ""]
        lines += [
            f"{name_of(each.unused.resource)}: {render.fix_line(each.fix, '')}"
            for each in page.widest
            if each.fix.changes
        ]
        lines.append(render.proof_line(page))
    return [*lines, *render.basis_lines(page)]
