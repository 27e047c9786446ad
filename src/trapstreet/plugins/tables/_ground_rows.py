"""Planted rows: whose they are, and whether they still are what was planted."""

from collections.abc import Sequence

from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row


def picked(rows: Sequence[Row], positions: Sequence[int]) -> list[Row]:
    """The cells at these positions of each row."""
    return [tuple(row[at] for at in positions) for row in rows]


def parents(shape: GroundTable, rows: Sequence[Sequence[Row]]) -> dict[Row, int]:
    """By the cells of a reference, the row of the parent's planted rows that it refers to."""
    if shape.parent is None:
        return {}
    referred = picked(rows[shape.parent], shape.referred)
    return {cells: at for at, cells in enumerate(referred)}


def telling(shape: GroundTable, row: Row) -> list[int]:
    """The positions whose cells tell a planted row from others: stated, not of the key, not NULL."""
    return [at for at, cell in enumerate(row) if cell is not None and shape.given[at] and at not in shape.key]


def still_ours(shape: GroundTable, was: Row, now: Row) -> bool:
    """Whether the row under a planted key is the planted one: it refers to the same, or more than half of
    what tells it is as it was."""
    if shape.refers and picked([was], shape.refers) == picked([now], shape.refers):
        return True
    told = telling(shape, was)
    return not told or 2 * sum(was[at] == now[at] for at in told) > len(told)
