"""What a plan promises before any copy is made, and how it says so."""

import msgspec
import pytest

from trapstreet.core.maths.channels import Channel
from trapstreet.render.plans import plan_lines
from trapstreet.share.domain.coalition import Coalition, Design
from trapstreet.share.domain.plan import (
    MIXED,
    MOST,
    PAIR,
    SINGLE,
    Lift,
    Plan,
    cost_of,
    curve_of,
    default_design,
    plan,
)

CUSTOMERS = 68_000
FEW = 100
MANY = 100_000
BOUND = 1e-6


def named(
    design: Design,
    channel: Channel,
    leaked: int,
    *,
    rows: int = CUSTOMERS,
    copies: int = FEW,
    marked: bool = False,
) -> float:
    return Coalition(design, rows, channel, BOUND / copies).named(leaked, marked=marked).named


def planned(rows: int, *, withheld: float = 0.0, marks_per_row: int = 0, decoys: int | None = None) -> Plan:
    design = default_design(rows, copies=FEW, decoys=decoys, withheld=withheld, marks_per_row=marks_per_row)
    return plan(design, rows, copies=FEW, bound=BOUND)


@pytest.fixture(scope="module")
def small() -> Plan:
    return planned(300)


@pytest.fixture(scope="module")
def marked() -> Plan:
    return planned(600, marks_per_row=1)


def test_a_leak_of_1_8_percent_by_one_of_300_decoys_names_the_copy_among_100_000() -> None:
    design = default_design(CUSTOMERS, copies=MANY)
    assert design.decoys == pytest.approx(300, abs=0.5)
    assert named(design, SINGLE, round(0.018 * CUSTOMERS), copies=MANY) >= 0.95


@pytest.mark.slow
def test_with_1_percent_withheld_what_two_share_is_named_from_4_percent_on_and_without_never() -> None:
    design = Design(230, 200, withheld=0.01)
    assert named(design, PAIR, round(0.04 * CUSTOMERS), copies=MANY) >= 0.95
    assert named(design, PAIR, round(0.03 * CUSTOMERS), copies=MANY) < 0.95
    assert named(Design(300), PAIR, CUSTOMERS, copies=MANY) == 0


def test_seventy_shared_decoys_name_one_of_three_who_give_what_most_have() -> None:
    assert named(Design(230, 200), MOST, CUSTOMERS) >= 0.95
    assert named(Design(300), MOST, CUSTOMERS) == 0


@pytest.mark.slow
def test_power_grows_with_the_leak(marked: Plan) -> None:
    for curve in marked.curves:
        figures = [point.named for point in curve.points]
        assert figures == sorted(figures)
        assert [point.leaked_rows for point in curve.points] == [1, 2, 6, 18, 60, 180, 600]


def test_power_grows_with_the_decoys() -> None:
    figures = [named(Design(decoys), SINGLE, 680) for decoys in (3, 30, 100, 300, 1_000)]
    assert figures == sorted(figures)
    assert figures[0] < 0.05 < 0.99 < figures[-1]


def test_power_shrinks_with_what_a_decoy_is_worth() -> None:
    """The bits of one hit, of several, and too few for any number of them."""
    figures = [named(Design(300, bits=bits), SINGLE, 1_360) for bits in (64, 40, 30, 8)]
    assert figures == sorted(figures, reverse=True)
    assert figures[0] > 0.99
    assert figures[-1] == 0


def test_the_smallest_leak_is_proven_and_a_little_less_is_not() -> None:
    smallest = curve_of(planned(CUSTOMERS, decoys=9).curves, SINGLE).smallest
    assert smallest is not None
    assert named(Design(9), SINGLE, smallest.leaked_rows) == smallest.named >= 0.95
    assert named(Design(9), SINGLE, round(0.92 * smallest.leaked_rows) - 1) < 0.95


@pytest.mark.slow
def test_marks_name_one_person_by_some_rows_unless_they_are_gone(marked: Plan) -> None:
    smallest = curve_of(marked.curves, SINGLE, "as they were").smallest
    assert smallest is not None
    assert 20 <= smallest.leaked_rows <= 35
    reformatted = curve_of(marked.curves, SINGLE).smallest
    assert reformatted is not None
    assert reformatted.leaked_rows > 200


def test_there_are_no_figures_for_marks_that_nobody_sets(small: Plan) -> None:
    assert len(small.curves) == len(MIXED)
    with pytest.raises(LookupError):
        curve_of(small.curves, SINGLE, "as they were")


def test_simulated_figures_are_the_same_every_time() -> None:
    figures = {named(Design(230, 200), MOST, round(0.7 * CUSTOMERS)) for _ in range(2)}
    assert len(figures) == 1
    assert 0.05 < figures.pop() < 0.95


@pytest.mark.slow
def test_a_plan_is_json_and_back(marked: Plan) -> None:
    assert msgspec.json.decode(msgspec.json.encode(marked), type=Plan) == marked


def test_cost_is_what_a_copy_has_on_average() -> None:
    cost = cost_of(Design(5, 20, 0.25, 0.02, 3), 100)
    assert cost.decoys == pytest.approx(10)
    assert cost.withheld == pytest.approx(2)
    assert cost.marked == pytest.approx(294)


@pytest.mark.parametrize("rows", [10, 300, 5_000, CUSTOMERS, 10_000_000])
def test_a_design_has_the_decoys_that_copies_get(rows: int) -> None:
    """1 % of the rows, 3 at least, 300 at most; shared ones count by their chance."""
    expected = min(300, max(3, rows / 100))
    assert default_design(rows, copies=2).decoys == pytest.approx(expected, rel=0.01)


