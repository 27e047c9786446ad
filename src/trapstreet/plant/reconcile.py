"""What lies in the tables of a planting, held against what should lie there: restores, merges, refreshes and
people change tables."""

from collections.abc import Sequence

import msgspec

from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground
from trapstreet.keys.ring import KeyRing
from trapstreet.plant.domain.arranged import arranged, compared
from trapstreet.store import plantings
from trapstreet.store.models import Planting

_OURS = 0.5
"""Share of its cells that a decoy may have lost and still be ours."""


class Reconciled(msgspec.Struct, frozen=True):
    """How many decoys of a planting are in their table, and which of them are not as they should be, by
    number.

    appeared     were planned and are there by now: a script has run, or a planting ended without an answer
    lost         should be there and are not
    resurrected  were taken out, and are there again
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

    Only the planted table is looked at, not what refers to it. A row that somebody else has under the number
    of a decoy that was taken out is theirs. Nothing is written to the table. Raises as reading it does.
    """
    laid = plantings.laid_of(planting)
    root = ground.tables[0]
    rows = arranged(ground.tables, laid, plantings.rows_of(planting, ring))[0]
    known = compared(root, laid)
    found = ground.find(0, [tuple(row[at] for at in root.key) for row in rows])
    present: list[int] = []
    appeared, lost, resurrected, edited = [], [], [], []
    for decoy in plantings.decoys_of(planting):
        row, there = rows[decoy.at], found[decoy.at]
        out = decoy.removed_at is not None
        if there is None or (out and _unlike(row, there, known) > _OURS):
            if not out and decoy.state != plantings.PLANNED:
                lost.append(decoy.at)
            continue
        present.append(decoy.at)
        if out:
            resurrected.append(decoy.at)
        if decoy.state == plantings.PLANNED:
            appeared.append(decoy)
        if _unlike(row, there, known):
            edited.append(decoy.at)
    if appeared:
        plantings.found_in_place(planting, appeared, ring=ring, at=now)
    return Reconciled(
        planting=planting.id,
        place=planting.place,
        present=len(present),
        appeared=_numbers([decoy.at for decoy in appeared]),
        lost=_numbers(lost),
        resurrected=_numbers(resurrected),
        edited=_numbers(edited),
    )


def _unlike(row: Row, there: Row, known: Sequence[bool]) -> float:
    """The share of what was planted that another cell stands for by now."""
    pairs = [(a, b) for a, b, is_known in zip(row, there, known, strict=True) if is_known]
    return sum(a != b for a, b in pairs) / max(1, len(pairs))


def _numbers(positions: list[int]) -> list[int]:
    return [at + 1 for at in positions]
