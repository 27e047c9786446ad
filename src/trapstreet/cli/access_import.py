"""`trapstreet access import`."""

from pathlib import Path

import click

from trapstreet.cli.options import FILE, example, json_option, workspace_option
from trapstreet.cli.output import emit, progress

SOMETHING_UNREAD = 6


@click.command(
    "import",
    epilog=example(
        "trapstreet access import /var/log/postgresql/*.csv --place postgresql://db.internal/",
        "trapstreet access import /var/log/samba/audit.log --place /srv/share",
        "trapstreet access import server_audit.log* --place mariadb://db.internal/ --time-zone Europe/Dublin",
    ),
)
@click.argument("logs", nargs=-1, required=True, type=FILE, metavar="LOG...")
@click.option(
    "--place",
    "places",
    required=True,
    multiple=True,
    metavar="URL",
    help="Whose logs these are: the server, or a folder.",
)
@click.option(
    "--time-zone",
    metavar="ZONE",
    help="The zone of the logs' times, like Europe/Dublin, where they do not say it; else UTC.",
)
@workspace_option
@json_option
def import_logs(
    logs: tuple[Path, ...],
    *,
    places: tuple[str, ...],
    time_zone: str | None,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Take in access logs: who used what, and when. No value of any statement is kept.

    Read are PostgreSQL's csvlog and jsonlog with pgaudit or log_statement, MariaDB's server_audit, of files
    Samba's vfs_full_audit and Linux' audit.log, and JSON lines of one's own (docs/use.md); gzip and zstd are
    unpacked. A log that was imported before adds nothing but what came behind. Exit status 6 if lines could
    not be read, or uses are of nothing at that place.
    """
    from trapstreet.app.log_imports import import_log, importing, zone_named
    from trapstreet.app.logged_places import logged_place
    from trapstreet.app.workspace import Workspace
    from trapstreet.core.model.errors import UnusableInput
    from trapstreet.core.model.words import printable
    from trapstreet.render import uses as render

    if len(places) > 1:
        raise UnusableInput("--place stands there more than once", hint="import each one's logs apart")
    whose, zone = logged_place(places[0]), zone_named(time_zone)
    opened = Workspace.open(workspace)
    done = []
    with importing(opened):
        for each in logs:
            with progress(printable(each.name), in_bytes=True) as shown:
                done.append(import_log(opened, each, place=whose, zone=zone, progress=shown))
            if not as_json:
                click.echo("\n".join(render.import_lines(done[-1])))
    if as_json:
        emit(True, {"logs": [*map(render.import_object, done)]}, "")
    return SOMETHING_UNREAD if any(each.unread or each.damaged or each.strays for each in done) else 0
