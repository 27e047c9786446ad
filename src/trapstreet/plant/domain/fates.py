"""What became of planted rows, from the rows that their table has by now."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from trapstreet.core.model.ground import GroundTable, named
from trapstreet.core.model.table import Row, cell_text

Texts = tuple[str | None, ...]

_LOST = 0.5
"""Share of what tells it from others that a planted row may have lost and still be ours."""


@dataclass(frozen=True, slots=True)
class Related:
    """The decoy that a row has to do with; `sure` if that alone makes the row one of the decoy's."""

    decoy: int
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of each planted row, and what else there is. Protected.

    now     for each planted row what it is by now, None where it is not there
    own     rows that others refer to as a decoy's, with the decoy: copies, and planted rows, there or not,
            but for those under whose key there is somebody else by now
    copied  the decoys of further rows that are copies of planted ones, one for each
    others  the decoys of rows that refer to them and are no copies, one for each
    """

    now: Sequence[Row | None] = field(repr=False)
    own: Sequence[tuple[int, Row]] = field(repr=False)
    copied: Sequence[int]
    others: Sequence[int]


class PlantedTable:
    """A table, and the rows that were planted in it.

    rows    as wide as the table is now;  decoys  the decoy that each belongs to
    """

    def __init__(
        self,
        table: GroundTable,
        known: Sequence[bool],
        rows: Sequence[Row],
        decoys: Sequence[int],
        *,
        absent: AbstractSet[int],
    ) -> None:
        """known   which columns hold what was planted there
        absent  the decoys that are not known to be there: planned ones, and those that were taken out
        """
        self.table = table
        self.rows = rows
        self.decoys = decoys
        self._known = known
        self._absent = absent
        self._at_place: defaultdict[Texts, list[int]] = defaultdict(list)
        self._of_decoy: defaultdict[int, list[int]] = defaultdict(list)
        for at, (row, decoy) in enumerate(zip(rows, decoys, strict=True)):
            self._at_place[self._place(row)].append(at)
            self._of_decoy[decoy].append(at)
        named_by = {*table.key, *table.refers}
        stated = [at for at in range(len(table.columns)) if known[at] and at not in named_by]
        self._telling = [[at for at in stated if row[at] not in (None, "")] for row in rows]

    def fates(self, there: Iterable[Row], related: Callable[[Row], Related | None]) -> Fates:
        """Tell apart the rows that may have to do with planted ones.

        there  under the key of a planted row, or related to a decoy by what they refer to or show
        A row under a planted key is the planted one, however it was edited; where that is not known to be
        there, only if it refers to the same and half of what tells it is as it was. In a table without a key
        likeness decides, among the rows that refer to the same. Any other row is a copy if more than half of
        what tells a row of its decoy's is the same.
        """
        rows = list(there)
        paired = self._paired(rows)
        now = {at: rows[number] for number, at in paired.items()}
        copies: list[tuple[int, Row]] = []
        others: list[int] = []
        for row in (row for number, row in enumerate(rows) if number not in paired):
            of = related(row)
            decoy = of.decoy if of and of.sure else self._copied(row, of)
            if decoy is not None:
                copies.append((decoy, row))
            elif of and self.table.parent is not None:
                others.append(of.decoy)
        return Fates(
            now=[now.get(at) for at in range(len(self.rows))],
            own=[*self._own(now, {self._place(row) for row in rows}), *copies],
            copied=[decoy for decoy, _ in copies],
            others=others,
        )

    def edited(self, at: int, now: Row) -> bool:
        """Whether a planted row has other cells by now."""
        was = self.rows[at]
        return any(cell_text(was[c]) != cell_text(now[c]) for c, known in enumerate(self._known) if known)

    def _place(self, row: Row) -> Texts:
        """What only one row has; in a table without a key what its kin have."""
        return named(row, self.table.key or self.table.refers)

    def _paired(self, rows: Sequence[Row]) -> dict[int, int]:
        """By the number of a row the planted row that it is by now, the most alike first."""
        pairs = sorted(
            (self._unlike(at, row), at, number)
            for number, row in enumerate(rows)
            for at in self._at_place.get(self._place(row), ())
        )
        found: dict[int, int] = {}
        taken: set[int] = set()
        for unlike, at, number in pairs:
            if number not in found and at not in taken and self._is_ours(at, rows[number], unlike):
                found[number] = at
                taken.add(at)
        return found

    def _is_ours(self, at: int, row: Row, unlike: float) -> bool:
        if self.table.key and self.decoys[at] not in self._absent:
            return True
        refers = self.table.refers
        return unlike <= _LOST and named(self.rows[at], refers) == named(row, refers)

    def _copied(self, row: Row, of: Related | None) -> int | None:
        """The decoy of the planted row that a row is a copy of."""
        same_key = self._at_place.get(self._place(row), []) if self.table.key else []
        of_decoy = self._of_decoy.get(of.decoy, []) if of else []
        among = {*same_key, *(at for at in of_decoy if self._telling[at])}
        alike = min(among, key=lambda at: self._unlike(at, row), default=None)
        return None if alike is None or self._unlike(alike, row) >= _LOST else self.decoys[alike]

    def _own(self, now: dict[int, Row], places: AbstractSet[Texts]) -> Iterator[tuple[int, Row]]:
        for at, (decoy, row) in enumerate(zip(self.decoys, self.rows, strict=True)):
            if at not in now and self._place(row) not in places:
                yield decoy, row
            if at in now and self._unlike(at, now[at]) <= _LOST:
                yield decoy, now[at]

    def _unlike(self, at: int, row: Row) -> float:
        """The share of what tells a planted row for which another cell stands."""
        was, telling = self.rows[at], self._telling[at]
        return sum(cell_text(was[c]) != cell_text(row[c]) for c in telling) / max(1, len(telling))
