"""Numbers that say the same in two columns: the row with the id 148 has the reference K-200148."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.likely_references import LikelyReferences
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.numbering import Running, retyped
from trapstreet.decoys.references import References

_FEWEST = 20  # rows that have both numbers
_NEARLY_ALL = 0.99  # of them in which the numbers are as far apart
_ROUNDS = 16


class Tie(NamedTuple):
    """A column's number is that of the column `to`, and so many more."""

    to: int
    more: int


def ties(model: TableModel) -> dict[int, Tie]:
    """The columns whose numbers another column's give; that one is part of the key where either is."""
    running = [
        at
        for at, numbering in model.numberings.items()
        if numbering.check is None and isinstance(numbering.groups[0], Running)
    ]
    running.sort(key=lambda at: at not in model.key)
    found: dict[int, Tie] = {}
    for place, to in enumerate(running):
        for at in running[place + 1 :]:
            more = _apart(model, to, at) if to not in found and at not in found else None
            if more is not None:
                found[at] = Tie(to, more)
    return found


def _apart(model: TableModel, first: int, second: int) -> int | None:
    """By how much the second column's number is larger, where that is one figure."""
    one, other = model.numberings[first], model.numberings[second]
    pairs = [(one.number(row[first]), other.number(row[second])) for row in model.sample]
    differences = Counter(b - a for a, b in pairs if a is not None and b is not None)
    rows = differences.total()
    if rows < _FEWEST:
        return None
    more, times = differences.most_common(1)[0]
    return more if times >= _NEARLY_ALL * rows else None


@dataclass(frozen=True, slots=True)
class TiedReferences:
    """Draws reference numbers column by column, those of tied columns together."""

    model: TableModel
    references: References | LikelyReferences
    owners: Ownership

    @property
    def notes(self) -> list[str]:
        return self.references.notes

    def fillings(self, donors: Sequence[Row]) -> tuple[list[list[Filling]], dict[int, list[Filling]]]:
        """Fillings for each donor, in as many parts as numbers are drawn; and by column the part it is in.

        Raises UnusableInput where a column has too little room.
        """
        tied = ties(self.model)
        by_column: dict[int, list[Filling]] = {}
        for at in self.model.numberings:
            if at not in tied:
                own = {column: tie.more for column, tie in tied.items() if tie.to == at}
                by_column |= dict.fromkeys([at, *own], self._together(at, own, donors))
        return list({id(part): part for part in by_column.values()}.values()), by_column

    def _together(self, at: int, tied: Mapping[int, int], donors: Sequence[Row]) -> list[Filling]:
        """A column and those tied to it; a number is drawn again where it would make one that is taken."""
        filled = self.references.fillings(at, donors)
        if not tied:
            return filled
        for _ in range(_ROUNDS):
            joined = [self._joined(at, tied, *pair) for pair in zip(filled, donors, strict=True)]
            again = [n for n, free in enumerate(self._free([at, *tied], joined)) if not free]
            if not again:
                return joined
            drawn = self.references.fillings(at, [donors[n] for n in again])
            for n, filling in zip(again, drawn, strict=True):
                filled[n] = filling
        names = " and ".join(self.model.columns[column].name for column in (at, *tied))
        raise UnusableInput(
            f"too few numbers are free in {names} together", hint="ask for fewer with --decoys"
        )

    def _joined(self, at: int, tied: Mapping[int, int], filling: Filling, donor: Row) -> Filling:
        number = self.model.numberings[at].number(filling.cells[at])
        more: dict[int, Cell] = {}
        for column, difference in tied.items():
            numbering = self.model.numberings[column]
            group = numbering.groups[numbering.group_of(donor[column]) or 0]
            if number is None or donor[column] in (None, "") or not isinstance(group, Running):
                more[column] = self.model.blanks[column]
            else:
                more[column] = retyped(group.written(number + difference), donor[column])
        shown = dict.fromkeys(more, filling.shows.get(at, ()))
        return Filling({**filling.cells, **more}, filling.draws, {**filling.shows, **shown})

    def _free(self, columns: Sequence[int], joined: Sequence[Filling]) -> list[bool]:
        """Whether nobody has the numbers, the decoys before it included."""
        rows = [tuple(filling.cells[at] for at in columns) for filling in joined]
        seen: Counter[Row] = Counter()
        free = self.owners.free(columns, rows, (Kind.REFERENCE,))
        for n, row in enumerate(rows):
            free[n] = free[n] and not seen[row]
            seen[row] += 1
        return free
