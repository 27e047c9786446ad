"""A text that nobody must have: left out or not.

It cannot be read back from the cell alone, since a blank does not say what stood there. And it is no
spelling of the same value: it is for remarks and second lines, in columns by which nothing is found.
"""

from trapstreet.core.fields import Column, Kind
from trapstreet.core.marks.mark import Mark
from trapstreet.core.model.table import Cell


class OptionalField(Mark):
    """0: as it is; 1: blank."""

    name = "optional-field"
    title = "optional texts left out"
    suits = frozenset({Kind.TEXT})
    reversible = False

    def spellings(self, cell: Cell, column: Column) -> tuple[Cell, Cell] | None:
        return (cell, "") if isinstance(cell, str) and cell.strip() else None


MARK = OptionalField()
