"""What a mark is: the contract that each file in `kinds/` keeps.

A mark pairs spellings that mean the same; a copy's row has the one or the other by a code bit. The pair is
found from the cell alone, whichever of the two it shows, so a leaked cell tells its bit without the source at
hand. A cell that belongs to no pair is left as it is.
"""

from typing import Protocol

from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.fields.tokens import parts
from trapstreet.core.model.table import Cell

LONGEST = 10_000
"""Characters of a text that is marked; a longer one is left as it is."""

NAMES = frozenset({Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME})


class Mark(Protocol):
    """One file in `kinds/`, registered by its presence there as the module's `MARK`.

    name        what settings call it: "phone-layout"
    title       what people call it: "layout of phone numbers"
    suits       kinds of columns that it may be set on
    reversible  both spellings are read back; False where one of them has lost what the other says
    """

    name: str
    title: str
    suits: frozenset[Kind]
    reversible: bool = True

    def spellings(self, cell: Cell, column: Column) -> tuple[Cell, Cell] | None:
        """The two spellings of a cell: what shows 0, what shows 1; None where it cannot be marked.

        column  of a kind that the mark suits
        The cell is one of the two; both have its type and its meaning, and differ. If the mark is reversible,
        each of them has the same two spellings. NULL and blank cells have none. Raises nothing.
        """
        ...


class TextMark(Mark, Protocol):
    """A mark of text cells. A kind says only how a text and its counterpart are written."""

    def pair(self, text: str) -> tuple[str, str] | None:
        """What shows 0 and what shows 1, None for a text of another layout.

        A pair that does not hold the text, or that its other half does not share, is never used.
        """
        ...

    def spellings(self, cell: Cell, column: Column) -> tuple[Cell, Cell] | None:
        """The pair, where it keeps what `Mark` promises: 2 to 35 µs, most of it for two normal forms."""
        if not isinstance(cell, str) or len(cell) > LONGEST:
            return None
        found = self.pair(cell)
        if found is None or cell not in found or found[0] == found[1]:
            return None
        other = found[1] if cell == found[0] else found[0]
        if self.pair(other) != found or _meaning(other, column) != _meaning(cell, column):
            return None
        return found


def _meaning(text: str, column: Column) -> object:
    """What matching and registration see of a text."""
    if column.kind in (Kind.GIVEN_NAME, Kind.FAMILY_NAME):  # read together, so each by its tokens
        return parts(text)
    field = kinds().get(column.kind)
    return field.forms(text, column) if field else None
