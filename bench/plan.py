"""What `share --plan` foresees for tables of 300 to 68,000 rows, and how decoys are best split.

    .venv/bin/python bench/plan.py           # 2 minutes
    .venv/bin/python bench/plan.py --quick   # 48 s: without the splits

The product's own functions (share/domain/plan.py), 100 copies, at most 1e-6 for accusing any innocent one.
Figures are the smallest share of the rows of which 95 % of the leaks name somebody, to within 8 %; tests
hold them against leaks whose every bit is drawn (tests/statistical/test_share_plan.py).
"""

from collections.abc import Iterator
from functools import partial
from itertools import product

from measuring import CUSTOMERS, Cost, Desk, desk, timed
from trapstreet.core.maths.channels import Channel
from trapstreet.core.maths.decoder import Layer
from trapstreet.share.domain.coalition import Coalition, Design, Point
from trapstreet.share.domain.coding import CHANCE
from trapstreet.share.domain.plan import MIXED, MOST, PAIR, SINGLE, curve, curve_of, default_design, plan

COPIES = 100
BOUND = 1e-6
PROMISED_SECONDS = 20

TABLES = (300, 2_000, 10_000, CUSTOMERS)
SPLITS = ((3, 300), (20, 2_000), (100, 10_000), (200, 20_000), (300, CUSTOMERS), (1_000, CUSTOMERS))
SHARED = (0.0, 0.23, 0.5)


class Together(Coalition):
    """Marks judged beside withheld rows and shared decoys, as a trace does."""

    def _marks(self, part: float) -> Iterator[tuple[Layer, Channel]]:
        yield from self._presence()
        yield from super()._marks(part)


def main() -> None:
    with desk() as at:
        for rows, withheld in product(TABLES, (0.0, 0.01)):
            say(default_design(rows, copies=COPIES, withheld=withheld), rows)
        promised(at)
        beside()
        if not at.quick:
            for (decoys, rows), shared in product(SPLITS, SHARED):
                split(decoys, rows, shared)


def say(design: Design, rows: int) -> None:
    foreseen = plan(design, rows, copies=COPIES, bound=BOUND)
    parts = f"{design.unique} + {design.pool * design.chance:.0f} decoys"
    print(f"{rows:,} rows, {parts}, {design.withheld:.0%} withheld")
    for channel in MIXED:
        found = curve_of(foreseen.curves, channel)
        points = ", ".join(f"{point.named:.0%} of {point.leaked_rows:,}" for point in found.points)
        print(
            f"  {channel.sources} {channel.shape:13}{percent(found.smallest, rows):>8}   {points}", flush=True
        )


def promised(at: Desk) -> None:
    """All figures of the largest table, with marks; seconds of one core, whoever else uses it."""
    design = Design(230, 200, withheld=0.01, marks_per_row=2)
    used = timed(partial(plan, design, CUSTOMERS, copies=COPIES, bound=BOUND)).cpu
    at.say(f"plan of {CUSTOMERS:,} rows with marks", Cost(used, used), seconds=PROMISED_SECONDS)


def beside() -> None:
    """Marks alone, as a plan judges them, and beside all else that a copy has."""
    design = Design(230, 200, withheld=0.01, marks_per_row=2)
    for channel, rows in product(MIXED, (20, 70, 150)):
        alone, together = (
            kind(design, CUSTOMERS, channel, BOUND / COPIES).named(rows, marked=True)
            for kind in (Coalition, Together)
        )
        figures = f"{alone.named:.0%} alone, {together.named:.0%} beside rows and shared decoys"
        print(f"marks of {rows} rows, {channel.sources} {channel.shape:13}{figures}", flush=True)


def split(decoys: int, rows: int, shared: float) -> None:
    pooled = round(shared * decoys)
    found = [f"{decoys:5,} decoys, {rows:6,} rows, {shared:4.0%} shared: "]
    for channel, withheld in ((SINGLE, 0.0), (PAIR, 0.0), (PAIR, 0.01), (MOST, 0.0), (MOST, 0.01)):
        design = Design(decoys - pooled, round(pooled / CHANCE), withheld=withheld)
        found.append(f"{channel.sources} {channel.shape} {withheld:.0%} {leak(design, rows, channel)}; ")
    print("".join(found), flush=True)


def leak(design: Design, rows: int, channel: Channel) -> str:
    return percent(curve(design, rows, channel, share=BOUND / COPIES).smallest, rows)


def percent(smallest: Point | None, rows: int) -> str:
    return f"{smallest.leaked_rows / rows:.2%}" if smallest else "never"


if __name__ == "__main__":
    main()
