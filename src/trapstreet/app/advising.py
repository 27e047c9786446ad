"""Advice: what may be taken away at a place without keeping anybody from work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from trapstreet.access import EffectiveAccess
from trapstreet.access.advice import (
    Advice,
    Moved,
    Needed,
    State,
    largest_removal,
    proof_of,
    weights_of,
    whole_of,
)
from trapstreet.app.plans import Draft
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import MEMBERSHIP, PUBLIC, Change, Key, Place
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.holdings import Holding
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
    spared     what is left alone since an owner wants it to stay
    """

    advice: Advice
    rights: dict[str, list[str]]
    effective: dict[str, tuple[str, str]]
    moved: tuple[Moved, ...]
    spared: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What advice is asked for.

    role    whose rights only; "" everybody's
    since   the uses that count, Unix microseconds: what was last used before then may be taken away
    """

    role: str = ""
    since: int = 0


def advise(
    location: str,
    uses: Sequence[PastUse],
    holdings: Sequence[Holding] = (),
    *,
    wish: Wish | None = None,
    confirmed: Confirmed = frozenset(),
    progress: Progress = lambda *_: None,
) -> Planned:
    """What may be taken away at a location, proved by its past uses. Changes nothing there.

    Raises UnusableInput where no use is known: nothing would speak against taking everything away.
    """
    wish = wish or Wish()
    with place_at(location) as place:
        uses = [each for each in uses if place.covers(each)]
        if not any(each.last >= wish.since for each in uses):
            raise UnusableInput(
                "no past use is known of this place", hint="import its logs: trapstreet access import"
            )
        asked = [each for each in place.changes() if wish.role in ("", each.of)]
        spared = [each for each in asked if is_confirmed(each, confirmed)]
        changes = whole_of(each for each in asked if not is_confirmed(each, confirmed))
        if not asked and wish.role not in ("", PUBLIC):
            _refuse_unknown(location, wish.role)
        advice = _advice(
            place,
            changes,
            uses,
            label=without_password(location),
            weights=weights_of(changes, holdings),
            since=wish.since,
            progress=progress,
        )
        rights = place.standing()
        before = EffectiveAccess(rights_at(location))
        effective: dict[str, tuple[str, str]] = {}
        moved: list[Moved] = []

        def look(handle: object) -> None:
            access = EffectiveAccess(rights_within(location, handle))
            for name in {each.path[0] for each in access.rights.resources}:
                was, will_be = State(before, name), State(access, name)
                effective[name] = was.digest, will_be.digest
                moved.extend(was.moved_to(will_be))

        if advice.changes:
            place.rehearse(advice.changes, look)
    moved.sort(key=lambda each: (-len(each.lost), each.resource.path))
    return Planned(advice, rights, effective, tuple(moved), tuple(spared))


def is_confirmed(change: Change, confirmed: Confirmed) -> bool:
    """Whether a change would take away what is to stay: a membership, reading something, or the way to it."""
    reads = change.right.startswith("SELECT") and change.kind != "tables to come in"
    way = change.kind in (MEMBERSHIP, "schema", "database")
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
                {"right": each.change.says, "by": sorted({use.who for use in each.by})}
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
    label: str,
    weights: Mapping[Key, float],
    since: int,
    progress: Progress,
) -> Advice:
    """The largest removal, and what became of every use: of those that count, and of those that do not."""
    counting = [each for each in uses if each.last >= since]
    long_ago = [each for each in uses if each.last < since]
    replay = place.replay(counting, changes)
    removal = largest_removal(changes, replay, weights, progress=progress)
    by_key = {each.key: each for each in changes}
    needed = [
        Needed(by_key[key], tuple(counting[number] for number in numbers))
        for key, numbers in removal.kept.items()
    ]
    blocked = replay.blocked(removal.changes)
    older = place.replay(long_ago, changes)
    return Advice(
        place=label,
        edition=place.edition,
        changes=removal.changes,
        needed=tuple(sorted(needed, key=lambda each: each.change.key)),
        largest=removal.largest,
        proof=proof_of(counting, blocked, replay.unproven),
        older=proof_of(long_ago, older.blocked(removal.changes), older.unproven),
    )


def _refuse_unknown(location: str, role: str) -> None:
    names = [each.name for each in rights_at(location).principals]
    if role not in names:
        raise UnusableInput(f"nobody is called {printable(role)} there", hint="see: trapstreet access map")
