"""`trapstreet access hygiene`."""

from pathlib import Path

import click

from trapstreet.cli.options import FILE, FOLDER, example, json_option
from trapstreet.cli.output import emit, note

FOUND, SOMETHING_UNREAD = 1, 6


@click.command(
    "hygiene",
    epilog=example(
        "trapstreet access hygiene ldaps://reader%40example.com@dc1.example.com",
        "trapstreet access hygiene postgresql://reader@db.internal/ mariadb://reader@db.internal/",
        "trapstreet access hygiene users.csv mfa-registration.csv --stale 60",
        "trapstreet access hygiene postgresql://reader@db.internal/ --passwords common-passwords.txt",
    ),
)
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--stale",
    "stale_days",
    type=click.IntRange(min=1),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="After so many days without a login an account is stale.",
)
@click.option(
    "--passwords",
    type=FILE,
    metavar="FILE",
    help="Try passwords of this list, or look hashes up in it, where one may read what is kept of them.",
)
@click.option(
    "--workspace",
    type=FOLDER,
    metavar="DIR",
    help="Logs that were imported there say when accounts of database servers were last used. Else"
    " TRAPSTREET_WORKSPACE, else the nearest folder upwards that is a workspace, if there is one.",
)
@click.option("--all", "whole", is_flag=True, help="List every account, not only the first ten of each kind.")
@json_option
def hygiene(
    targets: tuple[str, ...],
    *,
    stale_days: int,
    passwords: Path | None,
    workspace: Path | None,
    whole: bool,
    as_json: bool,
) -> int:
    """What is wrong with the accounts at each TARGET.

    No second factor, stale, shared, weak passwords and logins, no TLS, administrators by groups in groups.

    TARGET is the URL of an LDAP directory or Active Directory (ldaps://, ldap://), of a PostgreSQL or MariaDB
    server, or a file: a CSV export of an identity provider, an export of Windows' password hashes, or
    /etc/passwd. Nothing is changed and nothing kept. Exit status 1 if there are weaknesses, 6 if there are
    none and something could not be read.
    """
    from time import time_ns

    from trapstreet.app.hygiene import check
    from trapstreet.app.workspace import nearest
    from trapstreet.core.model.urls import without_password
    from trapstreet.core.model.words import printable
    from trapstreet.render import hygiene as render

    checked = check(
        targets,
        now=time_ns() // 1000,
        stale_days=stale_days,
        passwords=passwords,
        workspace=workspace or nearest(),
        tell=note,
    )
    lines: list[str] = []
    for each in checked.places:
        lines += [*([""] if lines else []), *render.lines(each, whole=whole)]
    failed = [(without_password(target), why) for target, why in checked.failed]
    lines += [f"NOT READ {printable(target)}: {printable(why)}" for target, why in failed]
    answer = {
        "places": [*map(render.judged_object, checked.places)],
        "unread": [{"target": target, "why": why} for target, why in failed],
    }
    emit(as_json, answer, "\n".join(lines))
    if any(each.weaknesses for each in checked.places):
        return FOUND
    return SOMETHING_UNREAD if failed or any(each.unknown for each in checked.places) else 0
