"""Cells drawn for a decoy, with what they rest on; and the question whether they are free."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from trapstreet.core.fields import record_forms
from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.decoy import Draw, Taken


@dataclass(frozen=True, slots=True)
class Filling:
    """Cells of one decoy by position, the draws behind them, and which of these each position shows."""

    cells: Mapping[int, Cell] = field(repr=False)
    draws: tuple[Draw, ...] = ()
    shows: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Asks who owns cells of some of the table's columns, without the rest of their rows."""

    columns: tuple[Column, ...]
    key: tuple[int, ...]
    taken: Taken

    def free(self, positions: Sequence[int], rows: Sequence[Row], kinds: Collection[Kind]) -> list[bool]:
        """For each row of cells at the positions, whether nobody owns one of its normal forms, or its key.

        A person's name counts as owned only if the whole name is: the initial form belongs to too many.
        """
        free = [True] * len(rows)
        asked_about = [_only(self.columns[at], kinds) for at in positions]
        for kind, (forms, numbers, _) in record_forms(asked_about, rows).items():
            asked = [
                (form, number)
                for form, number in zip(forms, numbers.tolist(), strict=True)
                if kind is not Kind.NAME or form[:1] not in b"*~"
            ]
            for (_, number), owned in zip(
                asked, self.taken.forms(kind, [form for form, _ in asked]), strict=True
            ):
                free[number] = free[number] and not owned
        if set(self.key) <= set(positions):
            places = [positions.index(at) for at in self.key]
            keys = self.taken.keys([tuple(row[place] for place in places) for row in rows])
            free = [one and not owned for one, owned in zip(free, keys, strict=True)]
        return free


def _only(column: Column, kinds: Collection[Kind]) -> Column:
    """The column, read as plain text unless it makes forms of the kinds."""
    kind = Kind.NAME if column.kind in (Kind.GIVEN_NAME, Kind.FAMILY_NAME) else column.kind
    return column if kind in kinds else replace(column, kind=Kind.TEXT)
