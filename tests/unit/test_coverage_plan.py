"""What a plan of decoys foresees of thefts, and how it says so."""

import random
from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.table import Row
from trapstreet.plant.domain.coverage import Coverage, Outlook, coverage, suggested_decoys
from trapstreet.plant.domain.taken import Spread, at_random, of_random_rows
from trapstreet.plant.domain.thefts import How
from trapstreet.render.coverage import coverage_lines

COLUMNS = tuple(
    Column(name=name, kind=kind, why="")
    for name, kind in (
        ("name", Kind.NAME),
        ("queue", Kind.TEXT),
        ("region", Kind.TEXT),
        ("opened", Kind.TEXT),
    )
)
QUEUES = ["billing"] * 50 + ["network"] * 30 + ["hardware"] * 15 + ["fraud"] * 5
REGIONS = ["EU", "EU", "EU", "US", "US", None]
SAMPLED = 4000


def table(rows: int = SAMPLED) -> list[Row]:
    rng = random.Random(3)
    began = date(2022, 1, 1)
    return [
        (
            f"Person {at % 90}",
            rng.choice(QUEUES),
            rng.choice(REGIONS),
            began + timedelta(days=at * 1000 // rows),
        )
        for at in range(rows)
    ]


def planned(rows: int, decoys: int, *, numbers: int = 0) -> Coverage:
    sample = table(min(rows, SAMPLED))
    order = sorted(range(len(sample)), key=lambda n: (repr(sample[n][2]), repr(sample[n][1]), n))
    return coverage(rows, COLUMNS, sample, strata=(2, 1), order=order, decoys=decoys, numbers=numbers)


def outlook(plan: Coverage, how: How, part: str = "") -> Outlook:
    return next(each for each in plan.outlooks if each.theft.how is how and each.theft.part in ("", part))


@pytest.mark.parametrize(
    ("rows", "decoys", "contacted"),
    [
        (12_000_000, 528, 1.0),
        (1_000_000, 43, 1.0),
        (400_000, 17, 1.0),
        (1_000_000, 440, 0.1),
        (100_000, 43, 0.1),
    ],
)
def test_68_000_stolen_rows_take_a_decoy_with_95_percent(rows: int, decoys: int, contacted: float) -> None:
    """As 1 − (1 − c · m / N)^d says, to a decoy or two of a hundred."""
    placed = at_random(decoys, 68_000 / rows).used(contacted)[0]
    assert placed == pytest.approx(0.95, abs=0.01)
    exported = of_random_rows(rows, decoys, 68_000).used(contacted)[0]
    assert exported == pytest.approx(0.95, abs=0.01)


def test_a_stratum_that_holds_a_share_of_the_decoys_takes_that_many_or_one_more() -> None:
    inside = np.arange(1000) // 50 == 7
    law = Spread(inside).law(130)
    assert (law.least, law.chances.tolist()) == (6, pytest.approx([0.5, 0.5]))
    assert Spread(inside).law(20).used(1.0) == pytest.approx((1.0, 0.0))
    assert Spread(inside).law(5).used(1.0) == pytest.approx((0.25, 0.0))


def test_whoever_takes_all_takes_every_decoy() -> None:
    everything = outlook(planned(1_000_000, 1000), How.ALL)
    assert everything.theft.rows == 1_000_000
    assert (everything.chances[0].one, everything.chances[0].needed_two) == (pytest.approx(1), 2)


def test_of_each_column_the_largest_and_the_smallest_part_are_looked_at() -> None:
    parts = [each.theft for each in planned(100_000, 500).outlooks if each.theft.how is How.PART]
    assert {(theft.column, theft.part) for theft in parts} == {
        ("queue", "billing"), ("queue", "fraud"), ("region", "EU"), ("region", "empty"),
    }  # fmt: skip
    fraud = next(theft for theft in parts if theft.part == "fraud")
    assert fraud.rows == pytest.approx(5_000, rel=0.2)


def test_no_value_of_fewer_than_20_sampled_rows_is_named() -> None:
    sample = [("Ann", "rare" if at < 19 else "often", "EU", date(2022, 1, 1)) for at in range(400)]
    plan = coverage(400, COLUMNS, sample, strata=(1,), order=range(400), decoys=10)
    assert "rare" not in msgspec.json.encode(plan).decode()


def test_a_queue_keeps_its_decoy_when_they_are_spread() -> None:
    fraud = outlook(planned(100_000, 100), How.PART, "fraud").chances[0]
    assert fraud.one > 0.999
    assert fraud.random_one < 0.997


def test_chances_grow_with_decoys_and_shrink_with_the_buyers_share() -> None:
    few, many = planned(1_000_000, 300), planned(1_000_000, 3000)
    for one, other in zip(few.outlooks, many.outlooks, strict=True):
        assert one.theft == other.theft
        for chance, more in zip(one.chances, other.chances, strict=True):
            assert chance.one <= more.one + 1e-9
            assert chance.two <= chance.one
            assert chance.needed_one == more.needed_one
        assert [c.one for c in one.chances] == sorted((c.one for c in one.chances), reverse=True)


def test_the_needed_decoys_are_the_fewest_that_reach_95_percent() -> None:
    plan = planned(1_000_000, 1000)
    tenth = outlook(plan, How.PART, "fraud").chances[1]
    assert tenth.needed_two is not None
    again = planned(1_000_000, tenth.needed_two)
    assert outlook(again, How.PART, "fraud").chances[1].two >= 0.95
    less = planned(1_000_000, tenth.needed_two - tenth.needed_two // 10)
    assert outlook(less, How.PART, "fraud").chances[1].two < 0.95


@pytest.mark.parametrize(
    ("rows", "decoys"), [(10, 1), (300, 10), (10_000, 100), (94_900, 949), (1_000_000, 1000), (10**7, 10_000)]
)
def test_the_suggested_decoys_bear_their_cost(rows: int, decoys: int) -> None:
    assert suggested_decoys(rows) == decoys


def test_949_decoys_notice_a_theft_of_5_percent_twice_where_every_tenth_is_contacted() -> None:
    assert at_random(949, 0.05).used(0.1)[1] == pytest.approx(0.95, abs=0.001)


@pytest.mark.parametrize("rows", [300, 10_000, 10_000_000])
def test_the_plan_reads_as_a_table_and_plain_advice(rows: int) -> None:
    plan = planned(rows, suggested_decoys(rows), numbers=20)
    lines = list(coverage_lines(plan))
    assert max(map(len, lines)) <= 110
    assert lines[0].endswith("spread over region, queue, the table's order.")
    text = "\n".join(lines)
    for words in ("queue = billing", "opened in 20", "1 in 100", "Least noticed: ", "live number", "Cost: "):
        assert words in text
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Coverage) == plan


def test_a_table_that_nothing_cuts_has_a_plan_too() -> None:
    plan = coverage(40, COLUMNS[:1], [("Ann",)] * 40, strata=(), order=range(40), decoys=2)
    assert [each.theft.how for each in plan.outlooks] == [How.ALL, How.RANDOM]
    assert any("1 in 10 meets" in line for line in coverage_lines(plan))
