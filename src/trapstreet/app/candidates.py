"""Which rights advice may try to take away: not what owners confirmed, nor what trapstreet itself needs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from trapstreet.access.advice import whole_of
from trapstreet.app.own_logins import OwnLogins
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import MEMBERSHIP, Change
from trapstreet.core.model.rights import Rights

Confirmed = frozenset[tuple[str, str, tuple[str, ...]]]
"""Rights that are to stay: whose, in which database ("" for a membership), and on what: as in `Change`."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rights that may go, and those that are left alone.

    changes  each with all that has to be made with it
    spared   what an owner wants to stay;  kept  what a login of trapstreet has or needs
    ways_in  what these logins do that no log tells of, as uses that nothing may block
    """

    changes: tuple[Change, ...]
    spared: tuple[Change, ...]
    kept: tuple[Change, ...]
    ways_in: tuple[PastUse, ...]


def candidates_among(
    asked: Iterable[Change], rights: Rights, *, confirmed: Confirmed, own: Collection[str]
) -> Candidates:
    """Which of some changes at a place may be tried.

    rights  who has which there;  own  users of trapstreet's own logins
    """
    logins = OwnLogins(own, rights)
    free: list[Change] = []
    spared: list[Change] = []
    kept: list[Change] = []
    for each in asked:
        if is_confirmed(each, confirmed):
            spared.append(each)
        elif logins.keep(each):
            kept.append(each)
        else:
            free.append(each)
    changes = tuple(whole_of(free))
    return Candidates(changes, tuple(spared), tuple(kept), tuple(logins.ways_in(changes)))


def is_confirmed(change: Change, confirmed: Confirmed) -> bool:
    """Whether a change would take away what is to stay: a membership, reading something, or the way to it."""
    if change.is_of_files:
        return any(who == change.of and path and change.is_around(path) for who, _, path in confirmed)
    reads = change.right.startswith("SELECT") and change.kind != "tables to come in"
    way = change.kind in (MEMBERSHIP, "schema", "database")
    if reads and any((change.of, path[0], path) in confirmed for path in change.covers):
        return True
    return (reads or way) and (change.of, change.database, change.on) in confirmed
