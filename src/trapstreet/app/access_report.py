"""One page about who can wander where at a place."""

from collections.abc import Collection
from pathlib import Path

from trapstreet.access import EffectiveAccess, UsedAccess, Window
from trapstreet.access.domain.folded import folded
from trapstreet.access.domain.held import Held
from trapstreet.access.domain.usage import window_of
from trapstreet.access.overview import Basis, Overview, overview
from trapstreet.app.access import map_of
from trapstreet.app.advising import Wish, advise
from trapstreet.app.clock import now
from trapstreet.app.discovered import holdings_at, place_of, resolved, unlooked_at
from trapstreet.app.handing_over import Progress
from trapstreet.app.own_logins import own_users
from trapstreet.app.reviews import confirmed_rights
from trapstreet.app.unused import jobs_of
from trapstreet.app.uses import events_of, followed, proving, unread_lines
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.keys.files import write_private
from trapstreet.render.access_page import access_page
from trapstreet.render.holdings import unlooked_text
from trapstreet.render.uses import unread_text

_DAY = 86_400_000_000


def report_of(
    workspace: Workspace,
    location: str,
    *,
    unused_for: int | None = None,
    jobs: Collection[str] = (),
    clone: str = "",
    progress: Progress = lambda *_: None,
) -> Overview:
    """The page of a location. Changes nothing there; past uses are asked for as `advise` does.

    unused_for  seconds before the last day of the logs: an earlier use does not count; None: all do
    jobs        programs that are no person's, beside those of the settings
    clone       as `advise` has it; with one named, nothing but what can be taken away will do
    Raises as `map_of`; with a clone, as `advise`, too: without, the page says what it would have raised.
    """
    made_at = now()
    mapped = map_of(resolved(location))
    holdings, unlooked = holdings_at(place_of(location)), unlooked_at(location)
    with events_of(workspace, location) as events:
        days = None if unused_for is None else max(1, unused_for * 1_000_000 // _DAY)
        span, uses, past = window_of(events.days(), days), events.uses(), proving(events, location)
    today = made_at // _DAY
    window = span or Window(today, today, today)  # where nothing is known of any, nothing weighs more by it
    wish = Wish(since=window.since * _DAY)
    planned, unadvised, hint = None, "no log of its use was imported", ""
    if span or clone:
        try:
            stays, own = confirmed_rights(workspace, location), own_users(workspace, location)
            planned = advise(
                location, past, holdings, wish=wish, confirmed=stays, own=own, clone=clone, progress=progress
            )
            unadvised = ""
        except TrapstreetError as error:
            if clone:
                raise
            unadvised, hint = error.message, error.hint
    rights, parts = folded(mapped.access, Held(holdings))
    basis = Basis(
        window=span,
        classified=bool(holdings),
        advice=planned.advice if planned else None,
        unadvised=unadvised,
        hint=hint,
        unknown=(
            *mapped.unknown,
            *(unread_text(lines) for lines in filter(None, [unread_lines(location)])),
            *unlooked_text(unlooked),
        ),
        unlooked=len(unlooked),
        closed=planned.closed if planned else frozenset(),
        parts=parts,
    )
    used = UsedAccess(
        EffectiveAccess(rights),
        followed(uses, location),
        window,
        holdings=holdings,
        jobs=jobs_of(workspace, jobs),
    )
    return overview(used, basis, made_at=made_at)


def write_page(path: Path, page: Overview) -> None:
    """The page as a file that its owner alone can read: it says where the doors are open."""
    write_private(path, access_page(page).encode())
