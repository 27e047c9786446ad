"""`trapstreet access`."""

import click

from trapstreet.cli.access_advise import advise
from trapstreet.cli.access_apply import apply
from trapstreet.cli.access_diff import diff
from trapstreet.cli.access_hygiene import hygiene
from trapstreet.cli.access_import import import_logs
from trapstreet.cli.access_log import log
from trapstreet.cli.access_report import report_access
from trapstreet.cli.access_review import review
from trapstreet.cli.access_use import use_access
from trapstreet.cli.options import example, json_option
from trapstreet.cli.output import emit

SOMETHING_UNREAD = 6

_NOBODY = "Nobody that the rights tell of."


@click.group(epilog=example("trapstreet access map postgresql://reader@db.internal/"))
def command() -> None:
    """See who can read what, and what of it nobody needs."""


@command.command(
    "map",
    epilog=example(
        "trapstreet access map postgresql://reader@db.internal/",
        "trapstreet access map postgresql://reader@db.internal/crm --who customers",
        "trapstreet access map postgresql://reader@db.internal/ --reach anna",
        "trapstreet access map /srv/share --who /srv/share/finance",
    ),
)
@click.argument("target")
@click.option("--who", metavar="NAME", help="Who can read this table, file or folder, and by which way.")
@click.option(
    "--reach",
    metavar="NAME",
    help="What this role or user can read, and by which way; everybody: what all can.",
)
@click.option("--all", "whole", is_flag=True, help="List everything, not only what is most exposed.")
@json_option
def map_access(target: str, *, who: str | None, reach: str | None, whole: bool, as_json: bool) -> int:
    """Effective access at TARGET: who can read what, by grants, roles, views, functions and the rest.

    TARGET is the URL of a PostgreSQL or MariaDB server, for all its databases, or of one database; of an SMB
    server or share; or a folder or file, as this system's users can read it. Nothing is changed. "Perhaps"
    is what the rights alone cannot tell. Exit status 6 if something could not be read: nobody is said to
    have no access there.
    """
    from trapstreet.core.model.errors import UnusableInput

    if who and reach:
        raise UnusableInput("--who and --reach ask two questions", hint="give one of them")
    from trapstreet.app.access import map_of
    from trapstreet.cli.tables import table
    from trapstreet.core.model.words import printable
    from trapstreet.render import access as render

    mapped = map_of(target)
    rights = mapped.access.rights
    lines: list[str] = []
    answer: dict[str, object] = {}
    if who:
        found = mapped.readers(who)
        together = len(found) > 1 and rights.of_files and not whole
        if together:
            lines.append(f"Who can read {printable(who)}:")
            lines += [*render.folder_lines(found)] or [_NOBODY]
            lines.append(f"each of the {len(found):,} sets: --all")
        for resource, readings in () if together else found:
            lines.append(f"Who can read {render.name_called(resource, who)}:")
            lines += [*render.reader_lines(readings, of_resources=False)] or [_NOBODY]
        answer["readings"] = [render.reading_object(each) for _, readings in found for each in readings]
    elif reach:
        readings = mapped.reach(reach)
        lines = [*render.reader_lines(readings, of_resources=True)] or ["Nothing that the rights tell of."]
        lines.insert(0, f"What {printable(reach)} can read:")
        answer["readings"] = [*map(render.reading_object, readings)]
    else:
        exposures = mapped.exposures()
        listed = exposures if whole else mapped.alike(exposures, most=render.MOST)
        shown = listed if whole else listed[: render.MOST]
        lines = [render.summary(rights, mapped.access.people.bit_count())]
        if shown:
            lines += ["", table(*render.exposure_rows(shown))]
        if len(shown) < len(listed):
            lines.append(f"… and {len(listed) - len(shown):,} more: --all")
        elif len(shown) < len(exposures):
            lines.append(f"each of the {len(exposures):,} sets: --all")
        answer["exposures"] = [*map(render.exposure_object, exposures)]
        answer["notes"] = rights.notes
        lines += ["", *map(printable, rights.notes)] if rights.notes else []
    lines += [f"NOT KNOWN {printable(each)}" for each in mapped.unknown]
    answer |= {"place": rights.place, "edition": rights.edition, "unknown": [*mapped.unknown]}
    emit(as_json, answer, "\n".join(lines))
    return SOMETHING_UNREAD if mapped.unknown else 0


command.add_command(advise)
command.add_command(apply)
command.add_command(diff)
command.add_command(report_access)
command.add_command(review)
command.add_command(import_logs)
command.add_command(log)
command.add_command(use_access)
command.add_command(hygiene)
