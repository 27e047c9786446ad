"""What copies will prove and cost: a table and sentences for whoever decides about them."""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10

from trapstreet.core.maths.channels import Shape
from trapstreet.core.model.words import counted
from trapstreet.render.words import chance, percent
from trapstreet.share.domain.coalition import Point
from trapstreet.share.domain.plan import MIXED, SINGLE, Curve, Lift, Plan, Values, curve_of

_HEADS = {
    Shape.SINGLE: ("", "1 person"),
    Shape.UNION: ("what any", "has"),
    Shape.INTERLEAVE: ("some of", "each"),
    Shape.MAJORITY: ("what most", "have"),
    Shape.INTERSECTION: ("only what", "all have"),
}
_GIVE = {
    Shape.UNION: "what any has",
    Shape.INTERLEAVE: "some of each copy",
    Shape.MAJORITY: "what most have",
    Shape.INTERSECTION: "only what all have",
}
_TITLES: dict[Values, str] = {
    "reformatted": "How likely a leak names one of those who gave it, where values were reformatted",
    "as they were": "The same where values are as they were",
}
_LABEL, _WIDTH = 20, 10
_COARSE = 0.01
"""A figure that may err by more is rounded to five per cent."""
_LITTLE = 0.3


def plan_lines(plan: Plan) -> Iterator[str]:
    """How likely leaks name somebody, by their size and by who gave them; advice; the cost. 100 columns."""
    table = counted(plan.rows, "row")
    yield f"What a leak would prove, of a table of {table} with {counted(plan.copies, 'copy', 'copies')}."
    yield f"The chance that any innocent copy is accused is at most {chance(log10(plan.bound))}."
    for values, title in _TITLES.items():
        curves = [each for each in plan.curves if each.values == values]
        if curves:
            yield ""
            yield f"{title}:"
            yield from _table([curve_of(curves, channel, values) for channel in MIXED], plan.rows)
    if any(_coarse(point) for curve in plan.curves for point in curve.points):
        yield "~  simulated, to the nearest 5 %"
    yield ""
    yield from _advice(plan)
    yield _cost(plan)


def _table(curves: Sequence[Curve], rows: int) -> Iterator[str]:
    yield " " * _LABEL + "".join(
        f"{title:>{_WIDTH * sum(curve.people == people for curve in curves)}}"
        for people, title in (
            (1, ""),
            (2, "-- 2 people, who give --"),
            (3, "------ 3 people, who give ------"),
        )
    )
    for label, head in (("", 0), ("rows leaked", 1)):
        yield _row(label, [_HEADS[curve.shape][head] for curve in curves])
    for points in zip(*(curve.points for curve in curves), strict=True):
        leaked = points[0].leaked_rows
        yield _row(f"{leaked:,} ({percent(leaked, rows)})", [_named(point) for point in points])
    smallest = [curve.smallest for curve in curves]
    yield _row(
        "95 % from, in rows", [f"{_rows(each.leaked_rows, rows):,}" if each else "never" for each in smallest]
    )


def _row(label: str, cells: Sequence[str]) -> str:
    return f"{label:<{_LABEL}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)


def _coarse(point: Point) -> bool:
    return point.error > _COARSE


def _named(point: Point) -> str:
    """`97 %`, `~85 %`, `<1 %`, `>99 %`: never nothing, never certain."""
    if point.named < 0.01:
        return "<1 %"
    if point.named >= 0.99:
        return ">99 %"
    if _coarse(point):
        return f"~{min(95, max(5, 5 * round(20 * point.named)))} %"
    return f"{floor(100 * point.named)} %"


def _rows(leaked: int, rows: int) -> int:
    """Two digits, rounded up."""
    step = int("1" + "0" * (len(str(leaked)) - 2))
    return min(rows, step * ceil(leaked / step))


def _advice(plan: Plan) -> Iterator[str]:
    smallest = curve_of(plan.curves, SINGLE).smallest
    if smallest is None:
        yield "These decoys are too few, or too easily met by chance, to name even one person who gives all."
    else:
        rows = _rows(smallest.leaked_rows, plan.rows)
        yield f"One person is named with 95 % from a leak of {rows:,} rows on ({percent(rows, plan.rows)})."
        if rows > _LITTLE * plan.rows:
            yield "That is little proof: the table is small, and smaller leaks of it mostly name nobody."
    best = {(curve.people, curve.shape): curve.smallest for curve in plan.curves if curve.people > 1}
    never = [_people(*mixed) for mixed, proven in best.items() if proven is None]
    if never:
        yield "Hardly ever named, however much leaks:"
        yield from (f"  {who}" for who in never)
    if plan.lifts:
        yield "What would name more with 95 %, in each copy:"
        for lift in plan.lifts:
            rows = _rows(lift.leaked_rows, plan.rows)
            yield f"  {_other(lift)}: {_people(lift.people, lift.shape)}, from about {rows:,} rows on"


def _other(lift: Lift) -> str:
    match lift.what:
        case "decoys":
            return f"{lift.amount:,.0f} decoys"
        case "withheld":
            return f"{100 * lift.amount:g} % of the rows withheld"
        case "marks":
            return f"{lift.amount:.0f} marks in each row, while nobody reformats the values"


def _people(people: int, shape: Shape) -> str:
    return "one person" if people == 1 else f"{people} people who give {_GIVE[shape]}"


def _cost(plan: Plan) -> str:
    withheld = (
        f"{counted(round(plan.cost.withheld), 'row')} withheld" if plan.cost.withheld else "no row withheld"
    )
    marked = (
        f"{counted(round(plan.cost.marked), 'value')} marked, half of which stay as they are"
        if plan.cost.marked
        else "no value marked"
    )
    return f"Cost of each copy: {counted(round(plan.cost.decoys), 'decoy')} added, {withheld}, {marked}."
