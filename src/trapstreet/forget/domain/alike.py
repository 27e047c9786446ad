"""What decoys have in common with a person: values that nobody else has."""

from collections.abc import Iterable

from trapstreet.core.model.table import Cell, Row, cell_text

_SHORTEST = 4
"""Characters of a text that can be one person's alone; a shorter one is met everywhere."""

Texts = frozenset[str]


def texts(cells: Iterable[Cell]) -> Texts:
    """The cells as they are compared: without outer white space and case; short ones are left out."""
    folded = ((cell_text(cell) or "").strip().casefold() for cell in cells)
    return frozenset(text for text in folded if len(text) >= _SHORTEST)


def shown(rows: Iterable[Row], values: Texts) -> list[Texts]:
    """Of each row that shows any of the values: which."""
    return [met for row in rows if (met := values & texts(row))]


def count_telling(shown: Iterable[Texts], telling: Texts) -> int:
    """How many rows show a value that tells of one person."""
    return sum(not each.isdisjoint(telling) for each in shown)
