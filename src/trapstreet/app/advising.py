"""Advice: what may be taken away at a place without keeping anybody from work."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from trapstreet.access import EffectiveAccess
from trapstreet.access.advice import Advice, Moved, gathered, states_of
from trapstreet.app.advice_search import Search, weights_at
from trapstreet.app.candidates import Confirmed, candidates_among
from trapstreet.app.discovered import resolved
from trapstreet.app.handing_over import Progress
from trapstreet.app.plans import Draft
from trapstreet.core.model.access_events import CONNECTED, PastUse
from trapstreet.core.model.changes import PUBLIC, Change, HandsOver, Place
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import Rights
from trapstreet.core.model.words import printable
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.permissions import rights_at, rights_within
from trapstreet.render import advice as render


@dataclass(frozen=True, slots=True)
class Planned:
    """Advice with what it stands on and what it leads to.

    rights     all rights as they are, by database, as sorted lines
    effective  by database: a digest of effective access before and after
    moved      who can read what no longer
    spared     what is left alone since an owner wants it to stay;  own  since a login of trapstreet needs it
    narrows    whether rights of many can be given to the few who used them there
    closed     paths of what somebody reads no longer
    after      effective access as it will be, of each database that changes
    """

    advice: Advice
    rights: dict[str, list[str]]
    effective: dict[str, tuple[str, str]]
    moved: tuple[Moved, ...]
    spared: tuple[Change, ...] = ()
    own: tuple[Change, ...] = ()
    narrows: bool = False
    closed: frozenset[tuple[str, ...]] = frozenset()
    after: tuple[EffectiveAccess, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What advice is asked for.

    role    whose rights only; "" everybody's
    since   the uses that count, Unix microseconds: what was last used before then may be taken away
    narrow  whether rights of many that few used are given to those few instead
    """

    role: str = ""
    since: int = 0
    narrow: bool = False


def advise(
    location: str,
    uses: Sequence[PastUse],
    holdings: Sequence[Holding] = (),
    *,
    wish: Wish | None = None,
    confirmed: Confirmed = frozenset(),
    own: Collection[str] = (),
    clone: str = "",
    progress: Progress = lambda *_: None,
) -> Planned:
    """What may be taken away at a location, proved by its past uses. Changes nothing there.

    own    users of trapstreet's own logins there, which keep what they have and need
    clone  the URL of an empty server where changes are tried out, for places that need one
    Raises UnusableInput where no use is known: nothing would speak against taking everything away; and
    where rights are to be narrowed that cannot be.
    """
    wish = wish or Wish()
    location = resolved(location)  # else a plan is of where one stands
    with place_at(location, clone) as place:
        uses = _uses_there(place, uses, wish)
        progress(0, None)
        asked = [each for each in place.changes() if wish.role in ("", each.of)]
        progress(0, None)
        rights = rights_at(location)
        if not asked:
            _refuse_unknown(rights, wish.role)
        may_go = candidates_among(asked, rights, confirmed=confirmed, own=own)
        weights = weights_at(place, may_go.changes, holdings)
        search = Search(place, location, may_go.changes, weights, wish.since, wish.narrow, progress)
        advice, reserved = search.advice(uses, may_go.ways_in)
        standing = place.standing()
        was = states_of(EffectiveAccess(rights))
        after = _after(place, location, advice.changes)
    will_be = {name: state for access in after for name, state in states_of(access).items()}
    moved = [each for name in will_be if name in was for each in was[name].moved_to(will_be[name])]
    return Planned(
        advice,
        standing,
        {name: (was[name].digest if name in was else "", will_be[name].digest) for name in will_be},
        tuple(gathered(moved)),
        spared=may_go.spared,
        own=(*may_go.kept, *reserved),
        narrows=isinstance(place, HandsOver),
        closed=frozenset(each.resource.path for each in moved if each.lost),
        after=after,
    )


def draft_of(planned: Planned, wish: Wish) -> Draft:
    """Advice as a plan."""
    advice = planned.advice
    return Draft(
        advice.place,
        advice.edition,
        advice.changes,
        planned.rights,
        planned.effective,
        {
            "asked": asdict(wish),
            "largest": advice.largest,
            "proof": render.proof_object(advice.proof),
            "older": render.proof_object(advice.older),
            "needed": [
                {
                    "right": each.change.stays,
                    "by": sorted({use.who for use in each.by}),
                    "proved": each.proved,
                }
                for each in advice.needed
            ],
            "moved": [render.moved_object(each) for each in planned.moved],
        },
    )


def _uses_there(place: Place, uses: Sequence[PastUse], wish: Wish) -> list[PastUse]:
    """The uses of what was opened. Raises UnusableInput where the wish cannot be granted by them."""
    if wish.narrow and not isinstance(place, HandsOver):
        raise UnusableInput("nothing here narrows the rights of such a place", hint="leave out --narrow")
    there = [each for each in uses if place.covers(each)]
    if not any(each.last >= wish.since and each.statement != CONNECTED for each in there):
        raise UnusableInput(
            "no past use is known of this place", hint="import its logs: trapstreet access import"
        )
    return there


def _after(place: Place, location: str, changes: Sequence[Change]) -> tuple[EffectiveAccess, ...]:
    """Effective access as it will be with some changes made, of each database that they are in."""
    after: list[EffectiveAccess] = []
    if changes:
        place.rehearse(changes, lambda handle: after.append(EffectiveAccess(rights_within(location, handle))))
    return tuple(after)


def _refuse_unknown(rights: Rights, role: str) -> None:
    if role not in ("", PUBLIC) and all(each.name != role for each in rights.principals):
        raise UnusableInput(f"nobody is called {printable(role)} there", hint="see: trapstreet access map")