def test_nobody_shares_three_decoys_and_nobody_is_there_to_share_with_one_copy() -> None:
    assert default_design(300, copies=FEW) == Design(3)
    assert default_design(CUSTOMERS, copies=1) == Design(300)
    assert default_design(CUSTOMERS, copies=2).pool > 0


@pytest.mark.parametrize(
    ("decoys", "pool", "own", "shared"),
    [
        (300, 197, 231, 69),
        (1_000, 197, 931, 69),
        (300, 657, 231, 69),
        (249, 657, 249, 0),
    ],
    ids=["as made", "made for fewer", "made for more", "too few to share"],
)
def test_a_design_shares_out_of_the_pool_that_there_is(decoys: int, pool: int, own: int, shared: int) -> None:
    design = default_design(CUSTOMERS, copies=FEW, decoys=decoys, pool=pool)
    assert (design.unique, round(design.pool * design.chance)) == (own, shared)
    assert design.chance <= 0.35
    assert design.pool == (pool if shared else 0)


def test_no_more_decoys_are_said_to_help_where_the_pool_holds_too_few() -> None:
    """57 shared decoys of a copy do not name one of three, and no more come from a pool of 164."""

    def lifted(pool: int | None) -> list[Lift]:
        design = default_design(CUSTOMERS, copies=FEW, decoys=100, pool=pool)
        lifts = plan(design, CUSTOMERS, copies=FEW, bound=BOUND, pool=pool).lifts
        return [lift for lift in lifts if (lift.what, lift.people) == ("decoys", 3)]

    assert lifted(164) == []
    assert [lift.amount for lift in lifted(None)] == [321]
    (larger,) = lifted(657)
    assert larger.amount == 1_000
    assert named(default_design(CUSTOMERS, copies=FEW, decoys=1_000, pool=657), MOST, CUSTOMERS) >= 0.95


@pytest.mark.slow
def test_what_is_said_to_help_does(small: Plan) -> None:
    """Each lift, tried: the design with it names such people by some tenth more rows at most."""
    large = planned(CUSTOMERS, decoys=40)
    assert [lift.what for lift in large.lifts] == ["decoys", "decoys", "withheld", "marks"]
    assert [lift.what for lift in small.lifts] == ["decoys", "marks"]
    for each in (large, small):
        for lift in each.lifts:
            assert tried(lift, each.rows) >= 0.95, lift


def tried(lift: Lift, rows: int) -> float:
    changes = {"decoys": "decoys", "withheld": "withheld", "marks": "marks_per_row"}
    amount = lift.amount if lift.what == "withheld" else int(lift.amount)
    design = default_design(rows, copies=FEW, **{changes[lift.what]: amount})
    leaked = min(rows, round(1.1 * lift.leaked_rows))
    return named(design, Channel(lift.shape, lift.people), leaked, rows=rows, marked=lift.what == "marks")


@pytest.mark.slow
def test_nobody_is_told_of_what_proves_less_than_the_plan_itself() -> None:
    """Of ten million rows the withheld ones name a copy long before any decoys do."""
    huge = planned(10_000_000, withheld=0.01, decoys=9)
    single = curve_of(huge.curves, SINGLE).smallest
    assert single is not None
    assert single.leaked_rows < 3_000
    assert all(lift.leaked_rows < single.leaked_rows for lift in huge.lifts if lift.people == 1)
    assert "marks" in {lift.what for lift in huge.lifts}


def test_nobody_is_told_to_add_more_decoys_than_the_table_bears(small: Plan) -> None:
    assert max(lift.amount for lift in small.lifts if lift.what == "decoys") <= 15


def test_a_small_table_is_told_plainly_how_little_it_proves(small: Plan) -> None:
    said = "\n".join(plan_lines(small))
    assert "One person is named with 95 % from a leak of 200 rows on (67 %)." in said
    assert "That is little proof" in said
    assert "Hardly ever named, however much leaks:\n  2 people who give only what all have\n" in said
    assert "Cost of each copy: 3 decoys added, no row withheld, no value marked." in said


def test_rows_of_the_table_say_who_is_named_how_often(small: Plan) -> None:
    lines = list(plan_lines(small))
    assert "30 (10 %)                 27 %      46 %      26 %      <1 %      61 %      26 %" in "\n".join(
        lines
    )
    assert next(line for line in lines if line.startswith("95 %")).split()[-8:] == (
        "200 130 240 never 90 260 never never".split()
    )


@pytest.mark.slow
def test_simulated_figures_are_rounded_and_said_to_be(marked: Plan, small: Plan) -> None:
    said = list(plan_lines(marked))
    rough = [
        cell
        for line in said
        for cell in line.replace(" %", "%").split()
        if cell.startswith("~") and cell != "~"
    ]
    assert rough
    assert all(int(cell[1:-1]) % 5 == 0 for cell in rough)
    assert "~  simulated, to the nearest 5 %" in said
    assert "~" not in "\n".join(plan_lines(small))


def test_decoys_that_anybody_meets_are_said_to_name_nobody() -> None:
    lines = list(plan_lines(plan(Design(10, bits=4), 500, copies=FEW, bound=BOUND)))
    assert any("too easily met by chance" in line for line in lines)


@pytest.mark.parametrize("rows", [1, 9, 300, 10_000_000])
def test_lines_fit_a_terminal_of_100_columns(rows: int) -> None:
    design = Design(unique=3) if rows < 10_000 else Design(300)
    lines = list(plan_lines(plan(design, rows, copies=FEW, bound=BOUND)))
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)
