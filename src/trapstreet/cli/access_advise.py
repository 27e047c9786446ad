"""`trapstreet access advise`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.access_use import period_of
from trapstreet.cli.options import FOLDER, clone_option, example, json_option, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace

SOMETHING_UNPROVEN = 6

_SECOND = 1_000_000


@click.command(
    epilog=example(
        "trapstreet access advise postgresql://postgres@db.internal/crm --out less",
        "trapstreet access advise postgresql://postgres@db.internal/ --role agents --unused-for 90d",
        "trapstreet access advise postgresql://postgres@db.internal/crm"
        " --policy 'crm.tickets=agent = current_user'",
        "trapstreet access advise mariadb://root@db.internal/ --clone mariadb://root@127.0.0.1:3307/",
        "trapstreet access advise /srv/share --out less",
        "trapstreet access apply less",
    ),
)
@click.argument("target")
@click.option("--role", default="", metavar="NAME", help="Only this role's rights; PUBLIC for everybody's.")
@click.option(
    "--unused-for",
    metavar="TIME",
    help="Rights not used for so long (90d, 12 weeks) may go though they were used before.",
)
@click.option(
    "--narrow",
    is_flag=True,
    help="Give rights of everybody or of a group that few used to those few instead; not in MariaDB.",
)
@click.option(
    "--policy",
    metavar="TABLE=PREDICATE",
    help="Instead: what row security that shows only these rows would hide from those who used them.",
)
@clone_option
@click.option("--out", type=FOLDER, metavar="DIR", help="Where to write the plan for `access apply`.")
@click.option("--all", "whole", is_flag=True, help="List everything.")
@workspace_option
@json_option
def advise(
    target: str,
    *,
    role: str,
    unused_for: str | None,
    narrow: bool,
    policy: str | None,
    clone: str,
    out: Path | None,
    whole: bool,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """What can be taken away at TARGET without blocking any past use, proved by all of them.

    TARGET is a folder, or the URL of a server or of one of its databases; its logs are imported before
    (`access import`). Every past statement is asked for again, as the person it was, with the rights gone:
    explained, not run, in a transaction that is rolled back; of files, a copy of their rights is asked.
    Nothing is changed. Exit status 6 if some uses could not be checked, or are of nothing at that place, or
    lines of its logs could not be read.
    """
    from trapstreet.app.advised import advised
    from trapstreet.app.advising import Wish
    from trapstreet.app.clock import now
    from trapstreet.app.plans import refuse_taken
    from trapstreet.app.workspace import Workspace
    from trapstreet.render.advised import shown_lines, shown_object

    since = now() - period_of(unused_for) * _SECOND if unused_for else 0
    if out is not None:
        refuse_taken(out)
    opened = Workspace.open(workspace)
    if policy is not None:
        if role or unused_for or narrow:
            raise UnusableInput(
                "--policy goes with none of --role, --unused-for and --narrow", hint="leave them out"
            )
        return _show_only(opened, target, policy, out, as_json=as_json)
    with progress("looking for what nobody needs") as told:
        shown = advised(opened, target, Wish(role, since, narrow), clone=clone, out=out, progress=told)
    emit(as_json, shown_object(shown), "\n".join(shown_lines(shown, whole=whole)))
    return 0 if shown.is_whole else SOMETHING_UNPROVEN


def _show_only(opened: "Workspace", target: str, policy: str, out: Path | None, *, as_json: bool) -> int:
    from trapstreet.app.plans import write_plan
    from trapstreet.app.row_rules import row_rule
    from trapstreet.render.advice import rule_lines
    from trapstreet.render.advised import rule_object, written_lines

    table, equals, predicate = policy.partition("=")
    if not (table.strip() and equals and predicate.strip()):
        raise UnusableInput(
            "--policy is TABLE=PREDICATE", hint="write it like 'crm.tickets=agent = current_user'"
        )
    rule, draft = row_rule(opened, target, table.strip(), predicate.strip())
    lines = [*rule_lines(rule)]
    if out is not None:
        lines += written_lines(write_plan(out, draft))
    emit(as_json, rule_object(rule, out), "\n".join(lines))
    return SOMETHING_UNPROVEN if rule.unproved else 0
