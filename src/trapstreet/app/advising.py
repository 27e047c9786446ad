"""Advice: what may be taken away at a place without keeping anybody from work."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from trapstreet.access import EffectiveAccess
from trapstreet.access.advice import (
    Advice,
    Moved,
    Needed,
    gathered,
    largest_removal,
    proof_of,
    states_of,
    weights_of,
    whole_of,
)
from trapstreet.app.discovered import resolved
from trapstreet.app.handing_over import Narrower
from trapstreet.app.own_logins import OwnLogins
from trapstreet.app.plans import Draft
from trapstreet.core.model.access_events import CONNECTED, PastUse
from trapstreet.core.model.changes import (
    FOLDER,
    MEMBERSHIP,
    PUBLIC,
    AskingReplay,
    Change,
    HandsOver,
    Key,
    Nested,
    Place,
    Shared,
)
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import FILES
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import printable
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.permissions import rights_at, rights_within
from trapstreet.render import advice as render

Progress = Callable[[int, int | None], None]
Confirmed = frozenset[tuple[str, str, tuple[str, ...]]]
"""Rights that are to stay: whose, in which database ("" for a membership), and on what: as in `Change`."""


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
        narrows = isinstance(place, HandsOver)
        if wish.narrow and not narrows:
            raise UnusableInput("nothing here narrows the rights of such a place", hint="leave out --narrow")
        uses = [each for each in uses if place.covers(each)]
        if not any(each.last >= wish.since and each.statement != CONNECTED for each in uses):
            raise UnusableInput(
                "no past use is known of this place", hint="import its logs: trapstreet access import"
            )
        progress(0, None)
        asked = [each for each in place.changes() if wish.role in ("", each.of)]
        progress(0, None)
        spared = [each for each in asked if is_confirmed(each, confirmed)]
        rights_now = rights_at(location)
        logins = OwnLogins(own, rights_now)
        kept = [each for each in asked if logins.keep(each) and not is_confirmed(each, confirmed)]
        stays = {each.key for each in (*spared, *kept)}
        changes = whole_of(each for each in asked if each.key not in stays)
        if not asked and wish.role not in ("", PUBLIC):
            _refuse_unknown(location, wish.role)
        advice, reserved = _advice(
            place,
            changes,
            uses,
            location=location,
            weights=_weights(place, changes, holdings),
            ways_in=logins.ways_in(changes),
            wish=wish,
            progress=progress,
        )
        rights = place.standing()
        before = states_of(EffectiveAccess(rights_now))
        effective: dict[str, tuple[str, str]] = {}
        moved: list[Moved] = []
        after: list[EffectiveAccess] = []

        def look(handle: object) -> None:
            access = EffectiveAccess(rights_within(location, handle))
            after.append(access)
            for name, will_be in states_of(access).items():
                was = before.get(name)
                effective[name] = was.digest if was else "", will_be.digest
                moved.extend(was.moved_to(will_be) if was else ())

        if advice.changes:
            place.rehearse(advice.changes, look)
    closed = frozenset(each.resource.path for each in moved if each.lost)
    return Planned(
        advice,
        rights,
        effective,
        tuple(gathered(moved)),
        spared=tuple(spared),
        own=(*kept, *reserved),
        narrows=narrows,
        closed=closed,
        after=tuple(after),
    )


def is_confirmed(change: Change, confirmed: Confirmed) -> bool:
    """Whether a change would take away what is to stay: a membership, reading something, or the way to it."""
    if change.kind in (FILES, FOLDER):
        inside = f"{change.on[0].rstrip('/')}/"
        return any(
            who == change.of and path and (path[0] == change.on[0] or path[0].startswith(inside))
            for who, _, path in confirmed
        )
    reads = change.right.startswith("SELECT") and change.kind != "tables to come in"
    way = change.kind in (MEMBERSHIP, "schema", "database")
    if reads and any((change.of, path[0], path) in confirmed for path in change.covers):
        return True
    return (reads or way) and (change.of, change.database, change.on) in confirmed


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


def _advice(
    place: Place,
    changes: Sequence[Change],
    uses: Sequence[PastUse],
    *,
    location: str,
    weights: Mapping[Key, float],
    ways_in: Sequence[PastUse],
    wish: Wish,
    progress: Progress,
) -> tuple[Advice, list[Change]]:
    """The largest removal, and what became of every use: of those that count, and of those that do not; and
    what stays for ways in that are no past uses."""
    counting = [each for each in uses if each.last >= wish.since]
    long_ago = [each for each in uses if each.last < wish.since]
    replay = place.replay([*counting, *ways_in], changes)
    removal = largest_removal(changes, replay, weights, progress=progress)
    if wish.narrow and isinstance(place, HandsOver) and isinstance(replay, AskingReplay):
        removal = Narrower(place, location, changes, weights, progress).narrowed(replay, removal)
    by_key, unproven = {each.key: each for each in changes}, replay.unproven
    needed, reserved = [], []
    for key in removal.kept:
        numbers = [number for number in _needing(key, removal.kept, by_key) if number < len(counting)]
        proved = [number for number in numbers if number not in unproven]
        if by := tuple(counting[number] for number in proved or numbers):
            needed.append(Needed(by_key[key], by, proved=bool(proved)))
        else:
            reserved.append(by_key[key])
    taken = tuple(place.lean(removal.changes)) if isinstance(place, Nested) else removal.changes
    blocked = replay.blocked(taken)
    older = place.replay(long_ago, changes)
    advice = Advice(
        place=without_password(location),
        edition=place.edition,
        changes=taken,
        needed=tuple(sorted(needed, key=lambda each: each.change.key)),
        largest=removal.largest,
        proof=proof_of(counting, blocked, unproven),
        older=proof_of(long_ago, older.blocked(taken), older.unproven),
    )
    return advice, reserved


def _needing(key: Key, kept: Mapping[Key, Sequence[int]], by_key: Mapping[Key, Change]) -> Sequence[int]:
    """The uses that need what stays: by itself, or by what rests on it."""
    if numbers := kept[key]:
        return numbers
    resting = (each for each in by_key[key].rests if each in kept)
    return sorted({number for each in resting for number in _needing(each, kept, by_key)})


def _weights(place: Place, changes: Sequence[Change], holdings: Sequence[Holding]) -> Mapping[Key, float]:
    """What each change is worth; where it is known, times the people who have the right."""
    weights = weights_of(changes, holdings)
    if not isinstance(place, Shared):
        return weights
    return {each.key: weights[each.key] * max(1, place.having(each)) for each in changes}


def _refuse_unknown(location: str, role: str) -> None:
    names = [each.name for each in rights_at(location).principals]
    if role not in names:
        raise UnusableInput(f"nobody is called {printable(role)} there", hint="see: trapstreet access map")
