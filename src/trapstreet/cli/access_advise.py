"""`trapstreet access advise` and `trapstreet access apply`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.access_use import period_of
from trapstreet.cli.options import FOLDER, example, json_option, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace
    from trapstreet.core.model.changes import Change

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
@click.option(
    "--clone",
    default="",
    metavar="URL",
    help="MariaDB: an empty server of yours, on which changes are tried out; docs/advise-mariadb.md.",
)
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
    from trapstreet.app.advising import Wish, advise, draft_of, is_confirmed
    from trapstreet.app.clock import now
    from trapstreet.app.discovered import holdings_at, place_of
    from trapstreet.app.own_logins import own_users
    from trapstreet.app.plans import refuse_taken, write_plan
    from trapstreet.app.reviews import confirmed, confirmed_rights, wanted
    from trapstreet.app.uses import strays_among, unread_lines, uses_to_prove
    from trapstreet.app.workspace import Workspace
    from trapstreet.render import advice as render
    from trapstreet.render.reviews import item_text, spared_lines, wanted_lines
    from trapstreet.render.uses import strays_line, strays_object, unread_text

    since = now() - period_of(unused_for) * _SECOND if unused_for else 0
    if out is not None:
        refuse_taken(out)
    opened = Workspace.open(workspace)
    if policy is not None:
        if role or unused_for or narrow:
            raise UnusableInput(
                "--policy goes with none of --role, --unused-for and --narrow", hint="leave them out"
            )
        return _narrow(opened, target, policy, out, as_json=as_json)
    uses = uses_to_prove(opened, target)
    wish, own = Wish(role, since, narrow), own_users(opened, target)
    with progress("looking for what nobody needs") as told:
        holdings, stays = holdings_at(place_of(target)), confirmed_rights(opened, target)
        planned = advise(
            target, uses, holdings, wish=wish, confirmed=stays, own=own, clone=clone, progress=told
        )
    advice = planned.advice
    lines = [*render.advice_lines(advice, planned.moved, whole=whole)]
    strays = strays_among(uses, target)
    if strays:
        lines += ["", strays_line(strays)]
    unread = unread_lines(target)
    if unread:
        lines += ["", f"NOT READ {unread_text(unread)}"]
    if planned.narrows and not narrow:
        lines += render.to_narrow_lines(advice.needed)
    if whole:
        lines += render.needed_lines(advice.needed, whole=True)
    wishes = [(each.item, each.review, each.number, done) for each, done in wanted(opened, target, planned)]
    lines += wanted_lines(wishes)
    spared = [
        (each.item, each.review, each.number)
        for each, rights in confirmed(opened, target)
        if any(is_confirmed(change, rights) for change in planned.spared)
    ]
    lines += spared_lines(spared)
    lines += render.own_lines(planned.own, sorted(own), whole=whole)
    if not advice.changes:
        lines += ["", "No plan was written, since there is nothing to change."] if out else []
        out = None
    if out is not None:
        lines += ["", _written(write_plan(out, draft_of(planned, wish)))]
    document: dict[str, object] = {
        "place": advice.place,
        "edition": advice.edition,
        "changes": [render.change_object(each) for each in advice.changes],
        "narrowed": sum(bool(each.to) for each in advice.changes),
        "largest": advice.largest,
        "proof": render.proof_object(advice.proof),
        "older": render.proof_object(advice.older),
        "moved": [render.moved_object(each) for each in planned.moved],
        "wanted": [
            {"review": review, "item": number, "text": item_text(item), "done": done}
            for item, review, number, done in wishes
        ],
        "confirmed": [
            {"review": review, "item": number, "text": item_text(item)} for item, review, number in spared
        ],
        "own": [each.stays for each in planned.own],
        "elsewhere": strays_object(strays),
        "unread": unread,
        "out": str(out) if out else None,
    }
    emit(as_json, document, "\n".join(lines))
    return 6 if advice.proof.unproven or strays or unread else 0


def _narrow(opened: "Workspace", target: str, policy: str, out: Path | None, *, as_json: bool) -> int:
    from trapstreet.app.narrowing import narrow
    from trapstreet.app.plans import write_plan
    from trapstreet.render import advice as render

    table, equals, predicate = policy.partition("=")
    if not (table.strip() and equals and predicate.strip()):
        raise UnusableInput(
            "--policy is TABLE=PREDICATE", hint="write it like 'crm.tickets=agent = current_user'"
        )
    narrowing, draft = narrow(opened, target, table.strip(), predicate.strip())
    lines = [*render.narrowing_lines(narrowing)]
    if out is not None:
        lines += ["", _written(write_plan(out, draft))]
    document = {
        "place": narrowing.place,
        "change": render.change_object(narrowing.change),
        "records": narrowing.records,
        "hidden": narrowing.hidden,
        "unproved": narrowing.unproved,
        "people": [*map(render.hidden_object, narrowing.people)],
        "out": str(out) if out else None,
    }
    emit(as_json, document, "\n".join(lines))
    return 6 if narrowing.unproved else 0


def _written(script: Path) -> str:
    folder = script.parent
    return f"The plan is in {folder}. Read {script}, then: trapstreet access apply {folder}"


@click.command(
    epilog=example("trapstreet access apply less", "trapstreet access apply less --undo"),
)
@click.argument("folder", type=FOLDER)
@click.option("--undo", "back", is_flag=True, help="Give back what was taken away.")
@workspace_option
@json_option
def apply(folder: Path, *, back: bool, workspace: Path | None, as_json: bool) -> int:
    """Make the changes of the plan in FOLDER, which `access advise` wrote, or take them back.

    It is refused if any right has changed since. All is changed in one transaction a database, in which
    effective access is looked at again: if it is not just what was planned, nothing stays changed. Where
    there is a workspace, `access diff` tells when somebody gives back what was taken away. Exit status 6 if
    some of it cannot be given back since what it is of is gone; when that is there again, it can be.
    """
    from trapstreet.app.applying import apply, interruptible, undo
    from trapstreet.app.drift import given_back, taken_away
    from trapstreet.app.plans import plan_in
    from trapstreet.core.model.changes import ROW_SECURITY
    from trapstreet.core.model.words import counted, printable
    from trapstreet.render.advice import turned

    plan = plan_in(folder)
    opened = _workspace(workspace)
    taken = [(each.of, each.on) for each in plan.changes if each.kind != ROW_SECURITY]
    rights = counted(len(plan.changes), "right")
    left: Sequence[str] = ()
    gone: Sequence[Change] = ()
    if back:
        with interruptible(plan):
            undone = undo(plan)
        left, gone = undone.others, undone.gone
        if opened:
            missing = {(each.of, each.on) for each in gone}
            given_back(opened, plan.place, [each for each in taken if each not in missing])
        rights = counted(len(undone.back), "right")
        more = "" if undone.back or gone else ": none of the plan's had been taken away"
        lines = [f"{rights} given back at {printable(plan.place)}{more}."]
        lines += [f"Not given back, since it is gone: {printable(each.says)}" for each in gone]
        if gone:
            lines.append(f"When it is there again: trapstreet access apply {folder} --undo")
        lines += [f"Not as before the plan, by others: {each}" for each in left]
    else:
        with interruptible(plan):
            apply(plan)
            if opened:
                taken_away(opened, plan.place, taken)
        done = turned(plan.changes, at=f" at {printable(plan.place)}")
        lines = [f"{done}; access is now as planned."]
        lines.append(f"To give them back: trapstreet access apply {folder} --undo")
    document = {
        "place": plan.place,
        "changes": len(plan.changes),
        "undone": back,
        "gone": [each.says for each in gone],
        "others": [*left],
    }
    emit(as_json, document, "\n".join(lines))
    return 6 if gone else 0


def _workspace(asked: Path | None) -> "Workspace | None":
    """The workspace that is asked for, or the one there is, if any."""
    from trapstreet.app.workspace import Workspace, find

    try:
        find(asked)
    except UnusableInput:
        if asked:
            raise
        return None
    return Workspace.open(asked)
