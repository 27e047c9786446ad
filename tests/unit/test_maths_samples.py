"""What a sample says of all: intervals of shares, and numbers of distinct values."""

from collections import Counter
from random import Random

import pytest

from trapstreet.core.maths.distinct import distinct_in_all
from trapstreet.core.maths.intervals import wilson


@pytest.mark.parametrize("trials", [1, 2, 7, 30, 500])
def test_the_interval_is_wilsons(trials: int) -> None:
    from scipy.stats import binomtest  # 0.6 s, for the one process that runs this

    for hits in {0, 1, trials // 3, trials // 2, trials - 1, trials}:
        beside = binomtest(hits, trials).proportion_ci(method="wilson")
        assert wilson(hits, trials) == pytest.approx((beside.low, beside.high), abs=1e-9)


def test_nothing_drawn_leaves_all_open() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_all_values_that_were_drawn_are_counted_exactly() -> None:
    assert distinct_in_all([3, 1, 1], 5) == 3
    assert distinct_in_all([], 0) == 0


def test_values_that_are_all_different_in_a_sample_are_taken_for_all_different() -> None:
    assert distinct_in_all([1] * 500, 68_000) == 68_000


@pytest.mark.parametrize("distinct", [20, 300, 20_000])
def test_the_number_of_distinct_values_is_near_for_values_of_equal_chances(distinct: int) -> None:
    draw = Random(7)
    values = [draw.randrange(distinct) for _ in range(60_000)]
    drawn = Counter(draw.sample(values, 2_000))
    truth = len(set(values))
    assert distinct_in_all(drawn.values(), len(values)) == pytest.approx(truth, rel=0.25)


def test_an_estimate_is_never_below_what_was_met_nor_above_what_there_is() -> None:
    draw = Random(8)
    for _ in range(200):
        counts = [draw.choice((1, 1, 2, 5)) for _ in range(draw.randrange(1, 30))]
        total = draw.randrange(1, 200)
        estimate = distinct_in_all(counts, total)
        assert len(counts) <= estimate <= max(total, len(counts))
