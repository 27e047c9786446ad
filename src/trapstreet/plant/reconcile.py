"""What lies in the tables of a planting, held against what should lie there: restores, merges, refreshes and
people change tables."""

import msgspec

from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground
from trapstreet.keys.ring import KeyRing
from trapstreet.store import plantings
from trapstreet.store.models import Planting


class Reconciled(msgspec.Struct, frozen=True):
    """How many decoys of a planting are in their table, and which of them are not as they should be, by
    number.

    appeared     were planned and are there by now: a script has run, or a planting ended without an answer
    lost         should be there and are not
    resurrected  were taken out, or given up, and are there again
    edited       are there with other cells
    """

    planting: str
    place: str
    present: int
    appeared: list[int]
    lost: list[int]
    resurrected: list[int]
    edited: list[int]

    @property
    def as_should_be(self) -> bool:
        return not (self.lost or self.resurrected or self.edited)


class Tested(msgspec.Struct, frozen=True):
    """Whether the decoys of a planting would do their work today.

    in_place  are in their table;  recognised  of these would be found in a leak
    unheard   mail domains of theirs that the settings do not name: nobody may be listening there
    """

    planting: str
    place: str
    decoys: int
    in_place: int
    recognised: int
    unheard: list[str]

    @property
    def works(self) -> bool:
        return self.in_place == self.recognised == self.decoys and not self.unheard


def reconcile(ground: Ground, planting: Planting, *, ring: KeyRing, now: int) -> Reconciled:
    """Look every decoy of a planting up by its key; those that were planned and are there become planted.

    Nothing is written to the table. Raises as reading the table does.
    """
    rows = plantings.rows_of(planting, ring)[0]
    key = ground.tables[0].key
    found = ground.find(0, [tuple(row[at] for at in key) for row in rows])
    decoys = list(planting.each.all())
    given = ground.tables[0].given
    by_state: dict[str, list[int]] = {}
    lost, edited = [], []
    for decoy in decoys:
        row, there = rows[decoy.at], found[decoy.at]
        if there is None:
            if decoy.state in (plantings.PLANTED, plantings.TOUCHED):
                lost.append(decoy.at)
            continue
        by_state.setdefault(decoy.state, []).append(decoy.at)
        if _differ(row, there, given):
            edited.append(decoy.at)
    appeared = by_state.get(plantings.PLANNED, [])
    if appeared:
        changed = [decoy for decoy in decoys if decoy.at in set(appeared)]
        plantings.found_in_place(planting, changed, ring=ring, at=now)
    return Reconciled(
        planting=planting.id,
        place=planting.place,
        present=sum(map(len, by_state.values())),
        appeared=_numbers(appeared),
        lost=_numbers(lost),
        resurrected=_numbers(by_state.get(plantings.RETIRED, [])),
        edited=_numbers(edited),
    )


def _differ(row: Row, there: Row, given: tuple[bool, ...]) -> bool:
    return any(stated and a != b for a, b, stated in zip(row, there, given, strict=True))


def _numbers(positions: list[int]) -> list[int]:
    return [at + 1 for at in positions]
