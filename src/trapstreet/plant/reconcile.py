"""What lies in the tables of a planting, held against what should lie there: restores, merges, refreshes and
people change tables."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from trapstreet.core.fields import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import GroundTable, referred_to
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground
from trapstreet.keys.ring import KeyRing
from trapstreet.plant.domain.arranged import arranged, compared
from trapstreet.plant.domain.fates import Fates, PlantedTable
from trapstreet.plant.domain.kinships import as_laid, kinships
from trapstreet.plant.domain.related import Referring, Showing, Wanted
from trapstreet.store import catalogue, plantings
from trapstreet.store.models import Planting

_NUMBERS = (Kind.PHONE, Kind.REFERENCE)


class Linked(msgspec.Struct, frozen=True):
    """How many rows of a planting's decoys are in a table that refers to theirs, and which are not as they
    should be: the number of the decoy, once for each row.

    lost         should be there and are not
    resurrected  were taken out, and are there again
    edited       are there with other cells
    copied       are there once more, under another number or the same
    others       are somebody's: they refer to a decoy and were not planted
    """

    table: str
    present: int
    lost: list[int]
    resurrected: list[int]
    edited: list[int]
    copied: list[int]
    others: list[int]

    @property
    def as_should_be(self) -> bool:
        return not (self.lost or self.resurrected or self.edited or self.copied or self.others)


class Reconciled(msgspec.Struct, frozen=True):
    """How many decoys of a planting are in their table, and which of them are not as they should be, by
    number.

    appeared     were planned and are there by now: a script has run, or a planting ended without an answer
    lost         should be there and are not
    resurrected  were taken out, and are there again
    edited       are there with other cells
    copied       are there once more, under another key or the same: the number once for each further row
    linked       the tables that refer to theirs
    """

    planting: str
    place: str
    present: int
    appeared: list[int]
    lost: list[int]
    resurrected: list[int]
    edited: list[int]
    copied: list[int]
    linked: list[Linked]

    @property
    def as_should_be(self) -> bool:
        root = self.lost or self.resurrected or self.edited or self.copied
        return not root and all(each.as_should_be for each in self.linked)


class Tested(msgspec.Struct, frozen=True):
    """Whether the decoys of a planting would do their work today.

    in_place  are in their table;  recognised  of these would be found in a leak
    unheard   mail domains and web hosts of theirs that the settings do not name: nobody may be listening
              there
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
    """Hold the rows of a planting, and those that have to do with its decoys, against what should be there;
    decoys that were planned and are there become planted. How the rows of linked tables are told is noted
    where it was not yet.

    Rows are looked up by the keys of planted ones; in the planted table also by the e-mail addresses, phone
    and reference numbers of decoys as they were written, in the others by what refers to decoys. A row that
    somebody else has under the number of a decoy that was taken out, or only planned, is theirs. Nothing is
    written to the tables. Raises as reading them does, and UnusableInput where a table refers by another
    column by now.
    """
    decoys = plantings.decoys_of(planting)
    out = {decoy.at for decoy in decoys if decoy.removed_at is not None}
    planned = {decoy.at for decoy in decoys if decoy.state == plantings.PLANNED}
    looked = list(_looked(ground, planting, out | planned, ring))
    there = {at for at, row in enumerate(looked[0][1].now) if row is not None}
    appeared = [decoy for decoy in decoys if decoy.at in planned and decoy.at in there]
    if appeared:
        plantings.found_in_place(planting, appeared, ring=ring, at=now)
    root, *linked = (_told(table, found, out=out, awaited=planned - there) for table, found in looked)
    return Reconciled(
        planting=planting.id,
        place=planting.place,
        present=root.present,
        appeared=_numbers(decoy.at for decoy in appeared),
        lost=root.lost,
        resurrected=root.resurrected,
        edited=root.edited,
        copied=root.copied,
        linked=[each for each in linked if each.present or not each.as_should_be],
    )


def _told(planted: PlantedTable, found: Fates, *, out: AbstractSet[int], awaited: AbstractSet[int]) -> Linked:
    """A table in numbers; of decoys that are awaited nothing is lost."""
    away = out | awaited
    now = [(decoy, at, row) for at, (decoy, row) in enumerate(zip(planted.decoys, found.now, strict=True))]
    return Linked(
        table=planted.table.name,
        present=sum(row is not None for _, _, row in now),
        lost=_numbers(decoy for decoy, _, row in now if row is None and decoy not in away),
        resurrected=_numbers(decoy for decoy, _, row in now if row is not None and decoy in out),
        edited=_numbers(decoy for decoy, at, row in now if row is not None and planted.edited(at, row)),
        copied=_numbers(found.copied),
        others=_numbers(found.others),
    )


def _looked(
    ground: Ground, planting: Planting, absent: AbstractSet[int], ring: KeyRing
) -> Iterator[tuple[PlantedTable, Fates]]:
    """Each table of the ground, and what became of the rows in it, the root first."""
    laid = plantings.laid_of(planting)
    rows = arranged(ground.tables, laid, plantings.rows_of(planting, ring))
    if plantings.kinships_of(planting) is None:
        noted = as_laid(ground.tables, kinships(ground.tables, rows), laid)
        if noted is not None:
            plantings.note_kinships(planting, noted)
    done: list[tuple[PlantedTable, Fates]] = []
    for number, table in enumerate(ground.tables):
        known = compared(table, laid)
        related: Showing | Referring
        if table.parent is None:
            decoys = list(range(planting.decoys))
            related = _showing(planting, table, rows[number])
        else:
            above, found = done[table.parent]
            decoys = _decoys(table, rows[number], above)
            related = Referring(table, found.own)
        planted = PlantedTable(table, known, rows[number], decoys, absent=absent)
        done.append((planted, planted.fates(_there(ground, number, planted, related.wanted), related)))
        yield done[-1]


def _there(ground: Ground, number: int, planted: PlantedTable, wanted: Wanted) -> Iterator[Row]:
    """The rows under the keys of planted ones, and those that are wanted beside them."""
    key = planted.table.key
    keys = [tuple(row[at] for at in key) for row in planted.rows] if key else []
    asked = {**wanted, key: [*keys, *wanted.get(key, ())]} if keys else wanted
    asked = {positions: cells for positions, cells in asked.items() if cells}
    if asked:
        for batch in ground.having(number, asked):
            yield from batch.rows


def _showing(planting: Planting, table: GroundTable, rows: Sequence[Row]) -> Showing:
    assert planting.data_set is not None  # noqa: S101 - it has a ground
    kinds = {column.name: column.kind for column in catalogue.columns_of(planting.data_set)}
    of = [kinds.get(name, Kind.TEXT) for name in table.columns]
    return Showing(
        rows,
        emails=[at for at, kind in enumerate(of) if kind is Kind.EMAIL],
        numbers=[at for at, kind in enumerate(of) if kind in _NUMBERS and (at,) != table.key],
    )


def _decoys(table: GroundTable, rows: Sequence[Row], above: PlantedTable) -> list[int]:
    """The decoy that each planted row belongs to, by the planted row that it refers to."""
    numbers = referred_to(rows, table.refers, above.rows, table.referred)
    known = [above.decoys[number] for number in numbers if number is not None]
    if len(known) < len(rows):
        by = ", ".join(table.columns[at] for at in table.refers)
        raise UnusableInput(
            f"{table.name} refers to decoys by {by} now, which planted rows do not have",
            hint="put new decoys in their place: trapstreet decoy rotate",
        )
    return known


def _numbers(decoys: Iterable[int]) -> list[int]:
    return sorted(decoy + 1 for decoy in decoys)
