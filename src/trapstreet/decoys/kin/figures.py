"""Figures for new rows: near the donor's, as round, and nobody's alone; and figures that others make up."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations_with_replacement

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.kin.counts import ValueCounts
from trapstreet.decoys.measures import NOTHING, Amounts

_SHARED = 2
_TRIES = 24
_HABIT = 0.05  # share of figures with the same digits after the point that makes a habit
_HOLDS = 0.98  # share of rows in which a product must hold
_FEWEST = 20  # rows that tell a product
_ONE = 1_000_000  # of `Amounts`
_CENT = _ONE // 100

Product = tuple[int, int, int]
"""Positions of two factors and of their product."""


def figure(cell: Cell) -> int | None:
    """The figure in a cell, in millionths; None where it is none, or is written with leading zeros."""
    if (
        isinstance(cell, str)
        and len(cell.strip()) > 1
        and cell.strip()[0] == "0"
        and cell.strip()[1] not in ".,"
    ):
        return None
    number = Amounts().number(cell)
    return None if number == NOTHING else number


def written(number: int, like: Cell) -> Cell:
    """A figure in the type and layout of a cell that holds one."""
    return Amounts().written(number, like)


def products(rows: Sequence[Row], positions: Sequence[int]) -> tuple[Product, ...]:
    """Which columns are products of two others, like amount = quantity · price, in 20 rows or more."""
    figures = {at: [figure(row[at]) for row in rows] for at in positions}
    varied = {at: seen for at, seen in figures.items() if len(set(seen) - {None}) > 1}
    found = []
    for product, goal in varied.items():
        for one, other in combinations_with_replacement([at for at in varied if at != product], 2):
            errors = [
                abs(a * b // _ONE - c)
                for a, b, c in zip(varied[one], varied[other], goal, strict=True)
                if a is not None and b is not None and c is not None
            ]
            if len(errors) >= _FEWEST and sum(error <= _CENT for error in errors) >= _HOLDS * len(errors):
                found.append((one, other, product))
                break
    return tuple(found)


def product_of(cells: Sequence[Cell], product: Product) -> Cell:
    """What the product's cell must hold, by those of its factors."""
    one, other, old = figure(cells[product[0]]), figure(cells[product[1]]), cells[product[2]]
    return old if one is None or other is None or figure(old) is None else written(one * other // _ONE, old)


def near(like: Cell, counts: ValueCounts, seen: Counter[Cell], draws: KeyedDraws) -> Cell | None:
    """A figure within a tenth of `like`, as round as it, that no row has alone; None where it is no figure.

    seen  how often each value of a sample occurs: what stands after the point stays where it repeats there
    """
    value = figure(like)
    if value is None:
        return None
    grain = next(10**n for n in range(19) if value % 10 ** (n + 1) or not value)
    if value % _ONE and _ends_alike(value, seen):
        grain = _ONE
    steps, rest = divmod(abs(value), grain)
    for attempt in range(_TRIES):
        reach = max(2 + attempt, steps // 10)
        drawn = abs(steps + draws.below(2 * reach + 1) - reach) * grain + rest
        cell = written(-drawn if value < 0 else drawn, like)
        if drawn != abs(value) and (drawn or not value) and counts.count(cell) != 1:
            return cell
    common = [cell for cell, number in seen.items() if number >= _SHARED and figure(cell) is not None]
    return draws.choice(common) if common else None


def _ends_alike(value: int, seen: Counter[Cell]) -> bool:
    """Whether it is a habit of figures to have these digits after the point, as prices end in .99."""
    alike = sum(n for cell, n in seen.items() if ((figure(cell) or 0) - value) % _ONE == 0)
    return alike >= _HABIT * sum(seen.values())
