"""What copies will prove before any is made, what they cost, and what would lift it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import ceil, exp, log, log1p, sqrt
from typing import Literal

import msgspec

from trapstreet.core.maths.channels import Channel, Shape
from trapstreet.share.domain.coalition import CERTAIN, Coalition, Design, Point
from trapstreet.share.domain.coding import CHANCE, SHARED, default_decoys, own_decoys, shares

PROVEN = 0.95
"""Probability from which a leak is said to name somebody."""

SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Of the rows: leaks whose power is told."""

SINGLE = Channel(Shape.SINGLE, 1)
PAIR = Channel(Shape.INTERSECTION, 2)
MOST = Channel(Shape.MAJORITY, 3)
MIXED = (
    SINGLE,
    Channel(Shape.UNION, 2),
    Channel(Shape.INTERLEAVE, 2),
    PAIR,
    Channel(Shape.UNION, 3),
    Channel(Shape.INTERLEAVE, 3),
    MOST,
    Channel(Shape.INTERSECTION, 3),
)
"""What one, two and three people can make of their copies."""

_FINE = 12
"""A smallest leak is found to within one part of so many."""

_WITHHELD = (0.01, 0.02, 0.05)
"""Shares of the rows that a copy may well go without; _MUCH of a table should not have to leak."""
_MUCH = 0.3
_BEARABLE = 0.05
"""Decoys to a row, at most, that anybody would want."""
_OVERHEAD = 0.75
"""Nats that withheld rows need above the bound, for the decoder weighs several hypotheses."""
_SHARED_PER_NAT = 4.0
"""Shared decoys of a copy that name one of three who give what most of them have, all of it."""
_MARKED_PER_NAT = 1.1
"""Rows with two marks that name one person."""

Values = Literal["reformatted", "as they were"]
"""Of a leak; reformatted, no mark can be read."""


class Cost(msgspec.Struct, frozen=True):
    """What a copy has on average: decoys added, real rows withheld, values marked."""

    decoys: float
    withheld: float
    marked: float


class Curve(msgspec.Struct, frozen=True):
    """Leaks by so many people, who mix their copies in one way.

    smallest  the smallest leak that names somebody with 95 %, to within some 8 %; None where none does
    """

    shape: Shape
    people: int
    values: Values
    points: list[Point]
    smallest: Point | None


class Lift(msgspec.Struct, frozen=True):
    """Another design, by which a leak of about so many rows would name one of these people with 95 %.

    amount  decoys in each copy, share of the rows withheld, or marks a row
    """

    what: Literal["decoys", "withheld", "marks"]
    amount: float
    shape: Shape
    people: int
    leaked_rows: int


class Plan(msgspec.Struct, frozen=True):
    """What a design costs and proves, and what would lift it, for a table of so many rows."""

    design: Design
    rows: int
    copies: int
    bound: float
    cost: Cost
    curves: list[Curve]
    lifts: list[Lift]


def default_design(
    rows: int,
    *,
    copies: int,
    decoys: int | None = None,
    withheld: float = 0.0,
    marks_per_row: int = 0,
    bits: float = 64.0,
    pool: int | None = None,
) -> Design:
    """What `share` makes of so many decoys; its own default where none are said.

    pool  decoys that the copies of the data set share already; None: a pool is made for so many decoys
    No shared decoy is in a copy with more than CHANCE: beyond what the pool was made for, decoys are the
    copy's own.

    A decoy that is shared no longer names a copy by itself: with 23 % shared, one person can leak 1.3 times
    the rows. In return shared decoys name somebody of three who give what most have, and of two who give what
    both have where no rows are withheld. Both take some 70 in each copy, however many it has in all: so 23 %
    are worth their price from 250 decoys on, and few decoys are best not shared. The smallest leak that is
    named with 95 %, in per cent of the rows; 100 copies, 1e-6, no rows withheld / 1 % (bench/plan.py):

    decoys, rows     shared   one person   what both of 2 have   what most of 3 have
    3, 300           0        64           never / never         never / never
    3, 300           23 %     80           never / never         never / never
    20, 2,000        0        14           never / 100           never / never
    20, 2,000        23 %     19           never / 100           never / never
    100, 10,000      0        3.0          never / 20            never / never
    100, 10,000      23 %     4.1          never / 20            never / never
    100, 10,000      50 %     5.9          100 / 17              100 / never
    200, 20,000      23 %     2.0          never / 10            never / never
    300, 68,000      0        1.0          never / 2.8           never / never
    300, 68,000      23 %     1.3          80 / 2.8              86 / 86
    300, 68,000      50 %     2.0          38 / 2.8              44 / 47
    1,000, 68,000    0        0.3          never / 2.8           never / never
    1,000, 68,000    23 %     0.4          26 / 2.6              32 / 32
    1,000, 68,000    50 %     0.6          12 / 2.4              15 / 15
    """
    count = default_decoys(rows) if decoys is None else decoys
    if copies == 1 or not shares(count):
        pool = 0
    elif pool is None:
        pool = round(SHARED * count / CHANCE)
    chance = min(CHANCE, SHARED * count / pool) if pool else CHANCE
    return Design(
        own_decoys(count, round(chance * pool)),
        pool,
        chance,
        withheld=withheld,
        marks_per_row=marks_per_row,
        bits=bits,
    )


