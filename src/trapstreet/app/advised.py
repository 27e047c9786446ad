"""What `access advise` answers: advice, with what owners decided and what the logs do not tell."""

from pathlib import Path

from trapstreet.app.advising import Wish, advise, draft_of
from trapstreet.app.candidates import is_confirmed
from trapstreet.app.discovered import holdings_at, place_of
from trapstreet.app.handing_over import Progress
from trapstreet.app.own_logins import own_users
from trapstreet.app.plans import write_plan
from trapstreet.app.reviews import confirmed, confirmed_rights, wanted
from trapstreet.app.uses import strays_among, unread_lines, uses_to_prove
from trapstreet.app.workspace import Workspace
from trapstreet.render.advised import AdviceShown
from trapstreet.render.reviews import Spared, Wanted


def advised(
    workspace: Workspace, location: str, wish: Wish, *, clone: str, out: Path | None, progress: Progress
) -> AdviceShown:
    """What may be taken away at a location by the logs that were imported. Changes nothing there.

    out  where to write the plan, if there is anything to change; None: nowhere
    Raises as `advise` and `write_plan`.
    """
    uses, own = uses_to_prove(workspace, location), own_users(workspace, location)
    holdings, stays = holdings_at(place_of(location)), confirmed_rights(workspace, location)
    planned = advise(
        location, uses, holdings, wish=wish, confirmed=stays, own=own, clone=clone, progress=progress
    )
    to_write = out if planned.advice.changes else None
    return AdviceShown(
        planned.advice,
        planned.moved,
        wanted=tuple(
            Wanted(each.item, each.review, each.number, done)
            for each, done in wanted(workspace, location, planned)
        ),
        spared=tuple(
            Spared(each.item, each.review, each.number)
            for each, rights in confirmed(workspace, location)
            if any(is_confirmed(change, rights) for change in planned.spared)
        ),
        own=planned.own,
        users=tuple(sorted(own)),
        strays=strays_among(uses, location),
        unread=unread_lines(location),
        narrows=planned.narrows and not wish.narrow,
        out=out,
        script=write_plan(to_write, draft_of(planned, wish)) if to_write else None,
    )