def plan(design: Design, rows: int, *, copies: int, bound: float, pool: int | None = None) -> Plan:
    """Foresee leaks of .1 to 100 % of the rows, taken at random, by every coalition of MIXED.

    rows    real rows of the table, at least 1
    copies  how many share the bound, at least 1
    bound   on the probability that any innocent copy is accused, in (0, 1)
    pool    decoys that the copies of the data set share already, as for `default_design`
    Decoys leak as real rows do: nobody picked them out. A leak of all rows is all that the coalition kept.
    Values as they were come from any of the mixed copies, or show what most of them show; rows that are
    withheld and shared decoys are not counted beside them, which takes little away (bench/plan.py).
    The same figures every time. 4-6 s of one core for 68,000 rows, 15 s with marks.
    """
    curves = [curve(design, rows, each, share=bound / copies) for each in MIXED]
    if design.marks_per_row:
        curves += [curve(design, rows, each, share=bound / copies, marked=True) for each in MIXED]
    lifts = list(_lifts(design, rows, curves, log(copies / bound), pool))
    return Plan(design, rows, copies, bound, cost_of(design, rows), curves, lifts)


def curve(design: Design, rows: int, channel: Channel, *, share: float, marked: bool = False) -> Curve:
    """Leaks by one coalition, of which each copy may be accused at this share of the bound."""
    coalition = Coalition(design, rows, channel, share)

    def named(leaked: int) -> Point:
        return coalition.named(leaked, marked=marked)

    points = _rising(named, sorted({max(1, round(part * rows)) for part in SHARES}))
    values: Values = "as they were" if marked else "reformatted"
    return Curve(*channel, values, points, _smallest(named, points))


def cost_of(design: Design, rows: int) -> Cost:
    """Of each copy of a table of so many rows."""
    return Cost(design.decoys, rows * design.withheld, rows * (1 - design.withheld) * design.marks_per_row)


def curve_of(curves: Sequence[Curve], channel: Channel, values: Values = "reformatted") -> Curve:
    """That of one coalition. Raises LookupError where there is none, as of values where nothing is marked."""
    for each in curves:
        if (each.shape, each.people, each.values) == (*channel, values):
            return each
    raise LookupError(channel)


def _lifts(design: Design, rows: int, curves: list[Curve], nats: float, pool: int | None) -> Iterator[Lift]:
    """Rules of thumb, by the figures of bench/plan.py. nats: what an accusation takes.

    A pool that there is gives a copy at most CHANCE of its decoys, however many the copy has in all.
    """
    most_decoys = _BEARABLE * rows
    single, more = curve_of(curves, SINGLE).smallest, 2 * round(design.decoys)
    if single and more <= most_decoys:
        twice = replace(design, unique=2 * design.unique, pool=2 * design.pool)
        lifted = curve(twice, rows, SINGLE, share=exp(-nats)).smallest
        if lifted and lifted.leaked_rows < single.leaked_rows:
            yield Lift("decoys", more, *SINGLE, lifted.leaked_rows)
    wanted = _SHARED_PER_NAT * nats
    given = wanted if pool is None else CHANCE * pool
    enough = ceil(given / SHARED)
    missed = curve_of(curves, MOST).smallest is None
    if missed and given >= wanted and design.decoys < enough <= most_decoys:
        yield Lift("decoys", enough, *MOST, rows)
    pair = curve_of(curves, PAIR).smallest
    needed = {
        share: ceil((nats + _OVERHEAD) / -log1p(-share)) for share in _WITHHELD if share > design.withheld
    }
    possible = [
        Lift("withheld", share, *PAIR, leaked)
        for share, leaked in needed.items()
        if leaked <= rows * (1 - share) ** 2 and (pair is None or 2 * leaked <= pair.leaked_rows)
    ]
    if possible:
        yield next((each for each in possible if each.leaked_rows <= _MUCH * rows), possible[-1])
    marked = ceil(_MARKED_PER_NAT * nats)
    if not design.marks_per_row and marked < (single.leaked_rows if single else rows):
        yield Lift("marks", 2, *SINGLE, marked)


def _rising(named: Callable[[int], Point], sizes: list[int]) -> list[Point]:
    """The points of a curve. Power grows with the leak: what is certain once is not simulated again."""
    points: list[Point] = []
    for size in sizes:
        if points and points[-1].named >= CERTAIN:
            points.append(msgspec.structs.replace(points[-1], leaked_rows=size))
        else:
            points.append(named(size))
    return points


def _smallest(named: Callable[[int], Point], points: list[Point]) -> Point | None:
    """By bisection between the last point that is not proven and the first that is."""
    proven = next((each for each in points if each.named >= PROVEN), None)
    if proven is None:
        return None
    low = max((each.leaked_rows for each in points if each.leaked_rows < proven.leaked_rows), default=0)
    while proven.leaked_rows - low > max(1, proven.leaked_rows // _FINE):
        middle = round(sqrt(max(low, 1) * proven.leaked_rows))
        tried = named(min(max(middle, low + 1), proven.leaked_rows - 1))
        if tried.named >= PROVEN:
            proven = tried
        else:
            low = tried.leaked_rows
    return proven
